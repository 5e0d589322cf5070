//! Filter criteria: which records a function is invoked with.
//!
//! A pattern has the shape of the event that it looks for: objects name the members that must fit, and a list holds the
//! rules of which one must. `$or` stands for objects of which one must fit. Source: Lambda Developer Guide, "Filter rule
//! syntax", and EventBridge User Guide, "Comparison operators", which the former takes its rules from.
//!
//! Parsing and matching are apart: `parse` refuses at the creation of a mapping what `matching` could never fit.

mod address;
mod matching;
mod parse;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use address::AddressBlock;
use model::Number;
use serde_json::Value;

/// Source: Lambda Developer Guide: five filters an event source, ten after a quota's increase.
pub(crate) const FILTERS_MAX: usize = 10;
/// Unit: characters. Source: API Reference, Filter.
pub(crate) const PATTERN_LENGTH_MAX: usize = 4096;

/// Patterns, one of which must fit; none at all fit everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters(Vec<Fields>);

/// A pattern that is not one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct InvalidPattern;

impl Filters {
    pub(crate) fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Filters, InvalidPattern> {
        patterns.into_iter().map(parse::pattern).collect::<Result<_, _>>().map(Filters)
    }

    /// Whether every record fits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an event, as the function would see it, fits.
    pub(crate) fn fit(&self, event: &Value) -> bool {
        self.is_empty() || self.0.iter().any(|pattern| matching::fields(pattern, Some(event)))
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
    Number(String),
    Text(TextRule),
    /// None of them holds, and there is a value.
    AnythingBut(Vec<Rule>),
    Numeric(Range),
    Exists(bool),
    Cidr(AddressBlock),
}

#[derive(Clone, Debug, PartialEq)]
enum TextRule {
    Equals(String),
    /// The text is kept folded.
    EqualsIgnoreCase(String),
    Prefix(String),
    PrefixIgnoreCase(String),
    Suffix(String),
    SuffixIgnoreCase(String),
    /// What stands between the stars.
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
