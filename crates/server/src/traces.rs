//! Traces for OpenTelemetry: a span for each request and for each of its writes to storage, sent to a collector over
//! OTLP/HTTP.
//!
//! Without an endpoint there is none of it but one look at an empty `Option` a request. With one, spans that the sampler
//! chose are queued, and a thread of their own sends them in batches: the queue is bounded, what does not fit is left
//! out, and no request ever waits for the collector. The standard's own environment variables choose the sampler, the
//! resource and the sizes; the SDK reads them.

mod collector;
mod engine;
mod parent;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use ::aws::{DYNAMODB, OperationId, ReplyError, RequestFacts};
use hyper::http::request::Parts;
use hyper::{StatusCode, Version};
use opentelemetry::trace::{Span, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Array, Context, KeyValue, StringValue};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use storage::Engine;

use crate::log::{self, Value};
use collector::{Collector, Telling};
pub(crate) use settings::Settings;

/// Tables in a span: a request that is executed has no more.
const NAMES_MAX: usize = 100;
/// At the end of the program, the collector gets so long to take what is left.
const LAST_BATCH_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Inside the runtime, which then sends the batches.
    pub(crate) fn start(settings: &Settings) -> Result<Traces, ExporterBuildError> {
        let collector = Collector::new(settings.timeout);
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector.clone())
            .with_endpoint(&settings.endpoint)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(settings.timeout)
            .build()?;
        let provider = SdkTracerProvider::builder()
            .with_resource(settings::resource())
            .with_batch_exporter(Telling::new(exporter, collector))
            .build();
        let tracer = provider.tracer("stator");
        Ok(Traces { provider, tracer })
    }

    /// The engine, with spans for what it writes.
    pub(crate) fn watch(&self, engine: Arc<dyn Engine>) -> Arc<dyn Engine> {
        Arc::new(engine::Watched::new(engine, self.tracer.clone()))
    }

    /// The span of a request that has all arrived, if the sampler or the caller's own trace wants one.
    pub(crate) fn begin(
        &self,
        head: &Parts,
        operation: OperationId,
        body_bytes: usize,
        request_id: &str,
    ) -> Option<Trace> {
        let parent = parent::of(&head.headers);
        let builder = SpanBuilder::from_name(operation.name()).with_kind(SpanKind::Server);
        let mut span = self.tracer.build_with_context(builder, &parent);
        if !span.is_recording() {
            return None;
        }
        let service = operation.service();
        span.update_name(format!("{}.{operation}", service.name));
        span.set_attributes([
            KeyValue::new("rpc.system", "aws-api"),
            KeyValue::new("rpc.service", service.name),
            KeyValue::new("rpc.method", operation.name()),
            KeyValue::new("aws.request_id", request_id.to_owned()),
            KeyValue::new("http.request.method", head.method.as_str().to_owned()),
            KeyValue::new("http.request.body.size", number(body_bytes)),
            KeyValue::new("network.protocol.version", if head.version == Version::HTTP_2 { "2" } else { "1.1" }),
        ]);
        if service.signing_name == DYNAMODB.signing_name {
            span.set_attribute(KeyValue::new("db.system", "dynamodb"));
        }
        if let Some(agent) = head.headers.get("user-agent").and_then(|agent| agent.to_str().ok()) {
            span.set_attribute(KeyValue::new("user_agent.original", agent.to_owned()));
        }
        Some(Trace { context: parent.with_span(span) })
    }

    /// The span of a request of another protocol than HTTP, which has no trace of its caller's.
    pub(crate) fn begin_other(
        &self,
        protocol: &'static str,
        operation: OperationId,
        bytes: usize,
        request_id: &str,
        agent: Option<&str>,
    ) -> Option<Trace> {
        let context = Context::new();
        let builder = SpanBuilder::from_name(operation.name()).with_kind(SpanKind::Server);
        let mut span = self.tracer.build_with_context(builder, &context);
        if !span.is_recording() {
            return None;
        }
        span.update_name(format!("{protocol}.{operation}"));
        span.set_attributes([
            KeyValue::new("rpc.system", "aws-api"),
            KeyValue::new("rpc.service", protocol),
            KeyValue::new("rpc.method", operation.name()),
            KeyValue::new("aws.request_id", request_id.to_owned()),
            KeyValue::new("rpc.request.size", number(bytes)),
            KeyValue::new("db.system", "dynamodb"),
        ]);
        if let Some(agent) = agent {
            span.set_attribute(KeyValue::new("user_agent.original", agent.to_owned()));
        }
        Some(Trace { context: context.with_span(span) })
    }

    /// Sends what is left. On a thread that may wait, for the runtime must go on sending.
    pub(crate) async fn stop(&self) {
        let provider = self.provider.clone();
        let stopped = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_BATCH_TIMEOUT));
        // A batch that was refused has been logged already; one that is still under way is given up.
        if let Ok(Err(error)) = stopped.await {
            let data = [("detail", Value::Text(&error.to_string()))];
            log::warning("traces_lost", "the collector did not take the last spans in time", &data);
        }
    }
}

/// The span of one request; what is done `within` it finds it as the current one.
pub(crate) struct Trace {
    context: Context,
}

impl Trace {
    /// The tables are known that the request names.
    pub(crate) fn decoded(&self, facts: &RequestFacts) {
        let names = facts.table_names().into_iter().take(NAMES_MAX);
        let names: Vec<StringValue> = names.map(|name| StringValue::from(name.to_owned())).collect();
        if !names.is_empty() {
            let names = opentelemetry::Value::Array(Array::String(names));
            self.context.span().set_attribute(KeyValue::new("aws.dynamodb.table_names", names));
        }
    }

    /// The answer is ready to be sent.
    pub(crate) fn end(self, status: StatusCode, error: Option<&ReplyError>, response_bytes: u64) {
        let span = self.context.span();
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        span.set_attribute(KeyValue::new("http.response.body.size", number(response_bytes)));
        if let Some(error) = error {
            span.set_attribute(KeyValue::new("error.type", error.name));
        }
        // To a server, what it refuses is no error of its own.
        if status.is_server_error() {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// Runs the future with the request's span as the current one, if there is one.
pub(crate) async fn within<F: Future>(trace: Option<&Trace>, future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|task| {
        let _current = trace.map(|trace| trace.context.clone().attach());
        future.as_mut().poll(task)
    })
    .await
}

/// OpenTelemetry has no other whole numbers.
fn number<T: TryInto<i64>>(number: T) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
