//! Who recognises credentials: access keys by the store, sessions by their tokens. It is asked with every request, so what it
//! has found once is kept until the account changes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use auth::iam::{Policy, PolicyKind, Principal, PrincipalKind};
use auth::{Directory, Known, Refusal};
use client::Egress;
use parking_lot::RwLock;
use ring::digest::{SHA256, digest};

use crate::auth_key::AuthKey;
use crate::credential_cache::{Credential, CredentialCache};
use crate::query::timestamp;
use crate::session::{Holder, Session, Tokens};
use crate::store::entity::{AccessKey, KeyStatus};
use crate::store::{Account, Identities, assumed_role_arn, federated_user_arn, managed};
use crate::tag_key::override_tag;
use crate::web_identity::Issuers;

/// The context's own name for the tags that go on into further sessions; no policy knows it.
pub(crate) const TRANSITIVE: &str = "stator:transitivetagkeys";
pub(crate) const ISSUED: &str = "aws:tokenissuetime";
pub(crate) const SOURCE_IDENTITY: &str = "aws:sourceidentity";

/// Issues sessions, and knows them and the access keys of the store again.
pub struct Authority {
    pub(crate) identities: Arc<Identities>,
    pub(crate) tokens: Tokens,
    pub(crate) issuers: Issuers,
    recognized: RwLock<CredentialCache>,
}

impl Authority {
    /// `ca_bundle` names the authorities that issuers of web identities are believed by, instead of the system's; `egress` says
    /// where issuers may be.
    pub fn new(
        identities: Arc<Identities>,
        key: &AuthKey,
        ca_bundle: Option<PathBuf>,
        egress: Egress,
    ) -> Arc<Authority> {
        let issuers = Issuers::new(identities.clock.clone(), ca_bundle, egress.clone());
        // Set once; a second authority over the same identities has the same settings.
        let _ = identities.egress.set(egress);
        Arc::new(Authority { identities, tokens: Tokens::new(key), issuers, recognized: RwLock::default() })
    }

    fn key(&self, account: &Arc<Account>, key: &AccessKey) -> Option<Credential> {
        if key.status != KeyStatus::Active {
            return None;
        }
        let principal = match &key.user {
            Some(user) => account.user_principal(user)?,
            None => Arc::new(account.root_principal()),
        };
        let secret = self.identities.secret(key)?;
        Some(Credential::of_key(secret, principal))
    }
}

impl Directory for Authority {
    fn known(&self, access_key: &str, token: Option<&str>, now_ms: u64) -> Result<Known, Refusal> {
        let moment = self.identities.snapshot();
        let account = auth::issued_account(access_key).ok_or(Refusal::Unrecognized)?;
        let account = moment.account(&account).ok_or(Refusal::Unrecognized)?;
        let name = match token {
            None => access_key.as_bytes().to_vec(),
            Some(token) => digest(&SHA256, &[access_key.as_bytes(), b" ", token.as_bytes()].concat()).as_ref().to_vec(),
        };
        if let Some(known) = self.recognized.read().get(&name, account, now_ms) {
            return known;
        }
        let credential = match token {
            None => {
                let (_, key) = moment.access_key(access_key).ok_or(Refusal::Unrecognized)?;
                self.key(account, key).ok_or(Refusal::Unrecognized)?
            }
            Some(token) => {
                let session = self.tokens.session(access_key, token, now_ms)?;
                let principal = account.session_principal(&session).ok_or(Refusal::Unrecognized)?;
                let policy_bytes = session.policy.as_ref().map_or(0, String::len);
                Credential::of_session(session.secret, principal, policy_bytes, session.expires_s)
            }
        };
        let known = credential.known();
        self.recognized.write().insert(name, account, credential, now_ms);
        Ok(known)
    }

    fn used(&self, access_key: &str, service: &str, region: &str, now_ms: u64) {
        if access_key.starts_with("AKIA") {
            self.identities.note_use(access_key, service, region, now_ms);
        }
    }
}

impl Account {
    /// The principal of a session, while its role or user exists, and the access key that it depends on is active.
    fn session_principal(&self, session: &Session) -> Option<Principal> {
        if session.account != self.id || !self.has_issuer(session) {
            return None;
        }
        let mut principal = match &session.holder {
            Holder::Root => self.root_principal(),
            Holder::User { id } => self.user_by_id(id)?,
            Holder::Role { id, session_name } => self.role_principal(id, session_name)?,
            Holder::Federated { name, user } => self.federated_principal(name, user.as_deref())?,
        };
        session.tags.iter().for_each(|(key, value)| override_tag(&mut principal.tags, key, value));
        principal.context = context(session);
        // Policies that cannot be read allow nothing, whatever the session's say.
        if principal.session_policies.is_none() {
            principal.session_policies = self.session_policies(session);
        }
        Some(principal)
    }

    /// Whether the access key that a session was taken with is still good. A role's session does not depend on one: it was
    /// the role's trust that counted.
    fn has_issuer(&self, session: &Session) -> bool {
        let user = match &session.holder {
            Holder::Role { .. } => return true,
            Holder::Root => None,
            Holder::User { id } => Some(id),
            Holder::Federated { user, .. } => user.as_ref(),
        };
        // An older program has not written which key it was; a user's session then lasts until its end, and a root's, which
        // is an hour at most, is over.
        let Some(key) = &session.issued_by else { return user.is_some() };
        let Some(key) = self.keys.get(key).filter(|key| key.status == KeyStatus::Active) else { return false };
        let owner = key.user.as_deref().and_then(|name| self.user(name)).map(|user| &user.id);
        owner == user && key.user.is_some() == user.is_some()
    }

    fn user_by_id(&self, id: &str) -> Option<Principal> {
        Some(self.principal_of(self.user_of_id(id)?))
    }

    fn role_principal(&self, id: &str, session_name: &str) -> Option<Principal> {
        let role = self.role_of_id(id)?;
        let granted = self.granted_role(role);
        Some(Principal {
            kind: PrincipalKind::AssumedRole,
            account: self.id.clone(),
            arn: assumed_role_arn(&self.id, &role.name, session_name),
            role_arn: Some(role.arn(&self.id)),
            role_id: Some(id.to_owned()),
            user_id: format!("{id}:{session_name}"),
            username: None,
            tags: role.tags.clone(),
            context: BTreeMap::new(),
            identity_policies: granted.policies,
            boundary: granted.boundary,
            session_policies: granted.unreadable.then(Vec::new),
        })
    }

    fn federated_principal(&self, name: &str, user: Option<&str>) -> Option<Principal> {
        let by = match user {
            Some(id) => self.user_by_id(id)?,
            // The root may do everything; what is left of it is what the session's policies say.
            None => Principal { identity_policies: vec![everything()?], ..self.root_principal() },
        };
        Some(Principal {
            kind: PrincipalKind::FederatedUser,
            arn: federated_user_arn(&self.id, name),
            role_arn: user.map(|_| by.arn.clone()),
            role_id: user.map(str::to_owned),
            user_id: format!("{}:{name}", self.id),
            username: None,
            ..by
        })
    }

    /// The unique id of a managed policy of this account; empty for AWS's own.
    pub(crate) fn policy_id(&self, arn: &str) -> &str {
        self.policy(arn).map(|policy| &*policy.id).unwrap_or_default()
    }

    /// What a session is narrowed to. A managed policy that is not there any more, or is another one under the same name,
    /// might have denied: nothing is allowed then.
    fn session_policies(&self, session: &Session) -> Option<Vec<Arc<Policy>>> {
        if session.policy.is_none() && session.policy_arns.is_empty() {
            return matches!(session.holder, Holder::Federated { .. }).then(Vec::new);
        }
        let own = session.policy.iter().map(|text| Policy::parse(PolicyKind::Identity, text).ok().map(Arc::new));
        let managed = session.policy_arns.iter().enumerate().map(|(at, arn)| {
            let id = session.policy_ids.get(at);
            self.managed_policy(arn).filter(|_| id.is_none_or(|id| *id == self.policy_id(arn)))
        });
        Some(own.chain(managed).collect::<Option<Vec<_>>>().unwrap_or_default())
    }
}

/// The keys of a request's context that come with a session.
fn context(session: &Session) -> BTreeMap<String, Vec<String>> {
    let mut context = session.context.clone();
    let mut put = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            context.insert(name.to_owned(), values);
        }
    };
    put(ISSUED, vec![timestamp(session.issued_s * 1_000)]);
    put("aws:multifactorauthpresent", vec!["false".to_owned()]);
    put(SOURCE_IDENTITY, session.source_identity.iter().cloned().collect());
    put(TRANSITIVE, session.transitive.iter().cloned().collect());
    context
}

fn everything() -> Option<Arc<Policy>> {
    managed::find("arn:aws:iam::aws:policy/AdministratorAccess")?.document.policy(PolicyKind::Identity)
}
