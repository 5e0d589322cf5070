//! What may be wrong with an attribute value, and the text for it in each layer of validation.

use std::borrow::Cow;
use std::collections::BTreeSet;

use api::validation::{Duplicates, Layer};
use model::Number;

use super::attribute_value::base64;

/// Elements of a refused set that its text shows.
const SHOWN_MAX: usize = 100;

#[derive(Debug)]
pub(super) enum Defect {
    /// In the same words in both layers.
    Text(Cow<'static, str>),
    /// No number; the text as sent.
    Number(String),
    /// A set that has an element twice, with the bytes of its elements as sent; none of a number set.
    Duplicates {
        set: SetKind,
        elements: Vec<Vec<u8>>,
    },
    TooDeep,
    /// An attribute without a name.
    EmptyName,
    /// A key of a map that is empty.
    EmptyKey,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SetKind {
    Strings,
    Numbers,
    Binaries,
}

impl SetKind {
    fn show(self, element: &[u8]) -> String {
        match self {
            SetKind::Binaries => base64(element),
            SetKind::Strings | SetKind::Numbers => String::from_utf8_lossy(element).into_owned(),
        }
    }
}

impl Defect {
    /// The pass in which DynamoDB finds it, all of one item or key in one pass after the other. Observed for puts of
    /// transactions.
    pub(super) fn pass(&self) -> u8 {
        match self {
            Defect::EmptyName => 0,
            Defect::Text(_) | Defect::Number(_) | Defect::Duplicates { .. } | Defect::TooDeep => 1,
            Defect::EmptyKey => 2,
        }
    }

    pub(super) fn text(&self, layer: &Layer) -> Cow<'static, str> {
        match self {
            Defect::Text(text) => text.clone(),
            // Both readers refuse it, but for a zero that only the older one refuses: it has no other words.
            Defect::Number(text) => match Number::parse_as(text, layer.numbers) {
                Err(error) => error.to_string().into(),
                Ok(_) => format!("The parameter cannot be converted to a numeric value: {text}").into(),
            },
            Defect::Duplicates { set, elements } => duplicates(layer.duplicates, *set, elements),
            Defect::TooDeep => {
                "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                 supported limit"
                    .into()
            }
            Defect::EmptyName | Defect::EmptyKey => "Empty attribute name".into(),
        }
    }
}

fn duplicates(words: Duplicates, set: SetKind, elements: &[Vec<u8>]) -> Cow<'static, str> {
    const INVALID: &str = "One or more parameter values were invalid: Input collection";
    let shown = |elements: &mut dyn Iterator<Item = String>, separator: &str| {
        let elements = elements.take(SHOWN_MAX).collect::<Vec<_>>().join(separator);
        let kind = if set == SetKind::Binaries { "of type BS" } else { "" };
        format!("{INVALID} [{elements}]{kind} contains duplicates.").into()
    };
    match (words, set) {
        (Duplicates::Quoted, SetKind::Numbers) => format!("{INVALID} contains duplicates.").into(),
        (Duplicates::Plain, SetKind::Numbers) => "Input collection contains duplicates".into(),
        (Duplicates::Plain, _) => shown(&mut elements.iter().map(|element| set.show(element)), ", "),
        (Duplicates::Quoted, _) => {
            let separator = if set == SetKind::Binaries { "," } else { ", " };
            let quoted = sorted_to_the_repeat(elements).map(|element| format!("\"{}\"", set.show(element)));
            shown(&mut { quoted }, separator)
        }
    }
}

/// The elements before the first repeated one in order, then that one, then the rest as sent.
fn sorted_to_the_repeat(elements: &[Vec<u8>]) -> impl Iterator<Item = &Vec<u8>> {
    let mut seen = BTreeSet::new();
    let repeat = elements.iter().position(|element| !seen.insert(element)).unwrap_or(elements.len());
    seen.into_iter().chain(&elements[repeat..])
}
