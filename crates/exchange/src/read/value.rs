//! What all formats check of values, in DynamoDB's words.

use model::{AttributeValue, Number};

/// Elements of a set that a refusal shows.
const SHOWN_MAX: usize = 10;

pub(super) const TOO_DEEP: &str =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
pub(super) const EMPTY_NAME: &str = "One or more parameter values were invalid: Empty attribute name";

pub(super) fn not_base64(name: &str) -> String {
    format!("One or more parameter values were invalid: the key {name} is not in base64")
}

/// The first thing that is wrong with an item; reading continues to the item's end.
#[derive(Default)]
pub(super) struct Problems {
    first: Option<String>,
}

impl Problems {
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.first.get_or_insert_with(|| text.into());
    }

    /// The value of an item, unless something is wrong with it.
    pub(super) fn verdict<T>(self, value: T) -> Result<T, String> {
        self.first.map_or(Ok(value), Err)
    }

    pub(super) fn number(&mut self, text: &str) -> Number {
        Number::parse(text).unwrap_or_else(|error| {
            self.note(error.to_string());
            Number::ZERO
        })
    }

    pub(super) fn strings(&mut self, elements: Vec<String>) -> AttributeValue {
        AttributeValue::SS(self.set(elements, "An string set  may not be empty", "", String::clone))
    }

    pub(super) fn numbers(&mut self, elements: Vec<Number>) -> AttributeValue {
        AttributeValue::NS(self.set(elements, "An number set  may not be empty", "", Number::to_string))
    }

    pub(super) fn binaries(&mut self, elements: Vec<Vec<u8>>) -> AttributeValue {
        let show = |bytes: &Vec<u8>| base64_simd::STANDARD.encode_to_string(bytes);
        AttributeValue::BS(self.set(elements, "Binary sets should not be empty", "of type BS", show))
    }

    fn set<T: Ord>(&mut self, mut elements: Vec<T>, empty: &str, kind: &str, show: impl Fn(&T) -> String) -> Vec<T> {
        if elements.is_empty() {
            self.note(format!("One or more parameter values were invalid: {empty}"));
        }
        if elements.is_sorted_by(|a, b| a < b) {
            return elements;
        }
        let shown: Vec<String> = elements.iter().take(SHOWN_MAX).map(show).collect();
        let count = elements.len();
        elements.sort_unstable();
        elements.dedup();
        if elements.len() < count {
            let shown = shown.join(", ");
            self.note(format!(
                "One or more parameter values were invalid: Input collection [{shown}]{kind} contains duplicates."
            ));
        }
        elements
    }
}
