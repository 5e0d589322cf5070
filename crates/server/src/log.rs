//! What the operator reads on stderr: one line for each notable event, as text or as JSON; nothing for a request that
//! went as it should.
//!
//! Text is for people: the time, `stator: ` and a sentence, with the event's data in brackets. JSON is for machines: `time`,
//! `level`, `event` (a name that does not change), `message` (the sentence), and the data as members. A closed stderr
//! is no reason to stop serving. Commands that end by themselves write no times.

mod below;
mod repeat;
pub(crate) mod time;

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use base::Clock;
pub(crate) use base::Gate;
use clap::ValueEnum;

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// For machines: one object a line
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(u64),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => number.fmt(f),
        }
    }
}

/// One notable event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) level: Level,
    pub(crate) name: &'a str,
    pub(crate) message: &'a str,
    pub(crate) data: &'a [(&'a str, Value<'a>)],
}

/// Whether text has times: of a server.
static TIMES: AtomicBool = AtomicBool::new(false);
static JSON: AtomicBool = AtomicBool::new(false);

/// Chooses the format, once and before anything is said.
pub(crate) fn start(format: LogFormat) {
    TIMES.store(true, Ordering::Relaxed);
    JSON.store(format == LogFormat::Json, Ordering::Relaxed);
    below::listen();
    if format == LogFormat::Json {
        // A panic's own lines would be no JSON.
        std::panic::set_hook(Box::new(|panic| error("panic", &panic.to_string(), &[])));
    }
}

pub(crate) fn info(name: &'static str, message: &str, data: &[(&'static str, Value<'_>)]) {
    write(&Event { level: Level::Info, name, message, data });
}

/// The ready line. As text it is the message alone, which says it all; people and scripts read it.
pub(crate) fn ready(message: &str, data: &[(&'static str, &str)]) {
    let data: Vec<_> = data.iter().map(|(name, text)| (*name, Value::Text(text))).collect();
    info("ready", message, if is_json() { &data } else { &[] });
}

pub(crate) fn warning(name: &'static str, message: &str, data: &[(&'static str, Value<'_>)]) {
    write(&Event { level: Level::Warning, name, message, data });
}

pub(crate) fn error(name: &'static str, message: &str, data: &[(&'static str, Value<'_>)]) {
    write(&Event { level: Level::Error, name, message, data });
}

fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

fn write(event: &Event<'_>) {
    let message = repeat::without(event.message);
    let event = Event { message: &message, ..*event };
    let line = match (is_json(), TIMES.load(Ordering::Relaxed)) {
        (true, _) => event.json(Clock::system().now_ms()),
        (false, true) => event.text(Some(Clock::system().now_ms())),
        (false, false) => event.text(None),
    };
    // Unit tests make requests fail on purpose: between their results, lines about that would look like failures.
    if cfg!(test) {
        return;
    }
    // One write, so that lines of two threads do not mix.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

impl Event<'_> {
    fn text(&self, now_ms: Option<u64>) -> String {
        let mut line = now_ms.map(|now_ms| time::rfc3339(now_ms) + " ").unwrap_or_default();
        line.push_str("stator: ");
        if self.level != Level::Info {
            line.push_str(self.level.name());
            line.push_str(": ");
        }
        line.push_str(self.message);
        let data: Vec<_> = self.data.iter().filter(|(_, value)| !self.is_said(value)).collect();
        for (at, (name, value)) in data.iter().enumerate() {
            line.push_str(if at == 0 { " (" } else { ", " });
            let _ = write!(line, "{name} {value}");
        }
        if !data.is_empty() {
            line.push(')');
        }
        // An event is a line that shows what it consists of, whatever is in a name or in the error of another program.
        base::into_visible(line.replace(['\n', '\r', '\t'], " ")) + "\n"
    }

    /// Whether the sentence has a value already, once for each of the data that have it.
    fn is_said(&self, value: &Value<'_>) -> bool {
        let text = value.to_string();
        let wanted = self.data.iter().filter(|(_, other)| other.to_string() == text).count();
        let is_part = |letter: char| match letter {
            '/' => text.contains('/'),
            '_' | '-' | '.' => true,
            letter => letter.is_alphanumeric(),
        };
        // Of a longer word or number it is no value.
        let is_whole = |(at, _): (usize, &str)| {
            let (before, after) = (&self.message[..at], &self.message[at + text.len()..]);
            !before.ends_with(is_part) && !after.trim_start_matches(['.', ':']).starts_with(is_part)
        };
        !text.is_empty() && self.message.match_indices(&text).filter(|found| is_whole(*found)).count() >= wanted
    }

    fn json(&self, now_ms: u64) -> String {
        let mut line = format!(r#"{{"time":"{}","level":"{}""#, time::rfc3339(now_ms), self.level.name());
        let _ = write!(line, r#","event":"{}","message":{}"#, self.name, quoted(self.message));
        for (name, value) in self.data {
            let _ = match value {
                Value::Text(text) => write!(line, r#","{name}":{}"#, quoted(text)),
                Value::Number(number) => write!(line, r#","{name}":{number}"#),
            };
        }
        line.push('}');
        base::into_visible(line) + "\n"
    }
}

fn quoted(text: &str) -> serde_json::Value {
    serde_json::Value::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line() {
        let check = |level, message, data: &[(&str, Value<'_>)], text: &str, json: &str| {
            let event = Event { level, name: "happened", message, data };
            assert_eq!(event.text(None), format!("stator: {text}\n"));
            assert_eq!(event.text(Some(1_440_938_160_007)), format!("2015-08-30T12:36:00.007Z stator: {text}\n"));
            let head = r#"{"time":"2015-08-30T12:36:00.007Z","level":"#;
            assert_eq!(event.json(1_440_938_160_007), format!("{head}{json}}}\n"));
        };
        check(Level::Info, "stopping", &[], "stopping", r#""info","event":"happened","message":"stopping""#);
        check(
            Level::Error,
            "two\nlines, \"quoted\"",
            &[("operation", Value::Text("PutItem")), ("duration_ms", Value::Number(7))],
            "error: two lines, \"quoted\" (operation PutItem, duration_ms 7)",
            r#""error","event":"happened","message":"two\nlines, \"quoted\"","operation":"PutItem","duration_ms":7"#,
        );
        check(
            Level::Warning,
            "cannot read /a/b: only 7 of 12 files",
            &[("file", Value::Text("/a/b")), ("count", Value::Number(7)), ("max", Value::Number(1))],
            "warning: cannot read /a/b: only 7 of 12 files (max 1)",
            r#""warning","event":"happened","message":"cannot read /a/b: only 7 of 12 files","file":"/a/b","count":7,"max":1"#,
        );
        check(
            Level::Info,
            "it took 31 ms",
            &[("duration_ms", Value::Number(31)), ("bytes", Value::Number(31))],
            "it took 31 ms (duration_ms 31, bytes 31)",
            r#""info","event":"happened","message":"it took 31 ms","duration_ms":31,"bytes":31"#,
        );
        check(
            Level::Info,
            "a\u{202e}b\u{2028}\u{1b}[1m",
            &[("name", Value::Text("\u{2066}\u{7f}é\t"))],
            "a\\u202eb\\u2028\\u001b[1m (name \\u2066\\u007fé )",
            r#""info","event":"happened","message":"a\u202eb\u2028\u001b[1m","name":"\u2066\u007fé\t""#,
        );
    }
}
