//! The recognition of credentials: access keys by the store, sessions by their tokens. Every request needs it, so what is found is
//! cached until the account changes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use auth::iam::{Policy, PolicyKind, Principal, PrincipalKind};
use auth::{Directory, Known, Recognized, Refusal};
use client::Egress;
use ops::allowance;
use parking_lot::RwLock;
use ring::digest::{SHA256, digest};

use crate::auth_key::AuthKey;
use crate::credential_cache::{Credential, CredentialCache};
use crate::session::{Holder, Session, Tokens};
use crate::store::entity::{KeyStatus, User};
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

    /// For tests: with a cache of so many bytes.
    #[cfg(test)]
    pub(crate) fn bound_cache(&self, bytes_max: usize) {
        *self.recognized.write() = CredentialCache::bounded(bytes_max);
    }

    fn key(&self, account: &Account, access_key: &str) -> Option<Found> {
        let key = account.keys.get(access_key).filter(|key| key.status == KeyStatus::Active)?;
        let user = match &key.user {
            Some(name) => Some(Arc::clone(account.user(name)?)),
            None => None,
        };
        Some(Found::Key { secret: self.identities.secret(key)?, user })
    }

    /// What a credential is in its account; policies are not evaluated.
    fn find(&self, account: &Account, access_key: &str, token: Option<&str>, now_ms: u64) -> Result<Found, Refusal> {
        let found = match token {
            None => self.key(account, access_key),
            Some(token) => {
                let session = self.tokens.session(access_key, token, now_ms)?;
                account.has_holder(&session).then(|| Found::Session(Box::new(session)))
            }
        };
        found.ok_or(Refusal::Unrecognized)
    }

    /// Of a credential that the cache has.
    fn cached(&self, name: &[u8], account: &Arc<Account>, now_ms: u64) -> Option<Result<Known, Refusal>> {
        let recognized = self.recognized.read();
        let credential = recognized.get(name, account)?;
        Some(if credential.has_expired(now_ms) { Err(Refusal::Expired) } else { Ok(credential.known()) })
    }
}

/// What an access key or a token is, before its policies are gathered.
enum Found {
    /// Of a user, or of the root.
    Key {
        secret: String,
        user: Option<Arc<User>>,
    },
    Session(Box<Session>),
}

impl Found {
    /// With its policies, which are parsed if the cache has not got them.
    fn credential(self, account: &Account) -> Option<Credential> {
        let (secret, principal, expires_s) = match self {
            Found::Key { secret, user: Some(user) } => (secret, account.principal_of(&user), None),
            Found::Key { secret, user: None } => (secret, account.root_principal(), None),
            Found::Session(session) => {
                let principal = account.session_principal(&session)?;
                (session.secret, principal, Some(session.expires_s))
            }
        };
        Some(Credential::new(secret, principal, expires_s))
    }

    fn secret(self) -> String {
        match self {
            Found::Key { secret, .. } => secret,
            Found::Session(session) => session.secret,
        }
    }
}

/// As the cache has it.
fn name_of(access_key: &str, token: Option<&str>) -> Vec<u8> {
    match token {
        None => access_key.as_bytes().to_vec(),
        Some(token) => digest(&SHA256, &[access_key.as_bytes(), b" ", token.as_bytes()].concat()).as_ref().to_vec(),
    }
}

impl Directory for Authority {
    fn known(&self, access_key: &str, token: Option<&str>, now_ms: u64) -> Result<Known, Refusal> {
        let snapshot = self.identities.snapshot();
        let account = auth::issued_account(access_key).ok_or(Refusal::Unrecognized)?;
        let account = snapshot.account(&account).ok_or(Refusal::Unrecognized)?;
        let name = name_of(access_key, token);
        if let Some(known) = self.cached(&name, account, now_ms) {
            return known;
        }
        let found = self.find(account, access_key, token, now_ms)?;
        // The largest policies that the quotas allow take some milliseconds, which other requests do not wait for.
        let credential = allowance::in_one_go(account.text_bytes(&found), || found.credential(account));
        let credential = credential.ok_or(Refusal::Unrecognized)?;
        let known = credential.known();
        let evicted = self.recognized.write().insert(name, account, credential, now_ms);
        allowance::in_one_go(evicted.bytes(), || drop(evicted));
        Ok(known)
    }

    fn recognize(&self, access_key: &str, token: Option<&str>, now_ms: u64) -> Result<Recognized, Refusal> {
        let snapshot = self.identities.snapshot();
        let account = auth::issued_account(access_key).ok_or(Refusal::Unrecognized)?;
        let account = snapshot.account(&account).ok_or(Refusal::Unrecognized)?;
        if let Some(known) = self.cached(&name_of(access_key, token), account, now_ms) {
            let Known { secret, principal } = known?;
            return Ok(Recognized { secret, principal: Some(principal) });
        }
        let found = self.find(account, access_key, token, now_ms)?;
        Ok(Recognized { secret: found.secret().into(), principal: None })
    }

    fn used(&self, access_key: &str, service: &str, region: &str, now_ms: u64) {
        if access_key.starts_with("AKIA") {
            self.identities.note_use(access_key, service, region, now_ms);
        }
    }
}

impl Account {
    /// Whether a session's role or user exists, and the access key that it depends on is active.
    fn has_holder(&self, session: &Session) -> bool {
        let has_user = |id: &String| self.user_of_id(id).is_some();
        let exists = match &session.holder {
            Holder::Root => true,
            Holder::User { id } => has_user(id),
            Holder::Role { id, .. } => self.role_of_id(id).is_some(),
            Holder::Federated { user, .. } => user.as_ref().is_none_or(has_user),
        };
        session.account == self.id && exists && self.has_issuer(session)
    }

    /// The length of the documents that a credential's policies are parsed from.
    fn text_bytes(&self, found: &Found) -> usize {
        match found {
            Found::Key { user, .. } => user.as_ref().map_or(0, |user| self.user_text_bytes(user)),
            Found::Session(session) => {
                let of_user = |id: &String| self.user_of_id(id).map_or(0, |user| self.user_text_bytes(user));
                let own = match &session.holder {
                    Holder::Root => 0,
                    Holder::User { id } => of_user(id),
                    Holder::Role { id, .. } => {
                        self.role_of_id(id).map_or(0, |role| self.grants_text_bytes(&role.grants))
                    }
                    Holder::Federated { user, .. } => user.as_ref().map_or(0, of_user),
                };
                let managed: usize = session.policy_arns.iter().map(|arn| self.managed_text_bytes(arn)).sum();
                own + managed + session.policy.as_ref().map_or(0, String::len)
            }
        }
    }

    /// The principal of a session, while its role or user exists, and the access key that it depends on is active.
    fn session_principal(&self, session: &Session) -> Option<Principal> {
        if !self.has_holder(session) {
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
    put(ISSUED, vec![base::utc::rfc3339(session.issued_s * 1_000)]);
    put("aws:multifactorauthpresent", vec!["false".to_owned()]);
    put(SOURCE_IDENTITY, session.source_identity.iter().cloned().collect());
    put(TRANSITIVE, session.transitive.iter().cloned().collect());
    context
}

fn everything() -> Option<Arc<Policy>> {
    managed::find("arn:aws:iam::aws:policy/AdministratorAccess")?.default()?.document.policy(PolicyKind::Identity)
}
