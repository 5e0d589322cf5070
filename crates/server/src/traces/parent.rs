//! The trace that a request is part of, as its client says: in W3C's `traceparent`, or else in AWS X-Ray's header,
//! which AWS's own SDKs send.

use hyper::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;

const X_RAY: &str = "x-amzn-trace-id";

/// A context without a span if the request is part of no trace, or of one that cannot be read.
pub(super) fn of(headers: &HeaderMap) -> Context {
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
    if context.span().span_context().is_valid() {
        return context;
    }
    match headers.get(X_RAY).and_then(|header| x_ray(header.to_str().ok()?)) {
        Some(parent) => Context::new().with_remote_span_context(parent),
        None => context,
    }
}

/// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`. Without a parent, as load balancers
/// send it, there is no span to continue. A trace that is not yet decided on (`Sampled=?`) counts as sampled.
/// Source: AWS X-Ray Developer Guide, "Tracing header".
fn x_ray(header: &str) -> Option<SpanContext> {
    let field = |name: &str| header.split(';').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    let root = field("Root")?.strip_prefix("1-")?;
    let (seconds, random) = root.split_once('-')?;
    if seconds.len() != 8 || random.len() != 24 {
        return None;
    }
    let trace_id =
        u128::from(hex(seconds)?) << 96 | u128::from(hex(&random[..8])?) << 64 | u128::from(hex(&random[8..])?);
    let parent = field("Parent").filter(|parent| parent.len() == 16)?;
    let flags = match field("Sampled") {
        Some("0") => TraceFlags::default(),
        _ => TraceFlags::SAMPLED,
    };
    let context = SpanContext::new(
        TraceId::from_bytes(trace_id.to_be_bytes()),
        SpanId::from_bytes(hex(parent)?.to_be_bytes()),
        flags,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

/// Digits only: Rust's own parser would take a sign, too.
fn hex(digits: &str) -> Option<u64> {
    let valid = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    valid.then(|| u64::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "5759e988bd862e3fe1be46a994272793";
    const SPAN: &str = "53995c3f42cd8ad8";

    fn check(headers: &[(&'static str, &str)], expected: Option<(&str, &str, bool)>) {
        let map: HeaderMap = headers
            .iter()
            .map(|(name, value)| (hyper::header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        let context = of(&map);
        let span = context.span();
        let parent = span.span_context();
        let found = parent
            .is_valid()
            .then(|| (parent.trace_id().to_string(), parent.span_id().to_string(), parent.is_sampled()));
        assert_eq!(found, expected.map(|(trace, span, sampled)| (trace.into(), span.into(), sampled)), "{headers:?}");
    }

    #[test]
    fn w3c() {
        let parent = |flags: &str| format!("00-{TRACE}-{SPAN}-{flags}");
        check(&[], None);
        check(&[("traceparent", &parent("01"))], Some((TRACE, SPAN, true)));
        check(&[("traceparent", &parent("00"))], Some((TRACE, SPAN, false)));
        check(&[("traceparent", "00-0-0-01")], None);
        let other = "Root=1-00000000-000000000000000000000001;Parent=0000000000000001;Sampled=1";
        check(&[("traceparent", &parent("01")), (X_RAY, other)], Some((TRACE, SPAN, true)));
    }

    #[test]
    fn x_ray_headers() {
        let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
        let parent = "Parent=53995c3f42cd8ad8";
        check(&[(X_RAY, &format!("{root};{parent};Sampled=1"))], Some((TRACE, SPAN, true)));
        check(&[(X_RAY, &format!("Sampled=0; {parent}; {root};Lineage=x:0"))], Some((TRACE, SPAN, false)));
        check(&[(X_RAY, &format!("{root};{parent};Sampled=?"))], Some((TRACE, SPAN, true)));
        check(&[(X_RAY, root)], None);
        check(&[(X_RAY, "Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8")], None);
        check(&[(X_RAY, "Root=1-+759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8")], None);
        check(&[(X_RAY, "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8")], None);
        check(&[(X_RAY, "Root=1-5759e988-é;Parent=")], None);
        check(&[(X_RAY, "Root=1-5759e988-bd862e3éééé994272793;Parent=53995c3f42cd8ad8")], None);
        check(&[("traceparent", "nonsense"), (X_RAY, &format!("{root};{parent}"))], Some((TRACE, SPAN, true)));
    }
}
