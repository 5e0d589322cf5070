//! Who may call: anybody who says a name, or only those whose signatures are good.

use base::Clock;

use crate::caller::{Caller, Spaces};
use crate::keys::KeyRing;
use crate::sigv4::{Place, Received, Refusal, Signed};

/// How a server takes its callers.
pub enum Access {
    /// Any well-formed credential; signatures are not checked.
    Open(Spaces),
    /// The keys of this ring; each sees its account, in the region that it signs for.
    Signed(KeyRing, Clock),
}

impl Access {
    /// Who has signed, for a service as AWS calls it.
    ///
    /// # Errors
    /// AWS's refusal.
    pub fn caller(&self, service: &str, signed: &Signed<'_>, received: &Received<'_>) -> Result<Caller, Refusal> {
        let signature = signed.signature()?;
        match self {
            Access::Open(spaces) => Ok(spaces.caller(&signature.credential)),
            Access::Signed(keys, clock) => {
                // Regions are as many as are asked for: each is a space of its own.
                signature.check(Place { region: None, service }, clock.now_ms())?;
                keys.caller(&signature, received)
            }
        }
    }
}
