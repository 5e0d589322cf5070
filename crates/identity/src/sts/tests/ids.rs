//! Roles trust the users and roles that their policies named when they were put, not later ones of the same name.

use auth::iam::PrincipalKind;

use super::*;
use crate::store::entity::Role;

const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

fn trust(principals: &str) -> String {
    let statement = format!(r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":{principals}}}}}"#);
    percent_encoded(&format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#))
}

impl TestServer {
    async fn user(&self, root: &Keys, name: &str) -> Keys {
        self.good(Api::Iam, root, &format!("Action=CreateUser&UserName={name}")).await;
        let policy = percent_encoded(ALL);
        let form = format!("Action=PutUserPolicy&UserName={name}&PolicyName=p&PolicyDocument={policy}");
        self.good(Api::Iam, root, &form).await;
        keys_in(&self.good(Api::Iam, root, &format!("Action=CreateAccessKey&UserName={name}")).await)
    }

    async fn without_user(&self, root: &Keys, name: &str, keys: &Keys) {
        let key = &keys.access_key;
        self.good(Api::Iam, root, &format!("Action=DeleteAccessKey&UserName={name}&AccessKeyId={key}")).await;
        self.good(Api::Iam, root, &format!("Action=DeleteUserPolicy&UserName={name}&PolicyName=p")).await;
        self.good(Api::Iam, root, &format!("Action=DeleteUser&UserName={name}")).await;
    }

    async fn role(&self, root: &Keys, name: &str, principals: &str) {
        let trust = trust(principals);
        self.good(Api::Iam, root, &format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument={trust}")).await;
        let policy = percent_encoded(ALL);
        let form = format!("Action=PutRolePolicy&RoleName={name}&PolicyName=p&PolicyDocument={policy}");
        self.good(Api::Iam, root, &form).await;
    }

    async fn without_role(&self, root: &Keys, name: &str) {
        self.good(Api::Iam, root, &format!("Action=DeleteRolePolicy&RoleName={name}&PolicyName=p")).await;
        self.good(Api::Iam, root, &format!("Action=DeleteRole&RoleName={name}")).await;
    }

    /// The status of taking a role, and the code of the refusal.
    async fn takes(&self, keys: &Keys, role: &str) -> (u16, Option<&'static str>) {
        let reply = self.ask(Api::Sts, keys, &assume(role)).await;
        (reply.status, reply.refusal.map(|refusal| refusal.code.name()))
    }

    /// The trust policy of a role as every answer shows it.
    async fn shown(&self, root: &Keys, role: &str) -> String {
        let of = |xml: &str| element(xml, "AssumeRolePolicyDocument").unwrap();
        let shown = of(&self.good(Api::Iam, root, &format!("Action=GetRole&RoleName={role}")).await);
        for form in ["Action=ListRoles", "Action=GetAccountAuthorizationDetails&Filter.member.1=Role"] {
            assert!(self.good(Api::Iam, root, form).await.contains(&shown), "{form}: {shown}");
        }
        shown
    }
}

fn assume(role: &str) -> String {
    format!("Action=AssumeRole&RoleArn=arn:aws:iam::{ACCOUNT}:role/{role}&RoleSessionName=now")
}

const TAKEN: (u16, Option<&str>) = (200, None);
const DENIED: (u16, Option<&str>) = (403, Some("AccessDenied"));

#[tokio::test]
async fn a_user_made_again_is_not_trusted() {
    let (server, root) = TestServer::new().await;
    let eve = server.user(&root, "eve").await;
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/eve");
    server.role(&root, "vault", &format!("[\"{arn}\"]")).await;
    assert_eq!(server.takes(&eve, "vault").await, TAKEN);
    assert_eq!(server.shown(&root, "vault").await, trust(&format!("[\"{arn}\"]")));
    let id = element(&server.good(Api::Iam, &root, "Action=GetUser&UserName=eve").await, "UserId").unwrap();

    // Under another name it is the same user.
    server.good(Api::Iam, &root, "Action=UpdateUser&UserName=eve&NewUserName=adam&NewPath=/team/").await;
    assert_eq!(server.takes(&eve, "vault").await, TAKEN);
    let renamed = format!("arn:aws:iam::{ACCOUNT}:user/team/adam");
    assert!(server.shown(&root, "vault").await.contains(&percent_encoded(&renamed)));
    // And another one of the old name is another one.
    let second = server.user(&root, "eve").await;
    assert_eq!(server.takes(&second, "vault").await, DENIED);

    server.without_user(&root, "adam", &eve).await;
    let shown = server.shown(&root, "vault").await;
    assert!(shown.contains(&percent_encoded(&format!("[\"{id}\"]"))), "{shown}");
    assert_eq!(server.takes(&second, "vault").await, DENIED);
    // The same policy, put again, means the new user.
    let form = format!("Action=UpdateAssumeRolePolicy&RoleName=vault&PolicyDocument={}", trust(&format!("\"{arn}\"")));
    server.good(Api::Iam, &root, &form).await;
    assert_eq!(server.takes(&second, "vault").await, TAKEN);
}

#[tokio::test]
async fn a_role_made_again_is_not_trusted() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let work = format!("arn:aws:iam::{ACCOUNT}:role/work");
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/work/now");
    server.role(&root, "by-role", &format!("\"{work}\"")).await;
    server.role(&root, "by-session", &format!("\"{session}\"")).await;
    let one = server.session(&ada, ASSUME).await;
    let other = server.session(&ada, &ASSUME.replace("=now", "=then")).await;
    assert_eq!((server.takes(&one, "by-role").await, server.takes(&one, "by-session").await), (TAKEN, TAKEN));
    assert_eq!((server.takes(&other, "by-role").await, server.takes(&other, "by-session").await), (TAKEN, DENIED));

    server.without_role(&root, "work").await;
    server.role(&root, "work", &format!("\"{ACCOUNT}\"")).await;
    let again = server.session(&ada, ASSUME).await;
    assert_eq!(server.known(&again).unwrap().identity.unwrap().principal.arn, session);
    assert_eq!((server.takes(&again, "by-role").await, server.takes(&again, "by-session").await), (DENIED, DENIED));
    assert!(server.shown(&root, "by-session").await.contains("AROA"));
}

#[tokio::test]
async fn principals_of_other_accounts_are_known_by_their_ids_too() {
    let (server, root) = TestServer::new().await;
    let other = server.authority.identities.found_account(OTHER, true).await.unwrap().unwrap();
    let other = Keys { access_key: other.key.id, secret: other.secret, token: None };
    let bob = server.user(&other, "bob").await;
    server.role(&root, "shared", &format!("\"arn:aws:iam::{OTHER}:user/bob\"")).await;
    assert_eq!(server.takes(&bob, "shared").await, TAKEN);
    server.without_user(&other, "bob", &bob).await;
    let bob = server.user(&other, "bob").await;
    assert_eq!(server.takes(&bob, "shared").await, DENIED);
    // An account and its root stay what they are.
    server.role(&root, "open", &format!("[\"{OTHER}\",\"arn:aws:iam::{OTHER}:root\"]")).await;
    assert_eq!(server.takes(&bob, "open").await, TAKEN);
    // A policy is shown with the names that its principals have now, those of other accounts too.
    server.role(&root, "renamed", &format!("\"arn:aws:iam::{OTHER}:user/bob\"")).await;
    server.good(Api::Iam, &other, "Action=UpdateUser&UserName=bob&NewUserName=robert").await;
    assert!(server.shown(&root, "renamed").await.contains(&percent_encoded(&format!("{OTHER}:user/robert"))));

    // One that is not here yet when the policy is put is never meant.
    const LATER: &str = "333333333333";
    server.role(&root, "later", &format!("\"arn:aws:iam::{LATER}:user/carl\"")).await;
    let later = server.authority.identities.found_account(LATER, false).await.unwrap().unwrap();
    let later = Keys { access_key: later.key.id, secret: later.secret, token: None };
    let carl = server.user(&later, "carl").await;
    assert_eq!(server.takes(&carl, "later").await, DENIED);
}

#[tokio::test]
async fn principals_that_do_not_exist_are_refused() {
    let (server, root) = TestServer::new().await;
    server.with_people(&root).await;
    let before = server.shown(&root, "work").await;
    for principal in [
        format!("arn:aws:iam::{ACCOUNT}:user/none"),
        format!("arn:aws:iam::{ACCOUNT}:user/ADA"),
        format!("arn:aws:iam::{ACCOUNT}:user/path/ada"),
        format!("arn:aws:iam::{OTHER}:role/none"),
        format!("arn:aws:iam::{ACCOUNT}:role/new"),
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/none/now"),
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/work"),
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/work/a/b"),
        "AIDAAAAAAAAAAAAAAAAAA".to_owned(),
    ] {
        let document = trust(&format!("[\"{ACCOUNT}\",\"{principal}\"]"));
        for form in [
            format!("Action=CreateRole&RoleName=new&AssumeRolePolicyDocument={document}"),
            format!("Action=UpdateAssumeRolePolicy&RoleName=work&PolicyDocument={document}"),
        ] {
            let refusal = server.ask(Api::Iam, &root, &form).await.refusal.expect("a refusal");
            assert_eq!(refusal.code, Code::MalformedPolicyDocument);
            assert_eq!(refusal.text, format!("Invalid principal in policy: \"AWS\":\"{principal}\""));
        }
    }
    assert_eq!(server.shown(&root, "work").await, before);
    let id = element(&server.good(Api::Iam, &root, "Action=GetUser&UserName=ada").await, "UserId").unwrap();
    let good = format!(
        "[\"*\",\"arn:aws:iam::999999999999:root\",\"arn:aws:iam::999999999999:user/x\",\"{id}\",\
         \"arn:aws:sts::{ACCOUNT}:federated-user/any\"]"
    );
    server.role(&root, "new", &good).await;
    // The id of an existing user is shown as its ARN.
    assert!(server.shown(&root, "new").await.contains(&percent_encoded(&format!("arn:aws:iam::{ACCOUNT}:user/ada"))));
}

/// Roles that an older program has stored have no ids: they are read, mean ARNs, and are written as they were.
#[test]
fn roles_without_ids_are_read() {
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:user/eve"}}}"#;
    let stored = serde_json::json!({
        "name": "old", "path": "/", "id": "AROAOLD", "created_ms": 1, "description": null, "trust": document,
        "max_session_seconds": 3600, "inline": {}, "attached": [], "tags": {},
    });
    let role: Role = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(serde_json::to_value(&role).unwrap(), stored);
    assert_eq!(role.trust.text(|_, _| panic!("there is no id")), document);
    let mut eve = Account::default().root_principal();
    eve.account = ACCOUNT.to_owned();
    (eve.kind, eve.arn) = (PrincipalKind::User, "arn:aws:iam::123456789012:user/eve".to_owned());
    let trust = role.trust.policy().unwrap();
    assert_eq!(trust.principals().collect::<Vec<_>>(), [eve.arn.as_str()]);
    let context = crate::sts::condition_context::ConditionContext::default();
    let question = auth::iam::Question {
        principal: &eve,
        action: "sts:AssumeRole",
        resource: "arn:aws:iam::123456789012:role/old",
        resource_account: ACCOUNT,
        resource_policy: Some(&trust),
        context: &context,
    };
    assert_eq!(auth::iam::decide(&question), auth::iam::Decision::Allowed);
}
