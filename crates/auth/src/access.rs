//! Who may call: anybody who says a name, or only those whose signatures are good.

use std::sync::Arc;

use base::Clock;
use zeroize::Zeroizing;

use crate::caller::{Caller, Spaces};
use crate::iam::{Identity, Principal, Transport};
use crate::keys::KeyRing;
use crate::sigv4::{Place, Received, Refusal, Signature, Signed, SigningKeys};

/// How a server takes its callers.
pub enum Access {
    /// Any well-formed credential; signatures are not checked.
    Open(Spaces),
    /// The keys of this ring; each sees its account, in the region that it signs for.
    Signed(KeyRing, Clock),
    /// Principals, each with what its policies allow.
    Identity(Principals),
}

/// Whose an access key is.
pub struct Known {
    pub secret: Zeroizing<String>,
    pub principal: Arc<Principal>,
}

/// Where access keys and their principals are looked up: in memory, for it is asked with every request.
pub trait Directory: Send + Sync + 'static {
    /// `token` is the session token that came along, not yet proven by the signature.
    ///
    /// # Errors
    /// [`Refusal::Unrecognized`] or [`Refusal::Expired`].
    fn known(&self, access_key: &str, token: Option<&str>, now_ms: u64) -> Result<Known, Refusal>;

    /// A request with this key was signed well.
    fn used(&self, access_key: &str, service: &str, region: &str, now_ms: u64);
}

/// Everybody whom a directory knows.
pub struct Principals {
    directory: Arc<dyn Directory>,
    clock: Clock,
    signing: SigningKeys,
}

impl Principals {
    fn caller(
        &self,
        service: &str,
        signature: &Signature<'_>,
        received: &Received<'_>,
        transport: Transport,
    ) -> Result<Caller, Refusal> {
        let now_ms = self.clock.now_ms();
        signature.check(Place { region: None, service }, now_ms)?;
        let credential = &signature.credential;
        let known = self.directory.known(&credential.access_key, signature.token.as_deref(), now_ms)?;
        signature.verify(&self.signing.key(credential, &known.secret), received)?;
        self.directory.used(&credential.access_key, service, &credential.region, now_ms);
        Ok(Caller {
            account: known.principal.account.clone(),
            region: credential.region.to_string(),
            access_key: credential.access_key.to_string(),
            identity: Some(Identity { principal: known.principal, transport, user_agent: None, now_ms }),
        })
    }

    pub fn new(directory: Arc<dyn Directory>, clock: Clock) -> Principals {
        Principals { directory, clock, signing: SigningKeys::default() }
    }
}

impl Access {
    /// Who has signed, for a service as AWS calls it.
    ///
    /// # Errors
    /// AWS's refusal.
    pub fn caller(
        &self,
        service: &str,
        signed: &Signed<'_>,
        received: &Received<'_>,
        transport: Transport,
    ) -> Result<Caller, Refusal> {
        let signature = signed.signature()?;
        match self {
            Access::Open(spaces) => Ok(spaces.caller(&signature.credential)),
            Access::Signed(keys, clock) => {
                // Regions are as many as are asked for: each is a space of its own.
                signature.check(Place { region: None, service }, clock.now_ms())?;
                keys.caller(&signature, received)
            }
            Access::Identity(principals) => principals.caller(service, &signature, received, transport),
        }
    }
}
