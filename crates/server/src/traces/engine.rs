//! A storage engine that gives each write within a traced request a span of its own: reading, deciding, and the wait
//! until it is on the disk. Reads have none: a request may do a hundred of them, most from memory.

use std::sync::Arc;

use opentelemetry::trace::{Span, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use storage::{BoxFuture, Decision, Engine, Layer, StorageError, Transaction, TxError};

pub(super) struct Watched {
    engine: Arc<dyn Engine>,
    tracer: SdkTracer,
}

impl Watched {
    pub(super) fn new(engine: Arc<dyn Engine>, tracer: SdkTracer) -> Watched {
        Watched { engine, tracer }
    }
}

impl Layer for Watched {
    fn inner(&self) -> &dyn Engine {
        &*self.engine
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        let context = Context::current();
        if !context.has_active_span() {
            return self.engine.transact(transaction);
        }
        Box::pin(async move {
            let builder = SpanBuilder::from_name("storage.transact").with_kind(SpanKind::Internal);
            let mut span = self.tracer.build_with_context(builder, &context);
            span.set_attribute(KeyValue::new("stator.storage.keys", super::number(transaction.keys.len())));
            let done = self.engine.transact(transaction).await;
            if let Err(error) = &done {
                span.set_attribute(KeyValue::new("error.type", name(error)));
                span.set_status(Status::error(""));
            }
            span.end();
            done
        })
    }
}

fn name(error: &TxError) -> &'static str {
    match error {
        TxError::Conflict { .. } => "conflict",
        TxError::Unknown => "unknown",
        TxError::TooLarge => "too_large",
        TxError::Busy => "busy",
        TxError::Storage(StorageError::Full(_)) => "full",
        TxError::Storage(_) => "storage",
    }
}
