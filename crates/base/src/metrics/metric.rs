//! The declaration of a metric.

/// A metric's name, kind and help text, declared once: `static QUEUE_BYTES: Metric = Metric::gauge("stator_queue_bytes", "…")`.
/// Declared so, a name that Prometheus or its conventions refuse does not compile.
#[derive(Debug)]
pub struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) help: &'static str,
}

impl Metric {
    /// What only grows, except for a restart. Its name ends in `_total`.
    pub const fn counter(name: &'static str, help: &'static str) -> Metric {
        assert!(ends_in_total(name), "a counter's name ends in _total");
        Metric::new(name, "counter", help)
    }

    /// A value of now.
    pub const fn gauge(name: &'static str, help: &'static str) -> Metric {
        assert!(!ends_in_total(name), "only a counter's name ends in _total");
        Metric::new(name, "gauge", help)
    }

    /// A distribution, in buckets.
    pub const fn histogram(name: &'static str, help: &'static str) -> Metric {
        assert!(!ends_in_total(name), "only a counter's name ends in _total");
        Metric::new(name, "histogram", help)
    }

    const fn new(name: &'static str, kind: &'static str, help: &'static str) -> Metric {
        let (name_bytes, help_bytes) = (name.as_bytes(), help.as_bytes());
        assert!(!name_bytes.is_empty() && name_bytes[0].is_ascii_lowercase(), "a name begins with a letter");
        let mut at = 0;
        while at < name_bytes.len() {
            let byte = name_bytes[at];
            assert!(
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_',
                "a name has lower case letters, digits and underscores"
            );
            at += 1;
        }
        assert!(!help_bytes.is_empty() && help_bytes[help_bytes.len() - 1] == b'.', "a help text is a sentence");
        at = 0;
        while at < help_bytes.len() {
            assert!(help_bytes[at] != b'\n' && help_bytes[at] != b'\\', "a help text is one line without escapes");
            at += 1;
        }
        Metric { name, kind, help }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }
}

const fn ends_in_total(name: &str) -> bool {
    let (name, end) = (name.as_bytes(), b"_total");
    let mut at = 0;
    while at < end.len() {
        if name.len() < end.len() || name[name.len() - end.len() + at] != end[at] {
            return false;
        }
        at += 1;
    }
    true
}
