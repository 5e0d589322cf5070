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
use crate::audit::{Audit, Draft, Origin};
use crate::connection_states::ConnectionState;
use crate::request_record::{Notable, RequestRecord};
use crate::traces::{Trace, Traces};

/// What the connections of a program's clusters have in common.
pub(super) struct DaxShared {
    pub(super) access: Arc<Access>,
    pub(super) request_memory: Arc<MemoryBudget>,
    pub(super) answer_memory: Arc<MemoryBudget>,
    pub(super) notable: Notable,
    pub(super) traces: Option<Arc<Traces>>,
    pub(super) audit: Option<Arc<Audit>>,
}

/// One connection's.
pub(super) struct DaxHost {
    pub(super) shared: Arc<DaxShared>,
    pub(super) state: Arc<ConnectionState>,
}

struct DaxRecord {
    shared: Arc<DaxShared>,
    record: RequestRecord,
}

impl Host for DaxHost {
    fn access(&self) -> &Access {
        &self.shared.access
    }

    fn request_memory(&self) -> &Arc<MemoryBudget> {
        &self.shared.request_memory
    }

    fn answer_memory(&self) -> &Arc<MemoryBudget> {
        &self.shared.answer_memory
    }

    fn begin(&self, request: Begun<'_>) -> Box<dyn Record> {
        let mut record = RequestRecord::begin(false);
        if let Ok(id) = request.request_id.as_bytes().try_into() {
            record.request_id = id;
        }
        record.operation = DYNAMODB.operation(request.operation.name());
        record.arrived(request.size);
        record.audit = self.draft(&request, &record);
        record.trace = self.trace(&request, &record);
        Box::new(DaxRecord { shared: Arc::clone(&self.shared), record })
    }
}

impl DaxHost {
    fn draft(&self, request: &Begun<'_>, record: &RequestRecord) -> Option<Draft> {
        let audit = self.shared.audit.as_ref()?;
        let action = audit.action(record.operation?)?;
        let mut draft = audit.begin(action, Origin::of_client(&self.state, request.request_id, request.user_agent));
        match &request.caller {
            Ok(caller) => draft.by(caller),
            Err(claimed) => draft.by_unknown(claimed.as_deref()),
        }
        Some(draft)
    }

    fn trace(&self, request: &Begun<'_>, record: &RequestRecord) -> Option<Trace> {
        let traces = self.shared.traces.as_ref()?;
        traces.begin_other("DAX", record.operation?, request.size, request.request_id, request.user_agent)
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
            let reply = failure.as_ref().map(wire::exception);
            let status = reply.as_ref().map_or(200, |reply| reply.status);
            let answer = match reply {
                Some(reply) => Answer::reply(reply, ContentType::AmzJson10),
                None => Answer::empty(StatusCode::OK),
            };
            if let Some(trace) = self.record.trace.take() {
                let status = StatusCode::from_u16(status).unwrap_or_default();
                trace.end(status, answer.error.as_ref(), answer_bytes as u64);
            }
            self.record.log(&self.shared.notable, answer.error.as_ref(), answer_bytes as u64);
            let Some(draft) = self.record.audit.take() else { return Ok(()) };
            let outcome = draft.outcome(&answer);
            draft.end(&outcome).await.map_err(|error| Exception::internal(error.to_string()))
        })
    }
}
