//! Requests of the other services: Lambda's, IAM's and STS's. Each is decoded once, and has its event in the audit log
//! before anything is done.

use std::sync::Arc;

use ::identity::sts::Way;
use ::identity::{Api, Authority, Refusal, Request};
use api::Exception;
use deliver::triggers::api as lambda_api;
use hyper::http::request::Parts;
use ops::allowance::Allowance;

use super::{Backend, Pipeline, user_agent};
use crate::answer::{Answer, ContentType};
use crate::audit::{Action, Audit, Draft, IAM, LAMBDA, Origin, STS, Unaudited};
use crate::body::RequestBody;
use crate::form::Form;
use crate::seats::{Held, Seat};
use crate::visit::Visit;
use crate::{foreign, identity, lambda};

impl<S: Backend> Pipeline<S> {
    pub(super) async fn lambda(
        &self,
        route: Result<lambda_api::Route, lambda_api::Refusal>,
        head: &Parts,
        body: &RequestBody,
        visit: &mut Visit,
        seat: &Arc<Seat>,
    ) -> Result<Answer, Answer> {
        let Some(triggers) = &self.triggers else { return Err(lambda::refused(lambda_api::Refusal::UnknownOperation)) };
        let route = route.map_err(lambda::refused)?;
        let operation = route.operation;
        visit.audit = self.draft(head, visit, seat, |_| Some(Action::of_lambda(operation)));
        let caller = self.caller(lambda::SERVICE, head, body, seat, visit);
        let caller = caller.map_err(|refusal| lambda::unsigned(&refusal))?;
        let unaudited = |error: Unaudited| lambda_api::Refusal::Service(error.to_string());
        visit.reserve().await.map_err(|error| lambda::refused(unaudited(error)))?;
        let answered = async {
            let query = head.uri.query().unwrap_or_default();
            let call = lambda_api::Call::decode(&caller, route, query, &body.bytes).await.map_err(lambda::refused)?;
            if let Some(draft) = &visit.audit {
                draft.decoded_call(&call);
            }
            Ok(lambda::answer(triggers, &caller, &call).await)
        };
        self.admitted(seat, answered).await
    }

    /// Runs a request with its part of the memory and of the CPU permits; its answer keeps what it needs of the memory.
    async fn admitted(
        &self,
        seat: &Arc<Seat>,
        answered: impl Future<Output = Result<Answer, Answer>>,
    ) -> Result<Answer, Answer> {
        let allowance = Allowance::new(&self.memory, seat.peer());
        let answer = allowance.scope(answered).await?;
        let share = allowance.keep(answer.body().len()).map(|share| Held::new(share, seat));
        Ok(answer.holding(share))
    }

    pub(super) async fn form(
        &self,
        form: Form,
        head: &Parts,
        body: &RequestBody,
        visit: &mut Visit,
        seat: &Arc<Seat>,
    ) -> Result<Answer, Answer> {
        if let Some(answer) = foreign::answer(head, &body.bytes) {
            return Ok(answer);
        }
        let request_id = visit.request_id().to_owned();
        let refuse = |api, refusal| identity::refused(api, refusal, &request_id);
        let parameters = identity::parameters(form, head, body).map_err(|refusal| refuse(Api::Iam, refusal))?;
        let (api, request) = (Api::of(&parameters), Request { parameters: &parameters, request_id: &request_id });
        visit.audit = self.draft(head, visit, seat, |_| Action::of_form(&parameters));
        // Of a refused caller's form nothing is executed, whatever its beginning says.
        let caller = (Authority::is_signed(api, &request) || body.refused.is_some())
            .then(|| self.caller(api.service(), head, body, seat, visit))
            .transpose()
            .map_err(|refusal| refuse(api, Refusal::from(refusal)))?;
        let reserved = visit.reserve().await;
        reserved.map_err(|error| refuse(api, Refusal::failure(error.to_string())))?;
        if let Some(draft) = &visit.audit {
            draft.decoded_form(&parameters);
        }
        let way = Way { transport: seat.transport(), user_agent: user_agent(head) };
        let answered =
            async { Ok(identity::answer(self.authority.as_ref(), caller.as_ref(), &way, api, &request).await) };
        self.admitted(seat, answered).await
    }

    /// An event begins, if it is one that is wanted.
    pub(super) fn draft(
        &self,
        head: &Parts,
        visit: &Visit,
        seat: &Arc<Seat>,
        action: impl FnOnce(&Audit) -> Option<Action>,
    ) -> Option<Draft> {
        let audit = self.audit.as_ref()?;
        let action = action(audit)?;
        Some(audit.begin(action, Origin::of(head, seat, visit.request_id())))
    }
}

/// The refusal of a body that is larger than Lambda's API takes.
pub(super) fn too_large(operation: lambda_api::Operation) -> Answer {
    lambda::refused(lambda_api::Refusal::RequestTooLarge(operation))
}

/// Ends the event of an answer. The client has an error instead if the event must be in the file and is not.
pub(super) async fn audited(draft: Draft, answer: Answer, request_id: &str) -> Answer {
    let source = draft.source();
    let outcome = draft.outcome(&answer);
    let Err(unaudited) = draft.end(&outcome).await else { return answer };
    let text = unaudited.to_string();
    match source {
        LAMBDA => lambda::refused(lambda_api::Refusal::Service(text)),
        IAM => identity::refused(Api::Iam, Refusal::failure(text), request_id),
        STS => identity::refused(Api::Sts, Refusal::failure(text), request_id),
        _ => {
            let dialect = answer.content_type().unwrap_or(ContentType::AmzJson10);
            Answer::reply(wire::exception(&Exception::internal(text)), dialect)
        }
    }
}
