//! Where traces go and what they say of this server: one flag, and the environment variables that every program with
//! OpenTelemetry reads. Source: OpenTelemetry Specification, "SDK Environment Variables" and "OTLP Exporter
//! Configuration". Those for the sampler, the queue and the spans' limits are read by the SDK itself.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const TRACES_PATH: &str = "/v1/traces";
/// The one protocol that is spoken.
const PROTOCOL: &str = "http/protobuf";
const TIMEOUT: Duration = Duration::from_secs(10);
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Settings {
    /// A whole `http://` URL.
    pub(crate) endpoint: String,
    /// For one batch.
    pub(crate) timeout: Duration,
}

impl Settings {
    /// `None` if traces are not configured; the text of an error says what to do.
    pub(crate) fn read(flag: Option<&str>) -> Result<Option<Settings>, String> {
        Settings::from(flag, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from(flag: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Settings>, String> {
        let disabled = variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if disabled || variable("OTEL_TRACES_EXPORTER").is_some_and(|exporter| exporter == "none") {
            return Ok(None);
        }
        let base = |url: &str| format!("{}{TRACES_PATH}", url.trim_end_matches('/'));
        let endpoint = match flag {
            Some(flag) => Some(base(flag)),
            None => variable(TRACES_ENDPOINT).or_else(|| variable(ENDPOINT).map(|url| base(&url))),
        };
        let Some(endpoint) = endpoint else { return Ok(None) };
        check_endpoint(&endpoint)?;
        // A name for traces takes precedence over the one for all signals.
        let of_traces = |name: &str| {
            variable(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"))
                .or_else(|| variable(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        if let Some(other) = of_traces("PROTOCOL").filter(|protocol| protocol != PROTOCOL) {
            return Err(format!("OTEL_EXPORTER_OTLP_PROTOCOL is {other}, and only {PROTOCOL} is spoken"));
        }
        let timeout = of_traces("TIMEOUT").and_then(|ms| ms.parse().ok()).map_or(TIMEOUT, Duration::from_millis);
        check_sampler(variable("OTEL_TRACES_SAMPLER"), variable("OTEL_TRACES_SAMPLER_ARG"))?;
        Ok(Some(Settings { endpoint, timeout }))
    }
}

fn check_endpoint(endpoint: &str) -> Result<(), String> {
    let url = client::Url::parse(endpoint).map_err(|error| {
        format!("{} is not a URL such as http://127.0.0.1:4318: {error}", endpoint.escape_default())
    })?;
    match url.is_encrypted() {
        false => Ok(()),
        true => Err(format!(
            "{endpoint}: TLS is not spoken to the collector; send to one on this machine, such as http://127.0.0.1:4318"
        )),
    }
}

/// The SDK takes every trace when it does not understand these: dear where one in a thousand was meant.
fn check_sampler(sampler: Option<String>, argument: Option<String>) -> Result<(), String> {
    let Some(sampler) = sampler else { return Ok(()) };
    if !SAMPLERS.contains(&sampler.as_str()) {
        return Err(format!("OTEL_TRACES_SAMPLER is {sampler}, and may be {}", SAMPLERS.join(", ")));
    }
    let ratio = argument.as_deref().and_then(|ratio| ratio.parse::<f64>().ok());
    if sampler.ends_with("traceidratio") && !ratio.is_some_and(|ratio| (0.0..=1.0).contains(&ratio)) {
        return Err(format!("OTEL_TRACES_SAMPLER is {sampler}, which needs OTEL_TRACES_SAMPLER_ARG from 0 to 1"));
    }
    Ok(())
}

/// The resource of `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`, with a default name.
pub(super) fn resource() -> Resource {
    let named = std::env::var("OTEL_SERVICE_NAME").is_ok_and(|name| !name.is_empty())
        || std::env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|attributes| names_service(&attributes));
    let builder = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    match named {
        true => builder.build(),
        false => builder.with_service_name("stator").build(),
    }
}

fn names_service(attributes: &str) -> bool {
    attributes.split(',').any(|attribute| attribute.split('=').next().map(str::trim) == Some("service.name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flag: Option<&str>, variables: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        let value =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        Settings::from(flag, value)
    }

    #[test]
    fn endpoints() {
        let check = |flag, variables: &[(&str, &str)], expected: Option<&str>| {
            let endpoint = read(flag, variables).unwrap().map(|settings| settings.endpoint);
            assert_eq!(endpoint.as_deref(), expected, "{flag:?} {variables:?}");
        };
        check(None, &[], None);
        check(Some("http://c:4318"), &[], Some("http://c:4318/v1/traces"));
        check(Some("http://c:4318/"), &[(ENDPOINT, "http://other")], Some("http://c:4318/v1/traces"));
        check(None, &[(ENDPOINT, "http://c/otlp")], Some("http://c/otlp/v1/traces"));
        check(None, &[(ENDPOINT, "http://c"), (TRACES_ENDPOINT, "http://t/x")], Some("http://t/x"));
        check(Some("http://c"), &[("OTEL_SDK_DISABLED", "TRUE")], None);
        check(Some("http://c"), &[("OTEL_TRACES_EXPORTER", "none")], None);
    }

    #[test]
    fn refusals() {
        let check = |flag, variables: &[(&str, &str)], expected: &str| {
            let refusal = read(Some(flag), variables).unwrap_err();
            assert!(refusal.contains(expected), "{refusal}");
        };
        check("https://c:4318", &[], "TLS is not spoken");
        for flag in ["c:4318", "http://", "ftp://c", "", "http://a b"] {
            check(flag, &[], "is not a URL");
        }
        check("http://c", &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "only http/protobuf is spoken");
        check("http://c", &[("OTEL_TRACES_SAMPLER", "xray")], "and may be always_on, ");
        for ratio in ["", "2", "-1", "NaN", "half"] {
            let variables = [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", ratio)];
            check("http://c", &variables, "needs OTEL_TRACES_SAMPLER_ARG");
        }
    }

    #[test]
    fn names_of_traces_go_before_general_ones() {
        let variables = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.001"),
        ];
        let settings = read(Some("http://c"), &variables).unwrap().unwrap();
        assert_eq!(settings.timeout, Duration::from_millis(250));
        assert_eq!(read(Some("http://c"), &[]).unwrap().unwrap().timeout, TIMEOUT);
    }

    #[test]
    fn service_names() {
        for (attributes, expected) in
            [("service.name=a", true), ("a=b, service.name = c", true), ("service.namespace=a", false), ("", false)]
        {
            assert_eq!(names_service(attributes), expected, "{attributes}");
        }
    }
}
