//! What a request narrows a session to, and the credentials that it gets in the end.

use std::collections::{BTreeMap, BTreeSet};

use auth::iam::{Policy, PolicyKind};

use super::asked::{length, optional};
use crate::authority::Authority;
use crate::query::{Code, Parameters, Refusal, Xml, timestamp};
use crate::session::{Holder, Session};
use crate::store::{Account, unique_id};

/// Unit: characters.
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
    /// `account` is whose managed policies can be named.
    pub(super) fn asked(parameters: &Parameters, account: &Account) -> Result<Bounds, Refusal> {
        let policy = optional(parameters, "Policy", 1, POLICY_LENGTH_MAX)?;
        if let Some(text) = policy {
            Policy::parse(PolicyKind::Identity, text)
                .map_err(|error| Refusal::new(Code::MalformedPolicyDocument, error.to_string()))?;
        }
        let members = parameters.members("PolicyArns");
        if members.len() > POLICY_ARNS_MAX {
            return Err(Refusal::validation(format!(
                "The number of policy ARNs exceeds the limit of {POLICY_ARNS_MAX}"
            )));
        }
        let mut policy_arns = Vec::new();
        for (at, member) in &members {
            let name = format!("PolicyArns.{at}.member.arn");
            let arn = *member.get("arn").ok_or_else(|| Refusal::missing(&name))?;
            length(&name, arn, 20, 2_048)?;
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
    pub(super) fn credentials(&self, xml: &mut Xml) {
        xml.within("Credentials", |xml| {
            xml.text("AccessKeyId", &self.session.access_key);
            xml.text("SecretAccessKey", &self.session.secret);
            xml.text("SessionToken", &self.token);
            xml.text("Expiration", &timestamp(self.session.expires_s * 1_000));
        });
    }

    pub(super) fn packed_size(&self, xml: &mut Xml) {
        if let Some(percent) = self.percent {
            xml.value("PackedPolicySize", percent);
        }
    }
}
