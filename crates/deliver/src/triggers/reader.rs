//! The right of a mapping to read the stream of another account: that stream's policy grants it, and can revoke it.
//!
//! The policy is asked about the caller that has made the mapping or changed it last, as that was then: what the caller's own
//! account allows it was decided then. It is asked before anything is read or delivered, at most once a second
//! (`read_permission`), so that its owner ends a mapping of another account by the policy alone.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use ::api::{Exception, Operation};
use auth::iam::{Identity, Policy, PolicyKind, Principal, PrincipalKind, Transport};
use auth::{Caller, account_of};
use base::cut;
use serde::{Deserialize, Serialize};

use super::Triggers;
use super::mapping::Mapping;

/// The caller, as policies of resources see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Reader {
    kind: Kind,
    account: String,
    arn: String,
    role_arn: Option<String>,
    role_id: Option<String>,
    user_id: String,
    username: Option<String>,
    tags: BTreeMap<String, String>,
    context: BTreeMap<String, Vec<String>>,
    peer: IpAddr,
    secure: bool,
    user_agent: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Kind {
    Root,
    User,
    AssumedRole,
    FederatedUser,
}

/// Of what a client calls itself, as the audit log cuts it: the stream's policy is asked for as long as the mapping is there.
/// Unit: bytes.
const USER_AGENT_SIZE_MAX: usize = 1024;

/// What the caller's account allows is not asked again.
static EVERYTHING: LazyLock<Option<Arc<Policy>>> = LazyLock::new(|| {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    Policy::parse(PolicyKind::Identity, text).ok().map(Arc::new)
});

impl Reader {
    /// The reader that a mapping of this caller is, if the stream is another account's.
    pub(super) fn of(caller: &Caller, stream_arn: &str) -> Option<Reader> {
        let identity = caller.identity.as_ref().filter(|_| account_of(stream_arn) != Some(&caller.account))?;
        let Identity { principal, transport, user_agent, .. } = identity;
        Some(Reader {
            kind: match principal.kind {
                PrincipalKind::Root => Kind::Root,
                PrincipalKind::User => Kind::User,
                PrincipalKind::AssumedRole => Kind::AssumedRole,
                PrincipalKind::FederatedUser => Kind::FederatedUser,
            },
            account: principal.account.clone(),
            arn: principal.arn.clone(),
            role_arn: principal.role_arn.clone(),
            role_id: principal.role_id.clone(),
            user_id: principal.user_id.clone(),
            username: principal.username.clone(),
            tags: principal.tags.clone(),
            context: principal.context.clone(),
            peer: transport.peer,
            secure: transport.secure,
            user_agent: user_agent.as_deref().map(|agent| cut(agent, USER_AGENT_SIZE_MAX).to_owned()),
        })
    }

    /// Of a mapping that an older program has made, which did not store its maker: its account as a whole.
    fn account(account: &str) -> Reader {
        Reader {
            kind: Kind::Root,
            account: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:root"),
            role_arn: None,
            role_id: None,
            user_id: account.to_owned(),
            username: None,
            tags: BTreeMap::new(),
            context: BTreeMap::new(),
            peer: Ipv4Addr::UNSPECIFIED.into(),
            secure: false,
            user_agent: None,
        }
    }

    fn caller(self, region: &str, now_ms: u64) -> Caller {
        let account = self.account.clone();
        let principal = Principal {
            kind: match self.kind {
                Kind::Root => PrincipalKind::Root,
                Kind::User => PrincipalKind::User,
                Kind::AssumedRole => PrincipalKind::AssumedRole,
                Kind::FederatedUser => PrincipalKind::FederatedUser,
            },
            account: self.account,
            arn: self.arn,
            role_arn: self.role_arn,
            role_id: self.role_id,
            user_id: self.user_id,
            username: self.username,
            tags: self.tags,
            context: self.context,
            identity_policies: EVERYTHING.iter().cloned().collect(),
            boundary: None,
            // A federated user without any may do nothing; for others it changes nothing.
            session_policies: Some(EVERYTHING.iter().cloned().collect()),
        };
        let transport = Transport { peer: self.peer, secure: self.secure };
        // An older program has stored all of it.
        let user_agent = self.user_agent.map(|agent| cut(&agent, USER_AGENT_SIZE_MAX).to_owned());
        let identity = Identity { principal: Arc::new(principal), transport, user_agent, now_ms };
        Caller { account, region: region.to_owned(), access_key: String::new(), identity: Some(identity), served: None }
    }
}

impl Mapping {
    /// The account of the stream, if it is not the mapping's own.
    pub(super) fn foreign_owner(&self) -> Option<&str> {
        account_of(&self.event_source_arn).filter(|owner| *owner != self.account)
    }
}

impl Triggers {
    /// Whether a mapping may read its stream now. A policy that cannot be asked allows nothing.
    pub(super) async fn may_read(&self, mapping: &Mapping) -> Result<(), Exception> {
        if mapping.foreign_owner().is_none() {
            return Ok(());
        }
        let reader = mapping.reader.clone().unwrap_or_else(|| Reader::account(&mapping.account));
        let caller = reader.caller(&mapping.region, self.clock.now_ms());
        let asked = ops::StreamReader { stream_arn: mapping.event_source_arn.clone() };
        self.service.permit(&caller, Operation::GetRecords, &asked).await
    }
}
