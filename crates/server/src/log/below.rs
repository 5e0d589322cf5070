//! What the crates below have to report: they use the crate `log`, and its records become events like the server's own.
//!
//! A record of Stator's crates has the event's name as the key-value `event`; its other key-values are the event's data. Of
//! libraries only warnings and errors count: their event is `library`, with the module that reports.

use ::log::kv::{self, Key, VisitSource};

use super::{Event, Value, write};

/// Stator's crates that report something: the beginnings of their modules' names.
const OURS: [&str; 11] = [
    "autoscaling",
    "cloudwatch",
    "cluster",
    "deliver",
    "identity",
    "jobs",
    "objects",
    "ops",
    "seal",
    "storage",
    "storage_postgres",
];
const EVENT: &str = "event";
/// The number of lines that were suppressed before this one, if there were any.
const HELD_BACK: &str = "held_back";
const LIBRARY: &str = "library";

struct Below;

static BELOW: Below = Below;

pub(super) fn listen() {
    // Only the first one counts, and there is no second.
    let _ = ::log::set_logger(&BELOW);
    ::log::set_max_level(::log::LevelFilter::Info);
}

fn is_ours(target: &str) -> bool {
    OURS.contains(&target.split(':').next().unwrap_or_default())
}

impl ::log::Log for Below {
    fn enabled(&self, metadata: &::log::Metadata<'_>) -> bool {
        metadata.level() <= ::log::Level::Warn || (metadata.level() == ::log::Level::Info && is_ours(metadata.target()))
    }

    fn log(&self, record: &::log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let (facts, message) = (Facts::of(record), record.args().to_string());
            let data: Vec<_> = facts.data.iter().map(|(name, fact)| (name.as_str(), fact.value())).collect();
            let name = facts.name.as_deref().unwrap_or(LIBRARY);
            write(&Event { level: level(record.level()), name, message: &message, data: &data });
        }
    }

    fn flush(&self) {}
}

enum Fact {
    Text(String),
    Number(u64),
}

/// A record's key-values.
#[derive(Default)]
struct Facts {
    name: Option<String>,
    data: Vec<(String, Fact)>,
}

impl Facts {
    fn of(record: &::log::Record<'_>) -> Facts {
        let mut facts = Facts::default();
        // Never an error: the visitor has none.
        let _ = record.key_values().visit(&mut facts);
        if facts.name.is_none() {
            facts.data.push(("module".to_owned(), Fact::Text(record.target().to_owned())));
        }
        facts
    }
}

impl<'kvs> VisitSource<'kvs> for Facts {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        match key.as_str() {
            EVENT => self.name = Some(value.to_string()),
            HELD_BACK if value.to_u64() == Some(0) => {}
            name => self.data.push((name.to_owned(), Fact::of(&value))),
        }
        Ok(())
    }
}

impl Fact {
    fn of(value: &kv::Value<'_>) -> Fact {
        value.to_u64().map_or_else(|| Fact::Text(value.to_string()), Fact::Number)
    }

    fn value(&self) -> Value<'_> {
        match self {
            Fact::Text(text) => Value::Text(text),
            Fact::Number(number) => Value::Number(*number),
        }
    }
}

fn level(level: ::log::Level) -> super::Level {
    match level {
        ::log::Level::Error => super::Level::Error,
        ::log::Level::Warn => super::Level::Warning,
        _ => super::Level::Info,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use ::log::{Level, Log, Metadata, Record};

    use super::*;

    #[test]
    fn libraries_are_heard_when_they_warn() {
        let check = |target: &str, level: Level, expected: bool| {
            let metadata = Metadata::builder().target(target).level(level).build();
            assert_eq!(BELOW.enabled(&metadata), expected, "{target} {level}");
        };
        check("ops::expiry_work::sweep", Level::Info, true);
        check("storage_postgres::pool", Level::Info, true);
        check("seal::sweep", Level::Info, true);
        check("cluster::nodes", Level::Debug, false);
        check("fjall::db", Level::Info, false);
        check("fjall::db", Level::Warn, true);
        check("opsomething", Level::Info, false);
        check("rustls::client", Level::Error, true);
    }

    #[test]
    fn a_record_has_its_events_name_and_data() {
        let pairs = [
            ("event", kv::Value::from("changes_lost")),
            ("table", "Music".into()),
            ("count", 7u64.into()),
            ("held_back", 0u64.into()),
        ];
        let facts = Facts::of(&Record::builder().key_values(&pairs).build());
        assert_eq!(facts.name.as_deref(), Some("changes_lost"));
        let [(table, Fact::Text(music)), (count, Fact::Number(7))] = &facts.data[..] else {
            panic!("a text and a number")
        };
        assert_eq!((table.as_str(), music.as_str(), count.as_str()), ("table", "Music", "count"));
        let facts = Facts::of(&Record::builder().target("rustls::client").build());
        assert!(facts.name.is_none() && matches!(&facts.data[..], [(name, Fact::Text(_))] if name == "module"));
    }

    /// Everything of Rust below a folder, as text.
    fn sources(folder: &Path, out: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                out.push(fs::read_to_string(path).expect("a file"));
            }
        }
    }

    /// The text between `start` and the next quotation mark.
    fn between(text: &str, start: &str) -> Vec<String> {
        text.split(start).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    }

    /// Each record of Stator's crates names its event, and the documentation has a row for each name.
    #[test]
    fn every_event_is_named_and_documented() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut names = BTreeSet::new();
        // Every crate but the program, which has functions of its own.
        let folders = fs::read_dir(&crates).expect("the crates").map(|entry| entry.expect("a crate").file_name());
        for folder in folders.filter(|folder| folder != "server") {
            let name = folder.to_string_lossy().replace('-', "_");
            let mut texts = Vec::new();
            sources(&crates.join(&folder).join("src"), &mut texts);
            for text in &texts {
                for call in
                    ["log::error!(", "log::warn!(", "log::info!("].iter().flat_map(|macro_| text.split(macro_).skip(1))
                {
                    assert!(OURS.contains(&name.as_str()), "{name} reports, and is not in OURS");
                    assert!(call.trim_start().starts_with("event = "), "{name}: {}", &call[..call.len().min(80)]);
                }
                names.extend(between(text, "event = \""));
            }
        }
        let mut texts = Vec::new();
        sources(&crates.join("server/src"), &mut texts);
        for call in ["info(", "warning(", "error("] {
            let start = format!("log::{call}\"");
            for text in &texts {
                names.extend(between(&text.split_whitespace().collect::<String>(), &start));
            }
        }
        let operations = crates.join("../docs/operations.md");
        let operations = fs::read_to_string(operations).expect("docs/operations.md");
        let missing: Vec<&String> = names.iter().filter(|name| !operations.contains(&format!("`{name}`"))).collect();
        assert!(names.len() > 15 && missing.is_empty(), "not in docs/operations.md: {missing:?}");
    }
}
