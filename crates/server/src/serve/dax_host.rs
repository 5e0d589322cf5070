//! What DAX's requests have of the server: its callers, its memory, its audit log and the log of slow requests. Their events are those of
//! DynamoDB's operations, with the DAX client as the user agent.

use std::sync::Arc;

use ::aws::{DYNAMODB, Observer};
use ::dax::{Begun, Host, Record};
use api::Exception;
use auth::Access;
use hyper::StatusCode;
use ops::allowance::MemoryBudget;
use storage::BoxFuture;

use crate::answer::{Answer, ContentType};
use crate::audit::{Draft, Origin};
use crate::connection_states::ConnectionState;
use crate::pipeline::Pipeline;
use crate::request_record::RequestRecord;

/// One connection's.
pub(super) struct DaxHost {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) state: Arc<ConnectionState>,
}

struct DaxRecord {
    pipeline: Arc<Pipeline>,
    record: RequestRecord,
}

impl Host for DaxHost {
    fn access(&self) -> &Access {
        &self.pipeline.access
    }

    fn request_memory(&self) -> &Arc<MemoryBudget> {
        self.pipeline.bodies.memory()
    }

    fn answer_memory(&self) -> &Arc<MemoryBudget> {
        &self.pipeline.memory
    }

    fn begin(&self, request: Begun<'_>) -> Box<dyn Record> {
        let mut record = RequestRecord::begin(false);
        if let Ok(id) = request.request_id.as_bytes().try_into() {
            record.request_id = id;
        }
        record.operation = DYNAMODB.operation(request.operation.name());
        record.arrived(request.size);
        record.audit = self.draft(&request, &record);
        Box::new(DaxRecord { pipeline: Arc::clone(&self.pipeline), record })
    }
}

impl DaxHost {
    fn draft(&self, request: &Begun<'_>, record: &RequestRecord) -> Option<Draft> {
        let audit = self.pipeline.audit.as_ref()?;
        let action = audit.action(record.operation?)?;
        let mut draft = audit.begin(action, Origin::of_client(&self.state, request.request_id, request.user_agent));
        draft.by(request.caller);
        Some(draft)
    }
}

impl Record for DaxRecord {
    fn reserve(&mut self) -> BoxFuture<'_, Result<(), Exception>> {
        Box::pin(async { self.record.reserve().await.map_err(|error| Exception::internal(error.to_string())) })
    }

    fn observer(&self) -> Option<&dyn Observer> {
        self.record.observer()
    }

    fn end(
        mut self: Box<Self>,
        failure: Option<Exception>,
        answer_bytes: usize,
    ) -> BoxFuture<'static, Result<(), Exception>> {
        Box::pin(async move {
            let answer = match &failure {
                Some(exception) => Answer::reply(wire::exception(exception), ContentType::AmzJson10),
                None => Answer::empty(StatusCode::OK),
            };
            self.record.log(&self.pipeline.notable, answer.error.as_ref(), answer_bytes as u64);
            let Some(draft) = self.record.audit.take() else { return Ok(()) };
            let outcome = draft.outcome(&answer);
            draft.end(&outcome).await.map_err(|error| Exception::internal(error.to_string()))
        })
    }
}
