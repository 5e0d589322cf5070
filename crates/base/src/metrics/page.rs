//! Prometheus's text format, version 0.0.4: for each metric a line of help, a line of its kind, and its values.
//!
//! Names, labels and help texts are ours; what a label says may be a client's.

use std::fmt::{Display, Write};

use super::Metric;
use crate::HistogramReading;

/// How much a page names of what callers have made, such as tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// So many of them have series of their own, the rest has one together.
    Each(usize),
    /// They have one series together, which names none.
    Total,
}

/// The page in the making.
#[derive(Debug)]
pub struct Page {
    detail: Detail,
    families: Vec<Family>,
}

/// The lines of one metric.
#[derive(Debug)]
struct Family {
    metric: &'static Metric,
    lines: String,
}

/// A metric on the page, to which values are added.
pub struct Series<'a> {
    name: &'static str,
    lines: &'a mut String,
}

type Labels<'a> = &'a [(&'static str, &'a str)];

impl Page {
    pub fn new(detail: Detail) -> Page {
        Page { detail, families: Vec::new() }
    }

    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// The metric's place on the page. Sources may share a metric: its values are adjacent, as the format demands.
    pub fn metric(&mut self, metric: &'static Metric) -> Series<'_> {
        // From the end: most values are of the last metric.
        let found = self.families.iter().rposition(|family| family.metric.name == metric.name);
        let at = found.unwrap_or_else(|| {
            self.families.push(Family { metric, lines: String::new() });
            self.families.len() - 1
        });
        Series { name: metric.name, lines: &mut self.families[at].lines }
    }

    pub fn into_text(self) -> String {
        let mut text = String::new();
        for Family { metric: Metric { name, kind, help }, lines } in &self.families {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
        }
        text
    }
}

impl Series<'_> {
    /// The value of a metric without labels.
    pub fn value(&mut self, value: impl Display) {
        self.labelled(&[], value);
    }

    pub fn labelled(&mut self, labels: Labels<'_>, value: impl Display) {
        self.line("", labels, value);
    }

    /// The values of a histogram that was recorded in parts of a unit: `unit` is how many of them make one.
    pub fn reading(&mut self, labels: Labels<'_>, reading: &HistogramReading, unit: f64) {
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
        let _ = write!(self.lines, "{}{suffix}", self.name);
        for (at, (name, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            let _ = write!(self.lines, "{}{name}=\"{text}\"", if at == 0 { '{' } else { ',' });
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.lines, "{close} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SOME: Metric = Metric::gauge("some", "Help.");
    static OTHERS: Metric = Metric::counter("others_total", "More help.");

    #[test]
    fn what_a_label_says_stays_in_it() {
        let mut page = Page::new(Detail::Total);
        page.metric(&SOME).labelled(&[("region", "a\"b\\c\nd")], 1);
        assert!(page.into_text().ends_with("some{region=\"a\\\"b\\\\c\\nd\"} 1\n"));
    }

    #[test]
    fn values_of_a_metric_stand_together() {
        let mut page = Page::new(Detail::Each(2));
        assert_eq!(page.detail(), Detail::Each(2));
        page.metric(&SOME).labelled(&[("of", "one")], 1);
        page.metric(&OTHERS);
        page.metric(&SOME).labelled(&[("of", "two")], 2.5);
        assert_eq!(
            page.into_text(),
            "# HELP some Help.\n# TYPE some gauge\nsome{of=\"one\"} 1\nsome{of=\"two\"} 2.5\n\
             # HELP others_total More help.\n# TYPE others_total counter\n"
        );
    }

    #[test]
    fn a_histogram_has_its_buckets_sum_and_count() {
        static DURATION: Metric = Metric::histogram("duration_seconds", "Time.");
        let mut page = Page::new(Detail::Total);
        let reading = HistogramReading { bounds: &[500, 1_000], counts: vec![1, 0, 2], sum: 4_500 };
        page.metric(&DURATION).reading(&[("of", "one")], &reading, 1_000.0);
        let text = page.into_text();
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                r#"duration_seconds_bucket{of="one",le="0.5"} 1"#,
                r#"duration_seconds_bucket{of="one",le="1"} 1"#,
                r#"duration_seconds_bucket{of="one",le="+Inf"} 3"#,
                r#"duration_seconds_sum{of="one"} 4.5"#,
                r#"duration_seconds_count{of="one"} 3"#,
            ]
        );
    }
}
