//! Findings, a line each.

use std::fmt;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Level {
    Ok,
    Warn,
    Bad,
}

#[derive(Default, Debug)]
pub(super) struct Report(Vec<(Level, &'static str, String)>);

impl Report {
    pub(super) fn ok(&mut self, of: &'static str, text: &str) {
        self.add(Level::Ok, of, text);
    }

    pub(super) fn warn(&mut self, of: &'static str, text: &str) {
        self.add(Level::Warn, of, text);
    }

    pub(super) fn bad(&mut self, of: &'static str, text: &str) {
        self.add(Level::Bad, of, text);
    }

    fn add(&mut self, level: Level, of: &'static str, text: &str) {
        self.0.push((level, of, base::visible(&text.replace('\n', " ")).into_owned()));
    }

    pub(super) fn is_bad(&self) -> bool {
        self.0.iter().any(|(level, ..)| *level == Level::Bad)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (level, of, text) in &self.0 {
            let level = match level {
                Level::Ok => "ok  ",
                Level::Warn => "warn",
                Level::Bad => "BAD ",
            };
            writeln!(f, "{level}  {of}: {text}")?;
        }
        Ok(())
    }
}
