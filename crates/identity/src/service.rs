//! IAM and STS as services of the handler. Where callers have no identities, STS answers with their account, and all else needs
//! `--auth`.

use std::sync::Arc;

use auth::Caller;
use aws::{
    Answering, AwsService, Fault, FormError, Input, OperationId, Protocol, Reply as ServiceReply, ReplyError,
    Request as Asked, RequestFacts, ServiceError, ServiceModel, codec,
};

use crate::authority::Authority;
use crate::query::{Api, Code, Refusal, Reply, Request, names};
use crate::sts::{RequestOrigin, caller_identity};

/// One of the two APIs of the Query protocol.
pub struct QueryService {
    api: Api,
    authority: Option<Arc<Authority>>,
}

impl QueryService {
    /// There is no authority where callers have no identities.
    pub fn new(api: Api, authority: Option<Arc<Authority>>) -> QueryService {
        QueryService { api, authority }
    }

    async fn answer(&self, asked: Asked<'_>) -> ServiceReply {
        let Input::Form(parameters) = asked.input else {
            return self.refuse(Fault::Form(FormError::Malformed), Protocol::Query, "");
        };
        if let Some(observer) = asked.observer {
            let names = names::names(asked.operation.model(), parameters);
            let parameters = names.into_iter().map(|(member, name)| (member, name.to_owned())).collect();
            observer.asked(RequestFacts { accesses: Vec::new(), parameters });
        }
        let request = Request { parameters, request_id: asked.request_id };
        let origin = RequestOrigin { transport: asked.transport, user_agent: asked.user_agent.map(str::to_owned) };
        match &self.authority {
            Some(authority) => authority.answer(self.api, asked.caller, &origin, &request).await.into(),
            None => self.answer_without_identities(asked.operation, asked.caller, asked.request_id).into(),
        }
    }

    fn answer_without_identities(&self, operation: OperationId, caller: Option<&Caller>, request_id: &str) -> Reply {
        let is_caller_identity = self.api == Api::Sts && operation.name() == "GetCallerIdentity";
        match caller.filter(|_| is_caller_identity) {
            Some(caller) => Reply::encoded(operation, &codec::output(caller_identity(caller)), request_id),
            None => without_identities().reply(self.api, request_id),
        }
    }
}

impl AwsService for QueryService {
    fn model(&self) -> &'static ServiceModel {
        self.api.model()
    }

    fn call<'a>(&'a self, request: Asked<'a>) -> Answering<'a> {
        Box::pin(self.answer(request))
    }

    fn refuse(&self, fault: Fault, protocol: Protocol, request_id: &str) -> ServiceReply {
        let refusal = match fault {
            Fault::UnknownOperation { .. } if self.authority.is_none() => without_identities(),
            Fault::Internal(detail) => Refusal::failure(detail),
            fault => {
                let error = ServiceError::common(self.model(), fault, protocol);
                return codec::refuse(self.model(), protocol, error, request_id);
            }
        };
        refusal.reply(self.api, request_id).into()
    }
}

fn without_identities() -> Refusal {
    let text = "This server keeps no identities. Make the first account with 'stator init', and start the server with \
                'stator serve --auth'.";
    Refusal::new(Code::InvalidAction, text)
}

impl From<Reply> for ServiceReply {
    fn from(reply: Reply) -> ServiceReply {
        let error = reply.refusal.as_ref().map(|refusal| ReplyError {
            name: refusal.code.name(),
            message: refusal.message().to_owned(),
            detail: refusal.detail().map(str::to_owned),
        });
        ServiceReply { error, ..ServiceReply::new(reply.status, reply.body.into()) }
    }
}
