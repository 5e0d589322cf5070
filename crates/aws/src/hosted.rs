//! A service with functions of its own and all else in common: what a request is named in the audit log, what it requires of
//! policies, and in which order it is decoded, named, decided and executed.
//!
//! A service says, by operation: how a request is decoded ([`Decoded`], unless it has a decoder of its own), the members that are names
//! (`names`), the actions and resources with the values of their condition keys (`permissions`), and what it does (`execute`). What an
//! operation learns to require only while it is executed, it asks itself, by [`Permissions::ask`].

use auth::Caller;
use auth::iam::Unpermitted;

use crate::codec;
use crate::decode_error::DecodeError;
use crate::facts::RequestFacts;
use crate::members::Members;
use crate::model::{OperationId, Protocol, ServiceModel};
use crate::permission::Permissions;
use crate::service::{Answering, AwsService, BODY_SIZE_BYTES_MAX, Fault, Reply, Request};
use crate::service_error::ServiceError;
use crate::value::Structure;

/// Values of a list that the audit log has. Source: CloudWatch's model, alarms of a request.
const NAMES_MAX: usize = 100;

pub trait HostedService: Send + Sync + 'static {
    const MODEL: &'static ServiceModel;
    /// Of what is read. Unit: bytes.
    const BODY_SIZE_BYTES_MAX: usize = BODY_SIZE_BYTES_MAX;
    /// A request, decoded once: what is named, decided and done is read from it.
    type Call: Send + Sync;
    type Refusal: From<Refusal> + Send;

    fn decode(
        &self,
        caller: &Caller,
        request: Request<'_>,
    ) -> impl Future<Output = Result<Self::Call, Self::Refusal>> + Send;

    /// What the audit log has of a request.
    fn names(&self, call: &Self::Call) -> Vec<(&'static str, String)>;

    /// Before policies are evaluated: whether anything that they decide about is larger than it can be.
    ///
    /// # Errors
    /// All that is.
    fn check_sizes(&self, _call: &Self::Call) -> Result<(), DecodeError> {
        Ok(())
    }

    /// What a request requires, asked before it is executed. Only of callers that have an identity.
    fn permissions<'a>(
        &'a self,
        caller: &'a Caller,
        call: &'a Self::Call,
    ) -> impl Future<Output = Result<Permissions<'a>, Self::Refusal>> + Send;

    fn execute(
        &self,
        caller: &Caller,
        call: Self::Call,
    ) -> impl Future<Output = Result<Structure, Self::Refusal>> + Send;

    fn error(refusal: Self::Refusal, protocol: Protocol) -> ServiceError;

    /// The front end's refusal, if the service has words of its own for it.
    fn fault(fault: Fault, protocol: Protocol) -> ServiceError {
        ServiceError::common(Self::MODEL, fault, protocol)
    }
}

impl<S: HostedService> AwsService for S {
    fn model(&self) -> &'static ServiceModel {
        S::MODEL
    }

    fn body_bytes_max(&self) -> usize {
        S::BODY_SIZE_BYTES_MAX
    }

    fn call<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let Request { operation, protocol, request_id, .. } = request;
            match answered(self, request).await {
                Ok(output) => codec::answer(operation, protocol, &output, request_id),
                Err(refusal) => codec::refuse(S::MODEL, protocol, S::error(refusal, protocol), request_id),
            }
        })
    }

    fn refuse(&self, fault: Fault, protocol: Protocol, request_id: &str) -> Reply {
        codec::refuse(S::MODEL, protocol, S::fault(fault, protocol), request_id)
    }
}

async fn answered<S: HostedService>(service: &S, request: Request<'_>) -> Result<Structure, S::Refusal> {
    let Request { caller, observer, .. } = request;
    let caller = caller.ok_or(Refusal::Fault(Fault::Caller(auth::Refusal::Missing)))?;
    let call = service.decode(caller, request).await?;
    // Before the decision: the audit log has the names of a request that is refused, too.
    if let Some(observer) = observer {
        observer.asked(RequestFacts { accesses: Vec::new(), parameters: service.names(&call) });
    }
    perform(service, caller, call).await
}

/// Decides a request and executes it.
///
/// # Errors
/// The service's refusal; nothing has been executed if policies refuse.
pub async fn perform<S: HostedService>(service: &S, caller: &Caller, call: S::Call) -> Result<Structure, S::Refusal> {
    service.check_sizes(&call).map_err(Refusal::from)?;
    if caller.identity.is_some() {
        service.permissions(caller, &call).await?.ask(caller).map_err(Refusal::from)?;
    }
    service.execute(caller, call).await
}

/// A request of the common decoder: its operation and its members.
#[derive(Clone, Debug)]
pub struct Decoded {
    pub operation: OperationId,
    values: Structure,
}

impl Decoded {
    /// # Errors
    /// If it is no request to its operation.
    pub fn of(request: &Request<'_>) -> Result<Decoded, DecodeError> {
        let Request { operation, protocol, input, .. } = request;
        Ok(Decoded { operation: *operation, values: codec::decode(*operation, *protocol, input)? })
    }

    /// As they were sent: they may break constraints.
    pub fn members(&self) -> Members<'_> {
        Members::of_request(self.operation, &self.values)
    }

    /// The members that the audit log has, each with CloudTrail's spelling: scalars ([`Members::scalar`]), and lists of texts.
    pub fn names(&self, named: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let members = self.members();
        let value = |member: &str| match members.scalar(member) {
            Some(text) => Some(text),
            None => {
                let texts = members.texts(member);
                (!texts.is_empty()).then(|| texts[..texts.len().min(NAMES_MAX)].join(", "))
            }
        };
        named.iter().filter_map(|(shown, member)| Some((*shown, value(member)?))).collect()
    }

    /// # Errors
    /// All that is larger than its shape allows.
    pub fn check_sizes(&self) -> Result<(), DecodeError> {
        codec::check_sizes(self.operation, &self.values)
    }

    /// The members, if they satisfy their constraints.
    ///
    /// # Errors
    /// All constraints that they break.
    pub fn checked(self) -> Result<Structure, DecodeError> {
        codec::check(self.operation, &self.values)?;
        Ok(self.values)
    }
}

/// What all hosted services refuse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    Undecodable(DecodeError),
    Unpermitted(Unpermitted),
    /// An operation of the service that this server does not have.
    NotBuilt(String),
    Fault(Fault),
}

impl Refusal {
    /// `api` as `CloudWatch's API`.
    pub fn not_built(api: &str, operation: OperationId) -> Refusal {
        Refusal::NotBuilt(format!("This server has no operation {operation} of {api}"))
    }

    /// A failure of this server. The text is the operator's.
    pub fn failure(detail: impl ToString) -> Refusal {
        Refusal::Fault(Fault::Internal(detail.to_string()))
    }

    /// In the words that services have in common.
    pub fn error(self, service: &ServiceModel, protocol: Protocol) -> ServiceError {
        match self {
            Refusal::Undecodable(error) => ServiceError::undecodable(&error, protocol),
            Refusal::Unpermitted(reason) => {
                let (name, status) = match protocol {
                    Protocol::Query => ("AccessDenied", 403),
                    Protocol::RestJson => ("AccessDeniedException", 403),
                    Protocol::AwsJson | Protocol::RpcV2Cbor => ("AccessDeniedException", 400),
                };
                ServiceError::new(name, status, reason.to_string())
            }
            Refusal::NotBuilt(text) => {
                let name = if protocol == Protocol::Query { "InvalidAction" } else { "UnknownOperationException" };
                ServiceError::new(name, 400, text)
            }
            Refusal::Fault(fault) => ServiceError::common(service, fault, protocol),
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Refusal {
        Refusal::Undecodable(error)
    }
}

impl From<Unpermitted> for Refusal {
    fn from(reason: Unpermitted) -> Refusal {
        Refusal::Unpermitted(reason)
    }
}

#[cfg(test)]
mod tests;
