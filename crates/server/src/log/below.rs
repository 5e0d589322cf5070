//! What the rooms below have to tell: they speak through the crate `log`, and it becomes lines like the server's own.
//!
//! Stator's own crates tell the operator what they mean to; of libraries only warnings and errors count.

use super::{Event, Value, write};

/// Where Stator's crates say something: the beginnings of their modules' names.
const OURS: [&str; 3] = ["ops", "storage", "storage_postgres"];

struct Below;

static BELOW: Below = Below;

pub(super) fn listen() {
    // Only the first one counts, and there is no second.
    let _ = ::log::set_logger(&BELOW);
    ::log::set_max_level(::log::LevelFilter::Info);
}

impl ::log::Log for Below {
    fn enabled(&self, metadata: &::log::Metadata<'_>) -> bool {
        let room = metadata.target().split(':').next().unwrap_or_default();
        metadata.level() <= ::log::Level::Warn || (metadata.level() == ::log::Level::Info && OURS.contains(&room))
    }

    fn log(&self, record: &::log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = match record.level() {
            ::log::Level::Error => super::Level::Error,
            ::log::Level::Warn => super::Level::Warning,
            _ => super::Level::Info,
        };
        let message = record.args().to_string();
        let data = [("module", Value::Text(record.target()))];
        write(&Event { level, name: "background", message: &message, data: &data });
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use ::log::{Level, Log, Metadata};

    use super::*;

    #[test]
    fn libraries_are_heard_when_they_warn() {
        let check = |target: &str, level: Level, expected: bool| {
            let metadata = Metadata::builder().target(target).level(level).build();
            assert_eq!(BELOW.enabled(&metadata), expected, "{target} {level}");
        };
        check("ops::expiry::sweep", Level::Info, true);
        check("storage_postgres::pool", Level::Info, true);
        check("ops::nodes", Level::Debug, false);
        check("fjall::db", Level::Info, false);
        check("fjall::db", Level::Warn, true);
        check("opsomething", Level::Info, false);
        check("rustls::client", Level::Error, true);
    }
}
