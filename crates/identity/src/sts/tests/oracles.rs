//! Refusals do not show which roles exist; and issuers are asked as often as their registration allows, however tokens spell
//! them.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::*;
use crate::web_identity::tests::{Issuer, NOW_S, Signer};

const NONE: &str = "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/none&RoleSessionName=now";

#[tokio::test]
async fn a_role_that_is_not_there_and_one_that_does_not_trust_are_answered_alike() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let trust = percent_encoded(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"210987654321"}}}"#,
    );
    server.good(Api::Iam, &root, &format!("Action=CreateRole&RoleName=shut&AssumeRolePolicyDocument={trust}")).await;
    let shut = NONE.replace("none", "shut");
    for more in [
        "",
        "&DurationSeconds=1",
        "&DurationSeconds=7200",
        "&DurationSeconds=99999",
        "&Policy=x",
        "&PolicyArns.member.1.arn=arn:aws:iam::123456789012:policy/none",
        "&Tags.member.1.Key=a&Tags.member.1.Value=b",
        "&Tags.member.1.Key=aws:a&Tags.member.1.Value=b",
        "&SourceIdentity=ada",
        "&ExternalId=x",
        "&SerialNumber=x&TokenCode=000000",
    ] {
        let [missing, shut] = [
            server.refused(&ada, &format!("{NONE}{more}")).await,
            server.refused(&ada, &format!("{shut}{more}")).await,
        ];
        assert_eq!(missing.replace("none", "shut"), shut, "{more}");
    }
}

struct Web {
    server: TestServer,
    issuer: Issuer,
    signer: Signer,
}

impl Web {
    /// Roles `good`, which trusts the issuer, and `shut`, which does not.
    async fn new() -> Web {
        let (server, root) = TestServer::new().await;
        let signer = Signer::new("k1");
        let issuer = Issuer::with_keys(json!([signer.jwk()])).await;
        let host = issuer.url.strip_prefix("http://").unwrap();
        let url = percent_encoded(&issuer.url);
        let form = format!("Action=CreateOpenIDConnectProvider&Url={url}&ClientIDList.member.1=sts.amazonaws.com");
        server.good(Api::Iam, &root, &form).await;
        for (role, provider) in [("good", format!("oidc-provider/{host}")), ("shut", "oidc-provider/other".to_owned())]
        {
            let trust = percent_encoded(&format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{{"Federated":"arn:aws:iam::{ACCOUNT}:{provider}"}}}}}}"#
            ));
            let form = format!("Action=CreateRole&RoleName={role}&AssumeRolePolicyDocument={trust}");
            server.good(Api::Iam, &root, &form).await;
        }
        Web { server, issuer, signer }
    }

    fn token(&self, issuer: &str) -> String {
        self.signer.token(&json!({
            "iss": issuer, "sub": "me", "aud": "sts.amazonaws.com", "iat": NOW_S - 10, "exp": NOW_S + 3600,
        }))
    }

    /// The refusal, or nothing.
    async fn ask(&self, account: &str, role: &str, token: &str, more: &str) -> String {
        let form = format!(
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::{account}:role/{role}&RoleSessionName=now\
             &WebIdentityToken={token}{more}"
        );
        let parameters = Parameters::parse(form.as_bytes()).unwrap();
        let transport = Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
        let origin = RequestOrigin { transport, user_agent: None };
        let request = Request { parameters: &parameters, request_id: "id" };
        let reply = self.server.authority.answer(Api::Sts, None, &origin, &request).await;
        reply.refusal.map(|refusal| format!("{}: {}", refusal.code.name(), refusal.text)).unwrap_or_default()
    }
}

#[tokio::test]
async fn web_identities_do_not_learn_which_roles_and_accounts_there_are() {
    let web = Web::new().await;
    let good = web.token(&web.issuer.url);
    assert_eq!(web.ask(ACCOUNT, "good", &good, "").await, "");
    let denied = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity";
    let forged = Signer::new("k1").token(&json!({ "iss": web.issuer.url }));
    let unknown = web.token("https://unknown.example");
    for (token, more) in [
        (&good, ""),
        (&forged, ""),
        (&unknown, ""),
        (&good, "&DurationSeconds=1"),
        (&good, "&DurationSeconds=7200"),
        (&good, "&Policy=x"),
    ] {
        let [shut, none] = [web.ask(ACCOUNT, "shut", token, more).await, web.ask(ACCOUNT, "none", token, more).await];
        assert_eq!(shut, none, "{more}");
        assert!(!shut.is_empty());
    }
    assert_eq!(web.ask(ACCOUNT, "none", &good, "").await, denied);
    // Which issuers an account has registered is shown, as by AWS.
    let unregistered = web.ask(ACCOUNT, "none", &unknown, "").await;
    assert!(unregistered.ends_with("No OpenIDConnect provider found in your account for https://unknown.example"));
    assert_ne!(web.ask(ACCOUNT, "none", &forged, "").await, unregistered);
    // An account without the provider, and one that is not there.
    assert_eq!(web.ask(OTHER, "none", &good, "").await, web.ask("999999999999", "none", &good, "").await);
}

#[tokio::test]
async fn an_issuer_is_asked_once_for_all_spellings() {
    let web = Web::new().await;
    let url = &web.issuer.url;
    let invalid = "InvalidIdentityToken: The web identity token that was passed could not be validated by Stator";
    for slashes in 1..=20 {
        let token = web.token(&format!("{url}{}", "/".repeat(slashes)));
        let refused = web.ask(ACCOUNT, "good", &token, "").await;
        // With an empty segment it is no URL at all.
        assert!(
            if slashes == 1 { refused == invalid } else { refused.starts_with("InvalidIdentityToken") },
            "{refused}"
        );
    }
    let rest = url.strip_prefix("http").unwrap();
    for scheme in ["HTTP", "hTTp", "httP"] {
        assert_eq!(web.ask(ACCOUNT, "good", &web.token(&format!("{scheme}{rest}")), "").await, invalid);
    }
    // It is registered with another scheme.
    let other = web.ask(ACCOUNT, "good", &web.token(&format!("https{rest}")), "").await;
    assert!(other.contains("No OpenIDConnect provider found"), "{other}");
    assert_eq!(web.issuer.asked.load(Ordering::SeqCst), 1);
    // Wrong spellings do not keep right ones from being believed.
    assert_eq!(web.ask(ACCOUNT, "good", &web.token(url), "").await, "");
    assert_eq!(web.issuer.asked.load(Ordering::SeqCst), 1);
}
