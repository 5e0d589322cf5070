//! The project's rules that a compiler does not check, as tests over the source text.

mod module_graph;
mod monitoring;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The crates from the ground up: each may use those before it, and no others.
const LAYERS: [&str; 27] = [
    "base",
    "jobs",
    "model",
    "exchange",
    "api",
    "expr",
    "storage",
    "keyspace",
    "auth",
    "aws",
    "tables",
    "change-log",
    "cluster",
    "client",
    "objects",
    "cloudwatch",
    "autoscaling",
    "ops",
    "wire",
    "dax",
    "seal",
    "deliver",
    "identity",
    "bench",
    "storage-postgres",
    "console",
    "stator",
];
/// Unit: lines.
const FUNCTION_LINES_MAX: usize = 70;
/// Functions that may be longer: each one `match` with a sentence an arm. A ratchet: the numbers may only fall.
const LONG: [(&str, usize); 1] = [("expr/src/error.rs", 175)];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file of the project, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![crates()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                found.push((path, text));
            }
        }
    }
    found
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs" | "generated")))
}

#[test]
fn every_file_opens_with_its_purpose() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{} does not say what it is for", path.display());
    }
}

#[test]
fn no_file_is_a_bag() {
    for (path, _) in sources() {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let bag = ["helper", "util", "misc", "common"].iter().any(|word| name.contains(word));
        assert!(!bag, "{} has not found its name yet", path.display());
    }
}

#[test]
fn crates_use_only_lower_layers() {
    for (at, name) in LAYERS.iter().enumerate() {
        let folder = if *name == "stator" { "server" } else { name };
        let Ok(manifest) = fs::read_to_string(crates().join(folder).join("Cargo.toml")) else { continue };
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        for line in dependencies.lines() {
            let used = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let above = LAYERS.iter().position(|layer| *layer == used).is_some_and(|layer| layer >= at);
            assert!(!above, "{name} uses {used}, which is above it");
        }
    }
}

#[test]
fn functions_fit_on_a_screen() {
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        for (line, length) in functions(&text) {
            let excuse = LONG.iter().find(|(long, _)| path.ends_with(long));
            let length_max = excuse.map_or(FUNCTION_LINES_MAX, |(_, length_max)| *length_max);
            assert!(length <= length_max, "{}:{line} is a function of {length} lines", path.display());
        }
    }
}

/// Whether a line begins a function, of any visibility: `pub(super) const async unsafe extern "C" fn`.
fn is_function(code: &str) -> bool {
    let code = code.strip_prefix("pub").map_or(code, |rest| match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(')').map_or("", |(_, rest)| rest),
        None => rest,
    });
    let qualifiers = ["const", "async", "unsafe", "extern", "\"C\""];
    code.split_whitespace().find(|word| !qualifiers.contains(word)) == Some("fn")
}

/// Where functions begin, and how many lines they have: up to the brace that closes at the same indent.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        if !is_function(code) {
            continue;
        }
        // A declaration has no body.
        let head_end = lines[at..].iter().find(|line| line.ends_with(['{', ';', '}']));
        if head_end.is_some_and(|line| line.ends_with(';')) {
            continue;
        }
        let close = format!("{}}}", &line[..line.len() - code.len()]);
        if let Some(length) = lines[at..].iter().position(|line| *line == close) {
            found.push((at + 1, length + 1));
        }
    }
    found
}

/// A kind of row that is not declared has no key: keys of the catalog and of logs are made where the kinds are declared, and by the
/// storage crate, which knows the form of logs.
#[test]
fn keys_of_the_catalog_and_of_logs_are_made_by_their_registry() {
    let makes_keys =
        |path: &Path| ["keyspace", "storage", "xtask"].iter().any(|name| path.starts_with(crates().join(name)));
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path) && !makes_keys(path)) {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code: String = code.split_whitespace().collect();
        for made in
            ["Key::new(Family::Catalog", "Key::new(Family::Log", "Key{family:Family::Catalog", "Key{family:Family::Log"]
        {
            assert!(!code.contains(made), "{} makes a key that is no declared kind's", path.display());
        }
    }
}

/// The names of all declared metrics: each is a literal in a `Metric::counter(…)`, `gauge` or `histogram`.
fn declared_metrics() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let sources = sources().into_iter().filter(|(path, _)| !is_test(path) && !path.ends_with("xtask/src/tidy.rs"));
    for (path, text) in sources {
        // What a file's own tests declare is on no page; nor are examples in documentation.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for kind in ["Metric::counter(", "Metric::gauge(", "Metric::histogram("] {
            for rest in code.split(kind).skip(1) {
                let name = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                let name = name.unwrap_or_else(|| panic!("{}: a metric's name is no literal", path.display()));
                assert!(names.insert(name.to_owned()), "{}: {name} is declared twice", path.display());
            }
        }
    }
    names
}

/// Every metric is explained to the operator, and nothing is that there is not.
#[test]
fn the_documentation_names_every_metric() {
    let text = fs::read_to_string(crates().join("../docs/operations.md")).expect("docs/operations.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next());
    let named: BTreeSet<String> =
        rows.filter(|name| name.starts_with("stator_") || name.starts_with("process_")).map(str::to_owned).collect();
    assert_eq!(named, declared_metrics());
}

/// The names of all jobs: each is the first literal behind `Job::every(`, `on`, `by_account`, `woken` or `lasting`, or one of the pieces of work on
/// tables.
fn declared_jobs() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        if path.ends_with("xtask/src/tidy.rs") || path.components().any(|part| part.as_os_str() == "jobs") {
            continue;
        }
        for kind in [
            "Job::every(",
            "Job::on(",
            "Job::by_account(",
            "Job::woken(",
            "Job::lasting(",
            "const SUPERVISOR: &'static str =",
        ] {
            for rest in text.split(kind).skip(1) {
                let arguments = rest.split("|").next().unwrap_or_default();
                names.extend(arguments.split('"').nth(1).map(str::to_owned));
            }
        }
        if path.ends_with("catalog/work.rs") {
            let body = text.split("fn job(self)").nth(1).and_then(|rest| rest.split("\n    }\n").next());
            let names_of = body.unwrap_or_default().split('"').skip(1).step_by(2);
            names.extend(names_of.map(str::to_owned));
        }
    }
    names
}

/// All that runs in the background is in one table.
#[test]
fn the_architecture_names_every_job() {
    let text = fs::read_to_string(crates().join("../ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let section = text.split("\n## Jobs\n").nth(1).expect("a section of jobs");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let named: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(named, declared_jobs());
}
