//! This API as a service of the handler.

use auth::{Caller, Refusal as Unsigned};
use aws::{
    Fault, HostedService, Input as Received, LAMBDA, OperationId, Permissions, Protocol, Refusal as Common, Request,
    ServiceError, ServiceModel, Structure,
};

use super::call::{BODY_SIZE_BYTES_MAX, Call};
use super::route::Route;
use super::{Answer, Refusal};
use crate::triggers::Triggers;

impl HostedService for Triggers {
    const MODEL: &'static ServiceModel = &LAMBDA;
    const BODY_SIZE_BYTES_MAX: usize = BODY_SIZE_BYTES_MAX;
    type Call = Call;
    type Refusal = Refusal;

    async fn decode(&self, caller: &Caller, request: Request<'_>) -> Answer<Call> {
        let Received::Rest { labels, query, body } = request.input else { return Err(Refusal::UnknownOperation) };
        let route = Route::of(request.operation, labels).ok_or(Refusal::UnknownOperation)?;
        Call::decode(caller, route, query, &body).await
    }

    fn names(&self, call: &Call) -> Vec<(&'static str, String)> {
        call.names().into_iter().map(|(member, name)| (member, name.to_owned())).collect()
    }

    async fn permissions<'a>(&'a self, caller: &'a Caller, call: &'a Call) -> Answer<Permissions<'a>> {
        self.required(caller, call).await
    }

    async fn execute(&self, caller: &Caller, call: Call) -> Answer<Structure> {
        self.dispatch(caller, &call).await
    }

    fn error(refusal: Refusal, _: Protocol) -> ServiceError {
        refusal.error()
    }

    fn fault(fault: Fault, protocol: Protocol) -> ServiceError {
        match fault {
            Fault::Body(_) => ServiceError::common(&LAMBDA, fault, protocol),
            fault => Refusal::from(fault).error(),
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        match fault {
            Fault::Caller(refusal) => Refusal::Unsigned(name(&refusal), refusal.to_string()),
            Fault::UnknownOperation { .. } => Refusal::UnknownOperation,
            Fault::TooLarge(operation) => Refusal::RequestTooLarge(operation.map_or("", OperationId::name)),
            Fault::Body(_) => Refusal::Serialization("The request's body was not received".to_owned()),
            Fault::Form(error) => Refusal::Serialization(error.to_string()),
            Fault::Throttled => Refusal::TooManyRequests,
            Fault::Internal(detail) => Refusal::Service(detail),
        }
    }
}

impl From<Common> for Refusal {
    fn from(refusal: Common) -> Refusal {
        match refusal {
            Common::Undecodable(error) => error.into(),
            // Lambda has no exception of its own for policies that take too much work.
            Common::Unpermitted(reason) => Refusal::Unsigned("AccessDeniedException", reason.to_string()),
            Common::NotBuilt(_) => Refusal::UnknownOperation,
            Common::Fault(fault) => fault.into(),
        }
    }
}

fn name(refusal: &Unsigned) -> &'static str {
    match refusal {
        Unsigned::Missing => "MissingAuthenticationTokenException",
        Unsigned::SignedTwice | Unsigned::Invalid(_) => "InvalidSignatureException",
        Unsigned::Unrecognized => "UnrecognizedClientException",
        Unsigned::Expired => "ExpiredTokenException",
        Unsigned::Incomplete(_) => "IncompleteSignatureException",
    }
}
