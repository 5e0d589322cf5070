//! The dashboard and the rules of `deploy/` are of metrics that the program has, and each alert has a row in the runbook.

use std::collections::BTreeSet;
use std::fs;

use super::{crates, declared_metrics};

const DASHBOARD: &str = "../deploy/grafana/stator.json";
const RULES: &str = "../deploy/prometheus/stator.rules.yaml";

fn read(path: &str) -> String {
    fs::read_to_string(crates().join(path)).expect(path)
}

/// The expressions of a dashboard's panels and variables.
fn queries(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("expr" | "definition", serde_json::Value::String(text)) => into.push(text.clone()),
                    _ => queries(member, into),
                }
            }
        }
        serde_json::Value::Array(elements) => elements.iter().for_each(|element| queries(element, into)),
        _ => {}
    }
}

fn alerts(rules: &str) -> BTreeSet<&str> {
    rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect()
}

/// The metrics that expressions name, without what Prometheus adds to the names of histograms.
fn metrics<'t>(texts: impl Iterator<Item = &'t str>, declared: &BTreeSet<String>) -> BTreeSet<String> {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words = texts.flat_map(|text| text.split(move |c| !is_of_name(c)));
    let ours = words.filter(|word| word.starts_with("stator_") || word.starts_with("process_"));
    let base = |word: &str| {
        let stem = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        stem.filter(|stem| declared.contains(*stem)).unwrap_or(word).to_owned()
    };
    ours.map(base).collect()
}

#[test]
fn dashboard_and_rules_name_metrics_that_there_are() {
    let declared = declared_metrics();
    let dashboard: serde_json::Value = serde_json::from_str(&read(DASHBOARD)).expect("JSON");
    let mut shown = Vec::new();
    queries(&dashboard, &mut shown);
    let rules = read(RULES);
    let expressions: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).collect();
    assert_eq!(expressions.len(), alerts(&rules).len());
    for texts in [shown.iter().map(String::as_str).collect(), expressions] {
        let named = metrics(texts.iter().copied(), &declared);
        assert!(named.len() > 15, "{named:?}");
        let unknown: Vec<&String> = named.difference(&declared).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        for text in texts {
            let count = |sign: char| text.chars().filter(|c| *c == sign).count();
            assert!(count('(') == count(')') && count('{') == count('}') && count('[') == count(']'), "{text}");
        }
    }
}

#[test]
fn each_alert_is_in_the_runbook() {
    let operations = read("../docs/operations.md");
    let runbook = operations.split("\n### Runbook\n").nth(1).and_then(|rest| rest.split("\n## ").next());
    let rows = runbook.expect("a section").lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rules = read(RULES);
    assert_eq!(rows.collect::<BTreeSet<_>>(), alerts(&rules));
}
