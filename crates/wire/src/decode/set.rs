//! Sets of attribute values: kept sorted, refused when empty or when an element is there twice.

use std::marker::PhantomData;

use model::Number;
use serde::de::{Error, MapAccess};

use crate::constraint::Shape;

use super::attribute_value::{self, Base64, NumberText};
use super::context::Context;
use super::describe::Description;
use super::{Decode, Expected};

/// What stands for an element of a set in the body, and how refusals speak of its set.
pub(super) trait Element: Decode {
    type Kept: Ord;
    const KIND: &'static str;
    const EMPTY: &'static str;
    /// What follows the shown elements.
    const DUPLICATES: &'static str;
    /// Stands in a set that is refused.
    const FILLER: Self::Kept;

    fn keep(self) -> Self::Kept;
    fn show(kept: &Self::Kept) -> String;
}

/// An element in its place: there, a null is a refused value.
struct InSet<T: Element>(T::Kept, PhantomData<T>);

impl<T: Element> Decode for InSet<T> {
    const EXPECTED: Expected = T::EXPECTED;

    fn from_null(context: &mut Context) -> Option<InSet<T>> {
        let kind = T::KIND;
        context.bad_value(format!(
            "One or more parameter values were invalid: An {kind} set  may not have a null {kind} as a member"
        ));
        Some(InSet(T::FILLER, PhantomData))
    }

    fn from_text<E: Error>(text: &str, shape: &'static Shape, context: &mut Context) -> Result<InSet<T>, E> {
        Ok(InSet(T::from_text::<E>(text, shape, context)?.keep(), PhantomData))
    }

    fn describe(&self, out: &mut Description) {
        out.plain(T::show(&self.0));
    }
}

/// Reads a set, as a member of an attribute value.
pub(super) fn read<'de, T: Element, A: MapAccess<'de>>(
    body: &mut A,
    context: &mut Context,
) -> Result<Option<Vec<T::Kept>>, A::Error> {
    let Some(elements) = attribute_value::read::<Vec<InSet<T>>, A>(body, context)? else { return Ok(None) };
    let mut set: Vec<T::Kept> = elements.into_iter().map(|element| element.0).collect();
    if set.is_empty() {
        context.bad_value(format!("One or more parameter values were invalid: {}", T::EMPTY));
    }
    if !set.is_sorted_by(|a, b| a < b) {
        if has_duplicates(&set) {
            context.bad_value(duplicates::<T>(&set));
        }
        set.sort_unstable();
        set.dedup();
    }
    Ok(Some(set))
}

fn has_duplicates<T: Ord>(set: &[T]) -> bool {
    let mut sorted: Vec<&T> = set.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// Shows the set in the request's order; of a large one, the first elements.
fn duplicates<T: Element>(set: &[T::Kept]) -> String {
    const SHOWN_MAX: usize = 100;
    let shown: Vec<String> = set.iter().take(SHOWN_MAX).map(T::show).collect();
    let shown = shown.join(", ");
    format!("One or more parameter values were invalid: Input collection [{shown}]{}", T::DUPLICATES)
}

impl Element for String {
    type Kept = String;
    const KIND: &'static str = "string";
    const EMPTY: &'static str = "An string set  may not be empty";
    const DUPLICATES: &'static str = " contains duplicates.";
    const FILLER: String = String::new();

    fn keep(self) -> String {
        self
    }

    fn show(kept: &String) -> String {
        kept.clone()
    }
}

impl Element for NumberText {
    type Kept = Number;
    const KIND: &'static str = "number";
    const EMPTY: &'static str = "An number set  may not be empty";
    const DUPLICATES: &'static str = " contains duplicates.";
    const FILLER: Number = Number::ZERO;

    fn keep(self) -> Number {
        self.0
    }

    fn show(kept: &Number) -> String {
        kept.to_string()
    }
}

impl Element for Base64 {
    type Kept = Vec<u8>;
    const KIND: &'static str = "binary";
    const EMPTY: &'static str = "Binary sets should not be empty";
    const DUPLICATES: &'static str = "of type BS contains duplicates.";
    const FILLER: Vec<u8> = Vec::new();

    fn keep(self) -> Vec<u8> {
        self.0
    }

    fn show(kept: &Vec<u8>) -> String {
        attribute_value::base64(kept)
    }
}
