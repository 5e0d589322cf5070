//! What ends sessions: the key that they were taken with, the policy that narrows them; and whose tags count in them.

use super::*;

async fn with_status(sts: &TestSts, root: &Keys, key: &Keys, status: &str) {
    let key = &key.access_key;
    let form = format!("Action=UpdateAccessKey&UserName=ada&Status={status}&AccessKeyId={key}");
    sts.good(Api::Iam, root, &form).await;
}

#[tokio::test]
async fn a_session_ends_with_the_key_that_it_was_taken_with() {
    let (sts, root) = TestSts::new().await;
    let ada = sts.with_people(&root).await;
    let second = keys_in(&sts.good(Api::Iam, &root, "Action=CreateAccessKey&UserName=ada").await);
    let of_user = sts.session(&ada, "Action=GetSessionToken").await;
    let federated = sts.session(&ada, "Action=GetFederationToken&Name=guest").await;
    let of_role = sts.session(&ada, ASSUME).await;
    let of_second = sts.session(&second, "Action=GetSessionToken").await;
    let is_known = |keys: &Keys| sts.known(keys).is_ok();
    assert!([&of_user, &federated, &of_role, &of_second].into_iter().all(is_known));

    with_status(&sts, &root, &ada, "Inactive").await;
    assert!(!is_known(&ada) && !is_known(&of_user) && !is_known(&federated));
    assert!(is_known(&of_role) && is_known(&of_second));
    with_status(&sts, &root, &ada, "Active").await;
    assert!(is_known(&of_user) && is_known(&federated));
    // The name of its owner may change meanwhile.
    sts.good(Api::Iam, &root, "Action=UpdateUser&UserName=ada&NewUserName=lovelace").await;
    assert!(is_known(&of_user) && is_known(&federated));
    let form = format!("Action=DeleteAccessKey&UserName=lovelace&AccessKeyId={}", ada.access_key);
    sts.good(Api::Iam, &root, &form).await;
    assert!(!is_known(&of_user) && !is_known(&federated));
    assert!(is_known(&of_role) && is_known(&of_second));
}

#[tokio::test]
async fn another_root_key_ends_the_sessions_of_the_one_before() {
    let (sts, root) = TestSts::new().await;
    let of_root = sts.session(&root, "Action=GetSessionToken").await;
    let policy =
        percent_encoded(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#);
    let federated = sts.session(&root, &format!("Action=GetFederationToken&Name=guest&Policy={policy}")).await;
    assert!(sts.known(&of_root).is_ok() && sts.known(&federated).is_ok());
    let new = sts.authority.identities.found_account(ACCOUNT, true).await.unwrap().unwrap();
    for keys in [&root, &of_root, &federated] {
        assert_eq!(sts.known(keys).unwrap_err(), auth::Refusal::Unrecognized);
    }
    let new = Keys { access_key: new.key.id, secret: new.secret, token: None };
    let of_new = sts.session(&new, "Action=GetSessionToken").await;
    assert!(sts.known(&of_new).is_ok());
}

/// An older program has not written which key it was.
#[tokio::test]
async fn sessions_that_do_not_say_their_key() {
    let (sts, root) = TestSts::new().await;
    let ada = sts.with_people(&root).await;
    let id = sts.known(&ada).unwrap().identity.unwrap().principal.user_id.clone();
    let session = |holder: Holder| {
        let json = serde_json::json!({
            "access_key": "ASIAQNZGKIQY56JQ7WML", "secret": "s", "account": ACCOUNT, "issued_s": 1,
            "expires_s": NOW_MS, "holder": holder,
        });
        let mut session: Session = serde_json::from_value(json).unwrap();
        session.access_key = auth::issue_access_key("ASIA", ACCOUNT, 7).unwrap();
        Keys {
            token: Some(sts.authority.tokens.token(&session)),
            access_key: session.access_key,
            secret: "s".to_owned(),
        }
    };
    assert!(sts.known(&session(Holder::User { id: id.clone() })).is_ok());
    assert!(sts.known(&session(Holder::Root)).is_err());
    assert!(sts.known(&session(Holder::Federated { name: "x".to_owned(), user: Some(id) })).is_ok());
    assert!(sts.known(&session(Holder::Federated { name: "x".to_owned(), user: None })).is_err());
}

#[tokio::test]
async fn a_policy_made_again_does_not_narrow_as_the_one_before() {
    let (sts, root) = TestSts::new().await;
    let ada = sts.with_people(&root).await;
    let read = percent_encoded(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}}"#,
    );
    let create = format!("Action=CreatePolicy&PolicyName=read&PolicyDocument={read}");
    let arn = element(&sts.good(Api::Iam, &root, &create).await, "Arn").unwrap();
    let aws = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let form = format!("{ASSUME}&PolicyArns.member.1.arn={arn}&PolicyArns.member.2.arn={aws}");
    let narrowed = sts.session(&ada, &form).await;
    let bounds = || sts.known(&narrowed).unwrap().identity.unwrap().principal.session_policies.as_ref().unwrap().len();
    assert_eq!(bounds(), 2);
    sts.good(Api::Iam, &root, &format!("Action=DeletePolicy&PolicyArn={arn}")).await;
    assert_eq!(bounds(), 0);
    sts.good(Api::Iam, &root, &create).await;
    assert_eq!(bounds(), 0);
}

#[tokio::test]
async fn tags_of_a_session_take_the_place_of_its_roles_in_any_case() {
    let (sts, root) = TestSts::new().await;
    let ada = sts.with_people(&root).await;
    let tag = |key: &str, value: &str| format!("&Tags.member.1.Key={key}&Tags.member.1.Value={value}");
    for action in ["TagRole&RoleName=work", "TagUser&UserName=ada"] {
        sts.good(Api::Iam, &root, &format!("Action={action}{}", tag("Team", "red"))).await;
    }
    let tags = |keys: &Keys| {
        let principal = sts.known(keys).unwrap().identity.unwrap().principal;
        principal.tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(tags(&sts.session(&ada, ASSUME).await), ["Team=red"]);
    let form = format!("{ASSUME}{}&TransitiveTagKeys.member.1=TeaM", tag("tEAm", "blue"));
    let session = sts.session(&ada, &form).await;
    assert_eq!(tags(&session), ["tEAm=blue"]);
    // What goes on does so over the next role's own tag.
    let next = sts.session(&session, ASSUME).await;
    assert_eq!(tags(&next), ["tEAm=blue"]);
    let again = sts.refused(&next, &format!("{ASSUME}{}", tag("TEAM", "green"))).await;
    assert!(again.starts_with("InvalidParameterValue: One of the specified transitive tag keys"), "{again}");
    let federated = sts.session(&ada, &format!("Action=GetFederationToken&Name=guest{}", tag("TEAM", "blue"))).await;
    assert_eq!(tags(&federated), ["TEAM=blue"]);
    let both = "&Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=A&Tags.member.2.Value=2";
    assert!(sts.refused(&ada, &format!("{ASSUME}{both}")).await.contains("Duplicate tag keys"));
}
