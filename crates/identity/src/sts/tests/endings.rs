//! What ends sessions: the key that they were taken with, the policy that narrows them; and the tags that count in them.

use super::*;

async fn with_status(server: &TestServer, root: &Keys, key: &Keys, status: &str) {
    let key = &key.access_key;
    let form = format!("Action=UpdateAccessKey&UserName=ada&Status={status}&AccessKeyId={key}");
    server.good(Api::Iam, root, &form).await;
}

#[tokio::test]
async fn a_session_ends_with_the_key_that_it_was_taken_with() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let second = keys_in(&server.good(Api::Iam, &root, "Action=CreateAccessKey&UserName=ada").await);
    let of_user = server.session(&ada, "Action=GetSessionToken").await;
    let federated = server.session(&ada, "Action=GetFederationToken&Name=guest").await;
    let of_role = server.session(&ada, ASSUME).await;
    let of_second = server.session(&second, "Action=GetSessionToken").await;
    let is_known = |keys: &Keys| server.known(keys).is_ok();
    assert!([&of_user, &federated, &of_role, &of_second].into_iter().all(is_known));

    with_status(&server, &root, &ada, "Inactive").await;
    assert!(!is_known(&ada) && !is_known(&of_user) && !is_known(&federated));
    assert!(is_known(&of_role) && is_known(&of_second));
    with_status(&server, &root, &ada, "Active").await;
    assert!(is_known(&of_user) && is_known(&federated));
    // The name of its owner may change meanwhile.
    server.good(Api::Iam, &root, "Action=UpdateUser&UserName=ada&NewUserName=lovelace").await;
    assert!(is_known(&of_user) && is_known(&federated));
    let form = format!("Action=DeleteAccessKey&UserName=lovelace&AccessKeyId={}", ada.access_key);
    server.good(Api::Iam, &root, &form).await;
    assert!(!is_known(&of_user) && !is_known(&federated));
    assert!(is_known(&of_role) && is_known(&of_second));
}

#[tokio::test]
async fn another_root_key_ends_the_sessions_of_the_one_before() {
    let (server, root) = TestServer::new().await;
    let of_root = server.session(&root, "Action=GetSessionToken").await;
    let policy =
        percent_encoded(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#);
    let federated = server.session(&root, &format!("Action=GetFederationToken&Name=guest&Policy={policy}")).await;
    assert!(server.known(&of_root).is_ok() && server.known(&federated).is_ok());
    let new = server.authority.identities.found_account(ACCOUNT, true).await.unwrap().unwrap();
    for keys in [&root, &of_root, &federated] {
        assert_eq!(server.known(keys).unwrap_err(), auth::Refusal::Unrecognized);
    }
    let new = Keys { access_key: new.key.id, secret: new.secret, token: None };
    let of_new = server.session(&new, "Action=GetSessionToken").await;
    assert!(server.known(&of_new).is_ok());
}

/// An older program has not written which key it was.
#[tokio::test]
async fn sessions_that_do_not_say_their_key() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let id = server.known(&ada).unwrap().identity.unwrap().principal.user_id.clone();
    let session = |holder: Holder| {
        let json = serde_json::json!({
            "access_key": "ASIAQNZGKIQY56JQ7WML", "secret": "s", "account": ACCOUNT, "issued_s": 1,
            "expires_s": NOW_MS, "holder": holder,
        });
        let mut session: Session = serde_json::from_value(json).unwrap();
        session.access_key = auth::issue_access_key("ASIA", ACCOUNT, 7).unwrap();
        Keys {
            token: Some(server.authority.tokens.token(&session)),
            access_key: session.access_key,
            secret: "s".to_owned(),
        }
    };
    assert!(server.known(&session(Holder::User { id: id.clone() })).is_ok());
    assert!(server.known(&session(Holder::Root)).is_err());
    assert!(server.known(&session(Holder::Federated { name: "x".to_owned(), user: Some(id) })).is_ok());
    assert!(server.known(&session(Holder::Federated { name: "x".to_owned(), user: None })).is_err());
}

#[tokio::test]
async fn a_policy_made_again_does_not_narrow_as_the_one_before() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let read = percent_encoded(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}}"#,
    );
    let create = format!("Action=CreatePolicy&PolicyName=read&PolicyDocument={read}");
    let arn = element(&server.good(Api::Iam, &root, &create).await, "Arn").unwrap();
    let aws = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let form = format!("{ASSUME}&PolicyArns.member.1.arn={arn}&PolicyArns.member.2.arn={aws}");
    let narrowed = server.session(&ada, &form).await;
    let bounds =
        || server.known(&narrowed).unwrap().identity.unwrap().principal.session_policies.as_ref().unwrap().len();
    assert_eq!(bounds(), 2);
    server.good(Api::Iam, &root, &format!("Action=DeletePolicy&PolicyArn={arn}")).await;
    assert_eq!(bounds(), 0);
    server.good(Api::Iam, &root, &create).await;
    assert_eq!(bounds(), 0);
}

#[tokio::test]
async fn tags_of_a_session_take_the_place_of_its_roles_in_any_case() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let tag = |key: &str, value: &str| format!("&Tags.member.1.Key={key}&Tags.member.1.Value={value}");
    for action in ["TagRole&RoleName=work", "TagUser&UserName=ada"] {
        server.good(Api::Iam, &root, &format!("Action={action}{}", tag("Team", "red"))).await;
    }
    let tags = |keys: &Keys| {
        let principal = server.known(keys).unwrap().identity.unwrap().principal;
        principal.tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(tags(&server.session(&ada, ASSUME).await), ["Team=red"]);
    let form = format!("{ASSUME}{}&TransitiveTagKeys.member.1=TeaM", tag("tEAm", "blue"));
    let session = server.session(&ada, &form).await;
    assert_eq!(tags(&session), ["tEAm=blue"]);
    // A transitive tag replaces the next role's own tag.
    let next = server.session(&session, ASSUME).await;
    assert_eq!(tags(&next), ["tEAm=blue"]);
    let again = server.refused(&next, &format!("{ASSUME}{}", tag("TEAM", "green"))).await;
    assert!(again.starts_with("InvalidParameterValue: One of the specified transitive tag keys"), "{again}");
    let federated = server.session(&ada, &format!("Action=GetFederationToken&Name=guest{}", tag("TEAM", "blue"))).await;
    assert_eq!(tags(&federated), ["TEAM=blue"]);
    let both = "&Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=A&Tags.member.2.Value=2";
    assert!(server.refused(&ada, &format!("{ASSUME}{both}")).await.contains("Duplicate tag keys"));
}
