//! The global keys, which follow from a request's principal, transport and time.

use std::sync::Arc;

use auth::iam::PrincipalKind::{AssumedRole, FederatedUser, Root, User};
use auth::iam::{Context, Globals, Identity, PrincipalKind, Transport, Values, WorkBudget};

use crate::world::{ACCOUNT, Entry, FEDERATED, Keys, ROLE, ROOT, USER, principal};

fn identity(kind: PrincipalKind) -> Identity {
    let mut principal = principal(kind);
    principal.tags.insert("Team".to_owned(), "red".to_owned());
    principal.context.insert("aws:tokenissuetime".to_owned(), vec!["2026-01-01T00:00:00Z".to_owned()]);
    principal.context.insert("issuer.example:aud".to_owned(), vec!["a".to_owned(), "b".to_owned()]);
    Identity {
        principal: Arc::new(principal),
        transport: Transport { peer: "::ffff:203.0.113.7".parse().expect("an address"), secure: true },
        user_agent: Some("aws-cli/2".to_owned()),
        now_ms: 1_767_225_661_999,
    }
}

fn value(identity: &Identity, key: &str) -> Option<String> {
    let own = Keys(
        [
            ("dynamodb:select".to_owned(), Entry::One("COUNT".to_owned())),
            ("aws:userid".to_owned(), Entry::One("forged".to_owned())),
            ("aws:username".to_owned(), Entry::One("forged".to_owned())),
            ("aws:tagkeys".to_owned(), Entry::Many(vec!["x".to_owned(), "y".to_owned()])),
        ]
        .into(),
    );
    let globals = Globals { identity, region: "eu-west-3", resource_account: "444455556666", own: &own };
    globals.values(key, &WorkBudget::default()).map(|values| match values {
        Values::One(one) => one.into_owned(),
        Values::Many(many) => format!("[{}]", many.join(",")),
    })
}

#[test]
fn keys_of_a_user() {
    let user = identity(User);
    for (key, expected) in [
        ("aws:principalarn", Some(USER)),
        ("aws:principalaccount", Some(ACCOUNT)),
        ("aws:principaltype", Some("User")),
        ("aws:principalisawsservice", Some("false")),
        ("aws:principaltag/team", Some("red")),
        ("aws:principaltag/other", None),
        ("aws:userid", Some("AIDAJQABLZS4A3QDU576Q")),
        ("aws:username", Some("ada")),
        ("aws:useragent", Some("aws-cli/2")),
        ("aws:sourceip", Some("203.0.113.7")),
        ("aws:securetransport", Some("true")),
        ("aws:currenttime", Some("2026-01-01T00:01:01Z")),
        ("aws:epochtime", Some("1767225661")),
        ("aws:requestedregion", Some("eu-west-3")),
        ("aws:resourceaccount", Some("444455556666")),
        ("aws:tokenissuetime", Some("2026-01-01T00:00:00Z")),
        ("aws:multifactorauthpresent", None),
        ("aws:tagkeys", Some("[x,y]")),
        ("issuer.example:aud", Some("[a,b]")),
        ("dynamodb:select", Some("COUNT")),
        ("dynamodb:attributes", None),
        ("username", None),
    ] {
        assert_eq!(value(&user, key).as_deref(), expected, "{key}");
    }
}

#[test]
fn keys_by_kind() {
    for (kind, arn, principal_type, username) in [
        (Root, ROOT, "Account", None),
        (User, USER, "User", Some("ada")),
        (AssumedRole, ROLE, "AssumedRole", None),
        (FederatedUser, FEDERATED, "FederatedUser", None),
    ] {
        let identity = identity(kind);
        assert_eq!(value(&identity, "aws:principalarn").as_deref(), Some(arn), "{kind:?}");
        assert_eq!(value(&identity, "aws:principaltype").as_deref(), Some(principal_type), "{kind:?}");
        assert_eq!(value(&identity, "aws:username").as_deref(), username, "{kind:?}");
    }
}
