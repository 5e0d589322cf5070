//! What a request narrows a session to, and the credentials that it gets in the end.

use std::collections::{BTreeMap, BTreeSet};

use auth::iam::{Policy, PolicyKind};
use aws::Timestamp;
use aws::sts::{Credentials, PolicyDescriptorType};

use crate::authority::Authority;
use crate::query::{Code, Refusal};
use crate::session::{Holder, Session};
use crate::store::{Account, unique_id};

/// The model bounds the policies of some operations only. Unit: characters.
const POLICY_LENGTH_MAX: usize = 2_048;
const POLICY_ARNS_MAX: usize = 10;

/// What a session may do at most.
#[derive(Default)]
pub(super) struct Bounds {
    pub policy: Option<String>,
    pub policy_arns: Vec<String>,
    pub policy_ids: Vec<String>,
}

impl Bounds {
    /// `account` has the managed policies that can be named.
    pub(super) fn asked(
        policy: Option<&str>,
        descriptors: Option<&[PolicyDescriptorType]>,
        account: &Account,
    ) -> Result<Bounds, Refusal> {
        if let Some(text) = policy {
            if text.chars().count() > POLICY_LENGTH_MAX {
                let constraint = format!("Member must have length less than or equal to {POLICY_LENGTH_MAX}");
                return Err(Refusal::broken("Policy", text, &constraint));
            }
            Policy::parse(PolicyKind::Identity, text)
                .map_err(|error| Refusal::new(Code::MalformedPolicyDocument, error.to_string()))?;
        }
        let descriptors = descriptors.unwrap_or_default();
        if descriptors.len() > POLICY_ARNS_MAX {
            return Err(Refusal::validation(format!(
                "The number of policy ARNs exceeds the limit of {POLICY_ARNS_MAX}"
            )));
        }
        let mut policy_arns = Vec::new();
        for (at, descriptor) in descriptors.iter().enumerate() {
            let missing = || Refusal::missing(&format!("PolicyArns.{}.member.arn", at + 1));
            let arn = descriptor.arn.as_deref().ok_or_else(missing)?;
            if account.managed_policy(arn).is_none() {
                let text = format!("Policy {arn} does not exist or is not attachable.");
                return Err(Refusal::new(Code::MalformedPolicyDocument, text));
            }
            policy_arns.push(arn.to_owned());
        }
        let policy_ids = policy_arns.iter().map(|arn| account.policy_id(arn).to_owned()).collect();
        Ok(Bounds { policy: policy.map(str::to_owned), policy_arns, policy_ids })
    }
}

/// Everything about a session but what is made for it.
pub(super) struct Grant<'a> {
    pub account: &'a str,
    pub holder: Holder,
    /// The access key that the session ends with.
    pub issued_by: Option<&'a str>,
    pub seconds: u64,
    pub bounds: Bounds,
    pub tags: BTreeMap<String, String>,
    pub transitive: BTreeSet<String>,
    pub source_identity: Option<String>,
    pub context: BTreeMap<String, Vec<String>>,
}

/// A session, and how much of the room for policies and tags it takes.
pub(super) struct Granted {
    session: Session,
    token: String,
    percent: Option<usize>,
}

impl Grant<'_> {
    /// # Errors
    /// If its policies and tags are too many for a token.
    pub(super) fn granted(self, authority: &Authority) -> Result<Granted, Refusal> {
        let mut random = [0; 8];
        base::random::fill(&mut random);
        let access_key = auth::issue_access_key("ASIA", self.account, u64::from_be_bytes(random));
        let access_key = access_key.ok_or_else(|| Refusal::failure(format!("{} is no account", self.account)))?;
        let issued_s = authority.identities.clock.now_ms() / 1_000;
        let session = Session {
            access_key,
            secret: unique_id::secret(),
            account: self.account.to_owned(),
            issued_s,
            expires_s: issued_s + self.seconds,
            holder: self.holder,
            issued_by: self.issued_by.map(str::to_owned),
            policy: self.bounds.policy,
            policy_arns: self.bounds.policy_arns,
            policy_ids: self.bounds.policy_ids,
            tags: self.tags,
            transitive: self.transitive,
            source_identity: self.source_identity,
            context: self.context,
        };
        let percent = session.packed_percent();
        if let Some(percent) = percent.filter(|percent| *percent > 100) {
            let text = if session.policy.is_none() && session.policy_arns.is_empty() {
                format!("Packed size of session tags consumes {percent}% of allotted space.")
            } else {
                format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.")
            };
            return Err(Refusal::new(Code::PackedPolicyTooLarge, text));
        }
        let token = authority.tokens.token(&session);
        Ok(Granted { session, token, percent })
    }
}

impl Granted {
    pub(super) fn into_credentials(self) -> Credentials {
        Credentials {
            access_key_id: self.session.access_key,
            expiration: Timestamp(self.session.expires_s * 1_000),
            secret_access_key: self.session.secret,
            session_token: self.token,
        }
    }

    /// A percentage, which a grant has proven to be at most 100.
    pub(super) fn packed_size(&self) -> Option<i32> {
        self.percent.and_then(|percent| i32::try_from(percent).ok())
    }
}
