//! This API as a service of the handler.

use auth::Refusal as Unsigned;
use aws::{
    Answering, AwsService, Fault, Input, LAMBDA, OperationId, Protocol, Reply, Request, RequestFacts, ServiceError,
    ServiceModel, codec,
};

use super::Refusal;
use super::call::{BODY_SIZE_BYTES_MAX, Call};
use super::route::Route;
use crate::triggers::Triggers;

impl AwsService for Triggers {
    fn model(&self) -> &'static ServiceModel {
        &LAMBDA
    }

    fn body_bytes_max(&self) -> usize {
        BODY_SIZE_BYTES_MAX
    }

    fn call<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move { self.called(request).await.unwrap_or_else(Refusal::reply) })
    }

    fn refuse(&self, fault: Fault, protocol: Protocol, request_id: &str) -> Reply {
        let refusal = match fault {
            Fault::Caller(refusal) => Refusal::unsigned(&refusal),
            Fault::UnknownOperation { .. } => Refusal::UnknownOperation,
            Fault::TooLarge(operation) => Refusal::RequestTooLarge(operation.map_or("", OperationId::name)),
            Fault::Body(_) => {
                let error = ServiceError::common(&LAMBDA, fault, protocol);
                return codec::refuse(&LAMBDA, protocol, error, request_id);
            }
            Fault::Form(error) => Refusal::Serialization(error.to_string()),
            Fault::Throttled => Refusal::TooManyRequests,
            Fault::Internal(detail) => Refusal::Service(detail),
        };
        refusal.reply()
    }
}

impl Triggers {
    async fn called(&self, request: Request<'_>) -> Result<Reply, Refusal> {
        let Input::Rest { labels, query, body } = request.input else { return Err(Refusal::UnknownOperation) };
        let caller = request.caller.ok_or_else(|| Refusal::unsigned(&Unsigned::Missing))?;
        let route = Route::of(request.operation, labels).ok_or(Refusal::UnknownOperation)?;
        let call = Call::decode(caller, route, query, &body).await?;
        if let Some(observer) = request.observer {
            let names = call.names().into_iter().map(|(member, name)| (member, name.to_owned()));
            observer.asked(RequestFacts { accesses: Vec::new(), parameters: names.collect() });
        }
        Ok(self.answer(caller, &call).await)
    }
}

impl Refusal {
    fn unsigned(refusal: &Unsigned) -> Refusal {
        Refusal::Unsigned(name(refusal), refusal.to_string())
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
