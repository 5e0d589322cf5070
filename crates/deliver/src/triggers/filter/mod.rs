//! Filter criteria: which records a function is invoked with.
//!
//! A pattern has the shape of the event that it looks for: objects name the members that must fit, and a list holds the
//! rules of which one must. `$or` stands for objects of which one must fit. Source: Lambda Developer Guide, "Filter rule
//! syntax", and EventBridge User Guide, "Comparison operators", which the former takes its rules from.
//!
//! Parsing and matching are apart: `parse` refuses at the creation of a mapping what `matching` could never fit.

mod address;
mod event;
mod matching;
mod parse;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use address::AddressBlock;
use auth::iam::WorkBudget;
use event::Event;
use model::Number;

/// Source: Lambda Developer Guide: five filters an event source, ten after a quota's increase.
pub(crate) const FILTERS_MAX: usize = 10;
/// Unit: characters. Source: API Reference, Filter.
pub(crate) const PATTERN_LENGTH_MAX: usize = 4096;

/// What the filters of a mapping may cost for any record: more than all rules of ten patterns. A step is a rule that looks at a value,
/// or a byte that it reads beyond its own length. A pattern has some thousand rules at most, and a record some hundred thousand
/// values or one long one: their product is bounded so.
const STEPS: u64 = 20_000;
/// For each byte of a record: more than ten patterns of a rule each that reads all of it.
const STEPS_PER_BYTE: u64 = 25;

/// Patterns, one of which must fit; none at all fit everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters {
    patterns: Vec<Fields>,
    /// Of the members that they look at.
    names: BTreeSet<String>,
}

/// What filters say of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fit {
    Yes,
    No,
    /// The decision would take more work than a record may cause.
    TooCostly,
}

/// A pattern that is not one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct InvalidPattern;

impl Filters {
    pub(crate) fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Filters, InvalidPattern> {
        let patterns: Vec<Fields> = patterns.into_iter().map(parse::pattern).collect::<Result<_, _>>()?;
        let mut names = BTreeSet::new();
        patterns.iter().for_each(|pattern| pattern.gather_names(&mut names));
        Ok(Filters { patterns, names })
    }

    /// Whether every record fits.
    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether an event, as the function would see it, fits. What is no JSON does not.
    pub(crate) fn fit(&self, json: &[u8]) -> Fit {
        if self.is_empty() {
            return Fit::Yes;
        }
        let Ok(event) = Event::read(json, &self.names) else { return Fit::No };
        let work = WorkBudget::new(STEPS + STEPS_PER_BYTE * json.len() as u64);
        let fits = self.patterns.iter().any(|pattern| matching::fields(pattern, Some(&event), &work));
        match fits {
            true => Fit::Yes,
            false if work.is_exhausted() => Fit::TooCostly,
            false => Fit::No,
        }
    }
}

impl Fields {
    fn gather_names(&self, names: &mut BTreeSet<String>) {
        for (name, node) in &self.named {
            names.insert(name.clone());
            if let Node::Object(inner) = node {
                inner.gather_names(names);
            }
        }
        self.alternatives.iter().flatten().for_each(|one| one.gather_names(names));
    }
}

/// An object of a pattern: all of it must fit.
#[derive(Clone, Debug, PartialEq, Default)]
struct Fields {
    named: Vec<(String, Node)>,
    /// Objects of which one must fit, for each `$or`.
    alternatives: Vec<Vec<Fields>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Object(Fields),
    /// One of them must hold.
    Leaf(Vec<Rule>),
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Null,
    Bool(bool),
    /// Compared as it is written, as the guide says.
    Number(Box<str>),
    Text(TextRule),
    /// None of them holds, and there is a value.
    AnythingBut(Vec<Rule>),
    /// As most rules are literals, what is large is apart.
    Numeric(Box<Range>),
    Exists(bool),
    Cidr(AddressBlock),
}

#[derive(Clone, Debug, PartialEq)]
enum TextRule {
    Equals(String),
    /// The text is stored folded.
    EqualsIgnoreCase(String),
    Prefix(String),
    PrefixIgnoreCase(String),
    Suffix(String),
    SuffixIgnoreCase(String),
    /// The texts between the stars.
    Wildcard(Vec<String>),
}

/// Numbers between two bounds; a bound is in the range if it says so.
#[derive(Clone, Debug, PartialEq, Default)]
struct Range {
    lower: Option<Bound>,
    upper: Option<Bound>,
}

#[derive(Clone, Debug, PartialEq)]
struct Bound {
    at: Number,
    included: bool,
}

impl Range {
    fn holds(&self, number: &Number) -> bool {
        let within = |bound: &Option<Bound>, side: Ordering| {
            bound.as_ref().is_none_or(|bound| match number.cmp(&bound.at) {
                Ordering::Equal => bound.included,
                found => found == side,
            })
        };
        within(&self.lower, Ordering::Greater) && within(&self.upper, Ordering::Less)
    }
}
