//! The principal of a request, with all policies that determine its permissions.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::Policy;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrincipalKind {
    /// The account itself: no policy of its own bounds it.
    Root,
    User,
    AssumedRole,
    FederatedUser,
}

/// A principal as it is at this moment: entities change, and the next request finds another one.
#[derive(Debug)]
pub struct Principal {
    pub kind: PrincipalKind,
    /// 12 digits.
    pub account: String,
    /// As requests' contexts have it: `arn:aws:iam::…:user/path/name`, `arn:aws:sts::…:assumed-role/role/session`.
    pub arn: String,
    /// Of an assumed role, the role, and of a federated user, the user that federated: a policy may name either.
    pub role_arn: Option<String>,
    /// The unique id of what `role_arn` names.
    pub role_id: Option<String>,
    /// `aws:userid`: a unique id, for sessions with `:session-name` behind it.
    pub user_id: String,
    /// `aws:username`: users alone have one.
    pub username: Option<String>,
    /// Of the user or role, and over them those of the session.
    pub tags: BTreeMap<String, String>,
    /// Further keys of the request's context that came with the credentials, as claims of a web identity or
    /// `aws:TokenIssueTime`; names in lower case.
    pub context: BTreeMap<String, Vec<String>>,
    pub identity_policies: Vec<Arc<Policy>>,
    pub boundary: Option<Arc<Policy>>,
    /// What the session was narrowed to; none of them is no bound, an empty list allows nothing.
    pub session_policies: Option<Vec<Arc<Policy>>>,
}

/// How a request came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transport {
    pub peer: IpAddr,
    /// Over TLS.
    pub secure: bool,
}

/// A principal's one request.
#[derive(Clone, Debug)]
pub struct Identity {
    pub principal: Arc<Principal>,
    pub transport: Transport,
    pub user_agent: Option<String>,
    /// When it came.
    pub now_ms: u64,
}
