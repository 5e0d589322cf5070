//! STS and the directory by their public functions.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use auth::Directory;
use base::{Clock, ManualClock};
use ops::{Service, Settings};
use storage::Memory;

use super::*;
use crate::auth_key::AuthKey;
use crate::query::{Parameters, percent_encoded};
use crate::session::{Holder, Session};
use crate::store::{Account, Identities};

mod endings;
mod ids;
mod oracles;
mod policies;

const ACCOUNT: &str = "123456789012";
const OTHER: &str = "210987654321";
const NOW_MS: u64 = 1_800_000_000_000;

struct TestServer {
    authority: Arc<Authority>,
    hand: ManualClock,
    clock: Clock,
}

#[derive(Clone, Debug)]
struct Keys {
    access_key: String,
    secret: String,
    token: Option<String>,
}

impl TestServer {
    async fn new() -> (TestServer, Keys) {
        let (clock, hand) = Clock::manual(NOW_MS);
        let service = Service::open(Memory::new(), Settings::default(), clock.clone()).await.unwrap();
        let key = AuthKey::random();
        let identities = Identities::open(service, &key, clock.clone()).await.unwrap();
        let root = identities.found_account(ACCOUNT, false).await.unwrap().unwrap();
        identities.found_account(OTHER, false).await.unwrap().unwrap();
        let authority = Authority::new(identities, &key, None, client::Egress::open());
        let root = Keys { access_key: root.key.id, secret: root.secret, token: None };
        (TestServer { authority, hand, clock }, root)
    }

    fn known(&self, keys: &Keys) -> Result<Caller, auth::Refusal> {
        let known = self.authority.known(&keys.access_key, keys.token.as_deref(), self.clock.now_ms())?;
        assert_eq!(*known.secret, keys.secret);
        let transport = Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
        let account = known.principal.account.clone();
        let identity =
            Identity { principal: known.principal, transport, user_agent: None, now_ms: self.clock.now_ms() };
        let region = "us-east-1".to_owned();
        Ok(Caller { account, region, access_key: keys.access_key.clone(), identity: Some(identity), served: None })
    }

    async fn ask(&self, api: Api, keys: &Keys, form: &str) -> Reply {
        let caller = self.known(keys).unwrap();
        let parameters = Parameters::parse(form.as_bytes()).unwrap();
        let origin = RequestOrigin { transport: caller.identity.as_ref().unwrap().transport, user_agent: None };
        self.authority.answer(api, Some(&caller), &origin, &Request { parameters: &parameters, request_id: "id" }).await
    }

    async fn good(&self, api: Api, keys: &Keys, form: &str) -> String {
        let reply = self.ask(api, keys, form).await;
        assert_eq!(reply.status, 200, "{form}: {}", reply.body);
        reply.body
    }

    async fn session(&self, keys: &Keys, form: &str) -> Keys {
        keys_in(&self.good(Api::Sts, keys, form).await)
    }

    async fn refused(&self, keys: &Keys, form: &str) -> String {
        let reply = self.ask(Api::Sts, keys, form).await;
        let refusal = reply.refusal.unwrap_or_else(|| panic!("{form}: {}", reply.body));
        format!("{}: {}", refusal.code.name(), refusal.text)
    }

    /// A user with all permissions, and a role that each principal of the account may assume.
    async fn with_people(&self, root: &Keys) -> Keys {
        let all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Principal":{"AWS":"123456789012"}}}"#;
        let (all, trust) = (percent_encoded(all), percent_encoded(trust));
        self.good(Api::Iam, root, "Action=CreateUser&UserName=ada").await;
        self.good(Api::Iam, root, &format!("Action=PutUserPolicy&UserName=ada&PolicyName=p&PolicyDocument={all}"))
            .await;
        self.good(Api::Iam, root, &format!("Action=CreateRole&RoleName=work&AssumeRolePolicyDocument={trust}")).await;
        self.good(Api::Iam, root, &format!("Action=PutRolePolicy&RoleName=work&PolicyName=p&PolicyDocument={all}"))
            .await;
        keys_in(&self.good(Api::Iam, root, "Action=CreateAccessKey&UserName=ada").await)
    }
}

fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0.to_owned())
}

fn keys_in(xml: &str) -> Keys {
    let [access_key, secret] = ["AccessKeyId", "SecretAccessKey"].map(|name| element(xml, name).unwrap());
    Keys { access_key, secret, token: element(xml, "SessionToken") }
}

const ASSUME: &str = "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/work&RoleSessionName=now";

#[tokio::test]
async fn sessions_end() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let session = server.session(&ada, &format!("{ASSUME}&DurationSeconds=900")).await;
    let caller = server.known(&session).unwrap();
    let principal = &caller.identity.as_ref().unwrap().principal;
    assert_eq!(principal.arn, "arn:aws:sts::123456789012:assumed-role/work/now");
    assert_eq!(principal.role_arn.as_deref(), Some("arn:aws:iam::123456789012:role/work"));
    assert!(principal.user_id.starts_with("AROA") && principal.user_id.ends_with(":now"), "{}", principal.user_id);
    assert_eq!(principal.context["aws:tokenissuetime"], ["2027-01-15T08:00:00Z"]);
    server.hand.advance_ms(899_999);
    assert!(server.known(&session).is_ok());
    server.hand.advance_ms(1);
    // From the cache, and from the token itself.
    assert_eq!(server.known(&session).unwrap_err(), auth::Refusal::Expired);
    server.authority.identities.found_account(ACCOUNT, true).await.unwrap();
    assert_eq!(server.known(&session).unwrap_err(), auth::Refusal::Expired);
}

#[tokio::test]
async fn credentials_are_good_only_as_they_are() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let [one, other] = [server.session(&ada, ASSUME).await, server.session(&ada, ASSUME).await];
    assert_ne!((&one.access_key, &one.secret), (&other.access_key, &other.secret));
    let unknown = |keys: &Keys| assert_eq!(server.known(keys).unwrap_err(), auth::Refusal::Unrecognized, "{keys:?}");
    unknown(&Keys { token: other.token.clone(), ..one.clone() });
    unknown(&Keys { token: None, ..one.clone() });
    unknown(&Keys { token: one.token.clone(), ..ada.clone() });
    unknown(&Keys { access_key: one.access_key.replacen("ASIA", "AKIA", 1), ..one.clone() });
    unknown(&Keys { access_key: "any".to_owned(), ..ada.clone() });
    let form = format!("Action=UpdateAccessKey&UserName=ada&Status=Inactive&AccessKeyId={}", ada.access_key);
    assert!(server.known(&ada).is_ok());
    server.good(Api::Iam, &root, &form).await;
    unknown(&ada);
    assert!(server.known(&one).is_ok());
    server.good(Api::Iam, &root, "Action=DeleteRolePolicy&RoleName=work&PolicyName=p").await;
    server.good(Api::Iam, &root, "Action=DeleteRole&RoleName=work").await;
    unknown(&one);
}

#[tokio::test]
async fn what_assume_role_refuses() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let session = server.session(&ada, ASSUME).await;
    let check = async |keys: &Keys, form: &str, expected: &str| {
        let refusal = server.refused(keys, form).await;
        assert!(refusal.starts_with(expected), "{form}: {refusal}");
    };
    let denied = "AccessDenied: User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sts:AssumeRole on \
                  resource: arn:aws:iam::123456789012:role/none";
    check(&ada, &ASSUME.replace("role/work", "role/none"), denied).await;
    check(&ada, &ASSUME.replace("role/work", "role/path/work"), "AccessDenied").await;
    check(&ada, &ASSUME.replace(":123456789012:", ":210987654321:"), "AccessDenied").await;
    check(&ada, &ASSUME.replace("arn:aws:iam::123456789012:", "xxxxxxxxxxxxxxxxxxxxx"), "ValidationError").await;
    check(&ada, &ASSUME.replace("=now", "=a%20b"), "ValidationError").await;
    check(&ada, &ASSUME.replace("&RoleSessionName=now", ""), "ValidationError").await;
    check(&root, ASSUME, "AccessDenied: Roles may not be assumed by root accounts.").await;
    for (more, expected) in [
        ("&DurationSeconds=899", "ValidationError: 1 validation error detected: Value '899' at 'durationSeconds'"),
        ("&DurationSeconds=3601", "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration"),
        ("&DurationSeconds=43201", "ValidationError: 1 validation error detected"),
        ("&DurationSeconds=x", "ValidationError: DurationSeconds is no number"),
        (
            "&DurationSeconds=1&ExternalId=x&Tags.member.1.Key=a",
            "ValidationError: 3 validation errors detected: Value '1' at 'durationSeconds' failed to satisfy constraint: \
             Member must have value greater than or equal to 900; Value 'x' at 'externalId' failed to satisfy constraint: \
             Member must have length greater than or equal to 2; Value null at 'tags.1.member.value' failed to satisfy \
             constraint: Member must not be null",
        ),
        ("&Policy=x", "MalformedPolicyDocument"),
        ("&PolicyArns.member.1.arn=arn:aws:iam::123456789012:policy/none", "MalformedPolicyDocument"),
        ("&Tags.member.1.Key=a", "ValidationError"),
        ("&Tags.member.1.Key=aws:a&Tags.member.1.Value=b", "InvalidParameterValue"),
        ("&TransitiveTagKeys.member.1=a", "InvalidParameterValue"),
        ("&SourceIdentity=x", "ValidationError"),
        ("&ExternalId=x", "ValidationError"),
    ] {
        check(&ada, &format!("{ASSUME}{more}"), expected).await;
    }
    check(
        &session,
        &format!("{ASSUME}&DurationSeconds=3601"),
        "ValidationError: The requested DurationSeconds exceeds the 1 hour",
    )
    .await;
    for action in ["GetSessionToken", "GetFederationToken&Name=bob"] {
        check(&session, &format!("Action={action}"), "AccessDenied: Cannot call Get").await;
    }
    check(&ada, "Action=AssumeRoleWithSAML", "InvalidAction").await;
}

#[tokio::test]
async fn a_source_identity_stays() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let named = server.session(&ada, &format!("{ASSUME}&SourceIdentity=ada")).await;
    let again = server.session(&named, ASSUME).await;
    let context = server.known(&again).unwrap().identity.unwrap().principal.context.clone();
    assert_eq!(context["aws:sourceidentity"], ["ada"]);
    assert!(server.refused(&named, &format!("{ASSUME}&SourceIdentity=eve")).await.starts_with("AccessDenied"));
}

#[tokio::test]
async fn sessions_that_are_narrowed() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let bounds =
        |keys: &Keys| server.known(keys).unwrap().identity.unwrap().principal.session_policies.as_ref().map(Vec::len);
    assert_eq!(bounds(&server.session(&ada, ASSUME).await), None);
    let read = percent_encoded(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}}"#,
    );
    let made =
        server.good(Api::Iam, &root, &format!("Action=CreatePolicy&PolicyName=read&PolicyDocument={read}")).await;
    let arn = element(&made, "Arn").unwrap();
    let narrowed = server.session(&ada, &format!("{ASSUME}&Policy={read}&PolicyArns.member.1.arn={arn}")).await;
    assert_eq!(bounds(&narrowed), Some(2));
    // A deleted policy might have denied.
    server.good(Api::Iam, &root, &format!("Action=DeletePolicy&PolicyArn={arn}")).await;
    assert_eq!(bounds(&narrowed), Some(0));
    assert_eq!(bounds(&server.session(&ada, "Action=GetFederationToken&Name=bob").await), Some(0));
    assert_eq!(
        bounds(&server.session(&root, &format!("Action=GetFederationToken&Name=bob&Policy={read}")).await),
        Some(1)
    );
}

#[tokio::test]
async fn a_roots_sessions_are_short() {
    let (server, root) = TestServer::new().await;
    let session = server.session(&root, "Action=GetSessionToken").await;
    assert!(server.good(Api::Sts, &session, "Action=GetCallerIdentity").await.contains("123456789012:root"));
    server.hand.advance_ms(3_600_000);
    assert_eq!(server.known(&session).unwrap_err(), auth::Refusal::Expired);
}
