//! Callers for tests: an account, and a user with a policy.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::Caller;
use crate::iam::{Identity, Policy, PolicyKind, Principal, PrincipalKind, Transport};

/// Of requests within this machine, without TLS.
pub const TRANSPORT: Transport = Transport { peer: std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };

/// A caller that may do everything in its account.
pub fn caller(account: &str) -> Caller {
    Caller {
        account: account.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "user".to_owned(),
        identity: None,
        served: None,
    }
}

/// A user with a policy of these statements; without any, none.
pub fn user(account: &str, statements: &[Value]) -> Caller {
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let policy = (!statements.is_empty()).then(|| Policy::parse(PolicyKind::Identity, &document).expect("a policy"));
    let principal = Principal {
        kind: PrincipalKind::User,
        account: account.to_owned(),
        arn: format!("arn:aws:iam::{account}:user/user"),
        role_arn: None,
        role_id: None,
        user_id: "AIDAUSER".to_owned(),
        username: Some("user".to_owned()),
        tags: BTreeMap::new(),
        context: BTreeMap::new(),
        identity_policies: policy.into_iter().map(Arc::new).collect(),
        boundary: None,
        session_policies: None,
    };
    let identity = Identity { principal: Arc::new(principal), transport: TRANSPORT, user_agent: None, now_ms: 0 };
    Caller { identity: Some(identity), ..caller(account) }
}
