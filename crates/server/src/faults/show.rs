//! Rules as JSON, in the form that they are read in, with what each has done.

use api::Exception;
use ops::faults::{ArmedRule, Effect, FaultRule, InjectedError, Latency, Moment};
use serde_json::{Map, Value, json};

/// A rule in force.
pub(crate) fn shown(armed: &ArmedRule) -> Value {
    let mut members = of_rule(&armed.rule);
    members.insert("id".to_owned(), json!(armed.id));
    members.insert("injected".to_owned(), json!(armed.injected));
    if let Some(count) = armed.rule.count {
        members.insert("left".to_owned(), json!(count.saturating_sub(armed.injected)));
    }
    Value::Object(members)
}

fn of_rule(rule: &FaultRule) -> Map<String, Value> {
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        members.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("table", rule.table.as_ref().map(|table| json!(table)));
    put("index", rule.index.as_ref().map(|index| json!(index)));
    let operations: Vec<&str> = rule.operations.iter().map(|operation| operation.name()).collect();
    put("operation", (!operations.is_empty()).then(|| json!(operations)));
    put("key_prefix", rule.key_prefix.as_ref().map(|prefix| json!(prefix)));
    put("latency", rule.latency.as_ref().map(latency));
    put("probability", Some(json!(rule.probability)));
    put("count", rule.count.map(|count| json!(count)));
    put("seed", Some(json!(rule.seed)));
    match &rule.effect {
        Some(Effect::Error(error, moment)) => {
            let InjectedError { exception, reasons, codes } = error;
            let name = wire::exception(exception).error.map(|error| error.name);
            put("error", Some(json!(name)));
            put("message", own_message(exception).map(|message| json!(message)));
            put("throttling_reasons", (!reasons.is_empty()).then(|| json!(reasons)));
            put("cancellation_codes", (!codes.is_empty()).then(|| json!(codes)));
            put("when", Some(when(*moment)));
        }
        Some(Effect::DropConnection(moment)) => {
            put("drop_connection", Some(json!(true)));
            put("when", Some(when(*moment)));
        }
        Some(Effect::WrongCrc32) => put("wrong_crc32", Some(json!(true))),
        Some(Effect::Unprocessed(share)) => put("unprocessed", Some(json!(share))),
        None => {}
    }
    members
}

/// The sentence of an error that has none of its own.
fn own_message(exception: &Exception) -> Option<String> {
    let name = wire::exception(exception).error?.name;
    let text = exception.to_string();
    (wire::named(name, None).ok()? != *exception).then_some(text)
}

fn when(moment: Moment) -> Value {
    match moment {
        Moment::Before => json!("before"),
        Moment::After => json!("after"),
    }
}

fn latency(latency: &Latency) -> Value {
    match latency {
        Latency::Uniform { ms, jitter_ms } => json!({"ms": ms, "jitter_ms": jitter_ms}),
        Latency::Percentiles(points) => {
            let points: Map<String, Value> =
                points.iter().map(|(percent, ms)| (percent.to_string(), json!(ms))).collect();
            json!({"percentiles": points})
        }
    }
}
