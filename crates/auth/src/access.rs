//! Access control of callers: any well-formed credential is accepted, or only requests with a valid signature.

use std::sync::Arc;

use base::Clock;
use zeroize::Zeroizing;

use crate::caller::{Caller, Spaces};
use crate::iam::{Identity, Principal, Transport};
use crate::keys::KeyRing;
use crate::sigv4::{Headers, Place, Received, Refusal, Signature, Signed, SigningKeys, check_once};

/// How a server takes its callers.
pub enum Access {
    /// Any well-formed credential; signatures are not checked.
    Open(Spaces),
    /// The keys of this ring; each sees its account, in the region that it signs for.
    Signed(KeyRing, Clock),
    /// Principals, each with what its policies allow.
    Identity(Principals),
}

/// An access key that the directory has: its secret and its principal.
pub struct Known {
    pub secret: Zeroizing<String>,
    pub principal: Arc<Principal>,
}

/// What the directory returns for a credential before its signature is checked.
pub struct Recognized {
    pub secret: Zeroizing<String>,
    /// Absent while nothing but the name of an access key would make the directory gather policies.
    pub principal: Option<Arc<Principal>>,
}

/// Where access keys and their principals are looked up: in memory, for it is asked with every request.
pub trait Directory: Send + Sync + 'static {
    /// `token` is the session token that came along, not yet proven by the signature.
    ///
    /// # Errors
    /// [`Refusal::Unrecognized`] or [`Refusal::Expired`].
    fn known(&self, access_key: &str, token: Option<&str>, now_ms: u64) -> Result<Known, Refusal>;

    /// The secret alone, where the principal is not at hand: names of access keys are no secrets, and policies are gathered
    /// for callers that have signed. It may recognize more than [`Directory::known`], which is called once the signature is good.
    ///
    /// # Errors
    /// [`Refusal::Unrecognized`] or [`Refusal::Expired`].
    fn recognize(&self, access_key: &str, token: Option<&str>, now_ms: u64) -> Result<Recognized, Refusal> {
        let Known { secret, principal } = self.known(access_key, token, now_ms)?;
        Ok(Recognized { secret, principal: Some(principal) })
    }

    /// A request with this key had a valid signature.
    fn used(&self, access_key: &str, service: &str, region: &str, now_ms: u64);
}

/// The callers that a directory has.
pub struct Principals {
    directory: Arc<dyn Directory>,
    clock: Clock,
    signing: SigningKeys,
}

impl Principals {
    pub fn new(directory: Arc<dyn Directory>, clock: Clock) -> Principals {
        Principals { directory, clock, signing: SigningKeys::default() }
    }

    /// Looks up the access key that the head of a request names; the signature is not verified.
    fn recognize(
        &self,
        api: Api<'_>,
        signature: &Signature<'_>,
        headers: &dyn Headers,
    ) -> Result<(Recognized, u64), Refusal> {
        let now_ms = self.clock.now_ms();
        // Clients sign by the real time, whatever a test makes of the server's.
        check(api, signature, headers, self.clock.unmoved().now_ms())?;
        let access_key = &signature.credential.access_key;
        Ok((self.directory.recognize(access_key, signature.token.as_deref(), now_ms)?, now_ms))
    }

    fn caller(
        &self,
        api: Api<'_>,
        signature: &Signature<'_>,
        received: &Received<'_>,
        transport: Transport,
    ) -> Result<Caller, Refusal> {
        let (recognized, now_ms) = self.recognize(api, signature, received.headers)?;
        // Before all that follows: a request without a valid signature gathers no policies and is no use of the key.
        self.signing.verify(signature, &recognized.secret, received)?;
        let credential = &signature.credential;
        let principal = match recognized.principal {
            Some(principal) => principal,
            None => self.directory.known(&credential.access_key, signature.token.as_deref(), now_ms)?.principal,
        };
        self.directory.used(&credential.access_key, api.service, &credential.region, now_ms);
        Ok(Caller {
            account: principal.account.clone(),
            region: credential.region.to_string(),
            access_key: credential.access_key.to_string(),
            identity: Some(Identity { principal, transport, user_agent: None, now_ms }),
            served: None,
        })
    }
}

/// The checks of a signature that need no secret. Any region is accepted: each is a separate space.
fn check(api: Api<'_>, signature: &Signature<'_>, headers: &dyn Headers, now_ms: u64) -> Result<(), Refusal> {
    signature.check(Place { region: None, service: api.service }, now_ms)?;
    signature.check_headers(headers, api.content_types)
}

/// What a request is for, as far as its signature is about it.
#[derive(Clone, Copy, Debug)]
pub struct Api<'a> {
    /// As scopes name it.
    pub service: &'a str,
    /// That the request's protocol takes.
    pub content_types: &'a [&'a str],
}

impl Access {
    /// The caller that has signed.
    ///
    /// # Errors
    /// AWS's refusal.
    pub fn caller(
        &self,
        api: Api<'_>,
        signed: &Signed<'_>,
        received: &Received<'_>,
        transport: Transport,
    ) -> Result<Caller, Refusal> {
        check_once(received.headers)?;
        let signature = signed.signature()?;
        match self {
            Access::Open(spaces) => spaces.caller(&signature.credential),
            Access::Signed(keys, clock) => {
                check(api, &signature, received.headers, clock.unmoved().now_ms())?;
                keys.caller(&signature, received)
            }
            Access::Identity(principals) => principals.caller(api, &signature, received, transport),
        }
    }

    /// Whether the caller may be a known one, as far as the head of a request says: a look-up, made before memory is spent
    /// on the body, which the signature covers.
    ///
    /// # Errors
    /// The refusal that [`Access::caller`] gives, whatever the body is.
    pub fn preflight(&self, api: Api<'_>, signed: &Signed<'_>, headers: &dyn Headers) -> Result<(), Refusal> {
        check_once(headers)?;
        let signature = signed.signature()?;
        match self {
            Access::Open(spaces) => spaces.caller(&signature.credential).map(|_| ()),
            Access::Signed(keys, clock) => {
                check(api, &signature, headers, clock.unmoved().now_ms())?;
                keys.check_known(&signature.credential)
            }
            Access::Identity(principals) => principals.recognize(api, &signature, headers).map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests;
