//! The figures for programs: one JSON object a line, the run first.

use serde_json::{Map, Value, json};

use super::Circumstances;
use crate::figures::{Figures, PERCENTILES, ceiling, first};

pub(crate) fn lines(circumstances: &Circumstances, all: &[Figures]) -> String {
    let mut text = run_line(circumstances);
    for figures in all {
        text.push_str(&format!("{}\n", object(all, figures)));
    }
    text
}

/// The line that precedes the figures.
pub(crate) fn run_line(circumstances: &Circumstances) -> String {
    let settings: Map<String, Value> =
        circumstances.settings.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    format!("{}\n", json!({ "type": "run", "settings": settings }))
}

fn object(all: &[Figures], figures: &Figures) -> Value {
    let mut latency: Map<String, Value> =
        PERCENTILES.iter().map(|(name, at)| ((*name).to_owned(), json!(figures.percentile_us(*at)))).collect();
    latency.insert("min".to_owned(), json!(figures.latency().min() as f64 / 1_000.0));
    latency.insert("mean".to_owned(), json!(figures.latency().mean() / 1_000.0));
    latency.insert("max".to_owned(), json!(figures.latency().max() as f64 / 1_000.0));
    json!({
        "type": "figures",
        "workload": figures.workload,
        "server": figures.server,
        "is_ceiling": figures.is_ceiling,
        "is_result": figures.is_result(),
        "operations": figures.operations(),
        "seconds": figures.seconds(),
        "operations_per_second": figures.operations_per_second(),
        "rounds_operations_per_second": figures.rounds,
        "reply_bytes_per_second": figures.bytes_per_second(),
        "latency_us": latency,
        "server_cpu_us_per_operation": figures.server_cpu_us(),
        "client_cpu_us_per_operation": figures.client_cpu_us(),
        "beside_per_second": figures.beside,
        "ratio_to_ceiling": figures.ratio_to(ceiling(all, figures.workload)),
        "ratio_to_first": figures.ratio_to(first(all, figures.workload)),
        "errors": figures.errors(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::tests::example;

    #[test]
    fn every_line_is_an_object() {
        let circumstances = Circumstances { settings: vec![("keys", "10".to_owned())] };
        let text = lines(&circumstances, &[example("a \"b\"", false, 0), example("echo", true, 1)]);
        let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(objects[0]["settings"]["keys"], "10");
        assert_eq!(objects[1]["server"], "a \"b\"");
        assert_eq!((&objects[1]["is_result"], &objects[2]["is_result"]), (&json!(true), &json!(false)));
        assert_eq!(objects[1]["operations_per_second"], 2_000.0);
        assert_eq!(objects[1]["ratio_to_ceiling"], 1.0);
        assert_eq!(objects[1]["server_cpu_us_per_operation"], 20.0);
        assert_eq!(objects[1]["client_cpu_us_per_operation"], Value::Null);
        assert_eq!(objects[2]["errors"]["GetItem did not give the whole item"], 2);
        let p50 = objects[1]["latency_us"]["p50"].as_f64().unwrap();
        assert!((p50 - 1_500.0).abs() < 5.0, "{p50}");
    }
}
