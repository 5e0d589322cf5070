//! Prometheus's text format, version 0.0.4: for each metric a line of help, a line of its kind, and its values.
//!
//! Names, labels and help texts are ours; what a label says may be a client's.

use std::fmt::{Display, Write};

use base::HistogramReading;

#[derive(Default)]
pub(crate) struct Page {
    text: String,
    /// The metric whose values are being written.
    name: &'static str,
}

type Labels<'a> = &'a [(&'static str, &'a str)];

impl Page {
    /// What only grows, but for a restart.
    pub(crate) fn counter(&mut self, name: &'static str, help: &str) {
        self.begin(name, help, "counter");
    }

    pub(crate) fn gauge(&mut self, name: &'static str, help: &str) {
        self.begin(name, help, "gauge");
    }

    pub(super) fn histogram(&mut self, name: &'static str, help: &str) {
        self.begin(name, help, "histogram");
    }

    fn begin(&mut self, name: &'static str, help: &str, kind: &str) {
        self.name = name;
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(crate) fn value(&mut self, value: impl Display) {
        self.labelled(&[], value);
    }

    pub(crate) fn labelled(&mut self, labels: Labels<'_>, value: impl Display) {
        self.line("", labels, value);
    }

    /// The values of a histogram that was recorded in parts of a unit: `unit` is how many of them make one.
    pub(super) fn reading(&mut self, labels: Labels<'_>, reading: &HistogramReading, unit: f64) {
        let mut up_to = 0;
        let bounds = reading.bounds.iter().map(|bound| (*bound as f64 / unit).to_string());
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(&reading.counts) {
            up_to += count;
            self.line("_bucket", &[labels, &[("le", &bound)]].concat(), up_to);
        }
        self.line("_sum", labels, reading.sum as f64 / unit);
        self.line("_count", labels, up_to);
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, value: impl Display) {
        let _ = write!(self.text, "{}{suffix}", self.name);
        for (at, (name, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            let _ = write!(self.text, "{}{name}=\"{text}\"", if at == 0 { '{' } else { ',' });
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}
