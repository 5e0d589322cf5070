//! The settings and metrics of `deploy/` and the guides are those of the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::program::run;

/// In the database; not metrics.
const TABLES: [&str; 4] = ["stator_kv", "stator_outbox", "stator_tally", "stator_meta"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

/// Words that begin so, up to the first character that is not allowed in them.
fn words<'t>(text: &'t str, start: &'t str, allowed: fn(char) -> bool) -> impl Iterator<Item = &'t str> {
    text.match_indices(start).map(move |(at, _)| {
        let rest = &text[at..];
        let end = rest[start.len()..].find(|c| !allowed(c)).map_or(rest.len(), |end| start.len() + end);
        &rest[..end]
    })
}

/// The chart checks callers unless it is asked not to. What it renders is checked by tests/deploy/check, where there is helm.
#[test]
fn the_chart_leaves_no_caller_unchecked_by_default() {
    let read =
        |name: &str| fs::read_to_string(root().join("deploy/helm/stator").join(name)).expect("a file of the chart");
    let values = read("values.yaml");
    for setting in
        ["  allowUnverified: false", "  authKeySecret: \"\"", "  credentialsSecret: \"\"", "  runAsNonRoot: true"]
    {
        assert!(values.lines().any(|line| line == setting), "{setting}");
    }
    let deployment = read("templates/deployment.yaml");
    let (before, after) = deployment.split_once("STATOR_ALLOW_UNVERIFIED_REMOTE").expect("the setting");
    assert!(before.trim_end().ends_with("- name:") && before.contains("{{- else if eq $callers \"credentials\" }}"));
    assert!(!after.contains("STATOR_ALLOW_UNVERIFIED_REMOTE"));
    for secret in ["callers.authKeySecret", "callers.credentialsSecret", "tls.secret", "tls.clientCaSecret"] {
        assert!(deployment.contains(&format!("secretName: {{{{ .Values.{secret} }}}}")), "{secret}");
    }
    for name in ["values.yaml", "templates/NOTES.txt"] {
        assert!(!read(name).contains("not checked yet"), "{name}");
    }
}

#[test]
fn settings_and_metrics_that_are_named_exist() {
    let mut paths = vec![root().join("docs/scale-out.md")];
    files(&root().join("deploy"), &mut paths);
    let help = run(&["serve", "--help"]).stdout;
    let help = String::from_utf8(help).expect("text");
    let is_variable = |c: char| c.is_ascii_uppercase() || c == '_';
    let is_flag = |c: char| c.is_ascii_lowercase() || c == '-';
    let is_metric = |c: char| c.is_ascii_lowercase() || c == '_';
    let variables: BTreeSet<&str> = words(&help, "STATOR_", is_variable).collect();
    let flags: BTreeSet<&str> = words(&help, "--", is_flag).collect();
    // Each of these is in the table of metrics, which is compared with the page itself.
    let operations = fs::read_to_string(root().join("docs/operations.md")).expect("docs/operations.md");
    let metrics: BTreeSet<&str> = words(&operations, "stator_", is_metric).collect();
    let mut found = 0;
    for path in paths {
        let text = fs::read_to_string(&path).expect("a text");
        for variable in words(&text, "STATOR_", is_variable) {
            assert!(variables.contains(variable), "{}: {variable}", path.display());
            found += 1;
        }
        if path.extension().is_some_and(|extension| extension == "md") {
            for flag in words(&text, "`--", is_flag).map(|flag| &flag[1..]) {
                assert!(flags.contains(flag), "{}: {flag}", path.display());
            }
            for metric in words(&text, "stator_", is_metric).filter(|name| !TABLES.contains(name)) {
                assert!(metrics.contains(metric), "{}: {metric}", path.display());
            }
        }
    }
    assert!(found > 10, "{found} settings are named");
}
