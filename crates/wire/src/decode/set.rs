//! Sets of attribute values: stored sorted, refused when empty or when an element is there twice.

use std::marker::PhantomData;

use model::Number;
use serde::de::{Error, MapAccess};

use crate::constraint::Shape;

use super::attribute_value::{self, Base64, NumberText};
use super::context::Context;
use super::defect::{Defect, SetKind};
use super::describe::Description;
use super::{Decode, Expected};

/// How an element of a set is encoded in the body, and how refusals name its set.
pub(super) trait Element: Decode {
    type Kept: Ord;
    const SET: SetKind;
    const KIND: &'static str;
    const EMPTY: &'static str;
    /// Fills the place of an element in a set that is refused.
    const FILLER: Self::Kept;

    fn keep(self) -> Self::Kept;
    fn show(kept: &Self::Kept) -> String;
    /// What the text about duplicates shows; nothing of a number.
    fn bytes(kept: &Self::Kept) -> Option<&[u8]>;
}

/// An element in its place: there, a null is a refused value.
struct InSet<T: Element>(T::Kept, PhantomData<T>);

impl<T: Element> Decode for InSet<T> {
    const EXPECTED: Expected = T::EXPECTED;

    fn from_null(context: &mut Context) -> Option<InSet<T>> {
        let kind = T::KIND;
        context.refused(format!(
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
        context.refused(format!("One or more parameter values were invalid: {}", T::EMPTY));
    }
    if !set.is_sorted_by(|a, b| a < b) {
        if has_duplicates(&set) {
            let elements = set.iter().filter_map(T::bytes).map(<[u8]>::to_vec).collect();
            context.defect(Defect::Duplicates { set: T::SET, elements });
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

impl Element for String {
    type Kept = String;
    const SET: SetKind = SetKind::Strings;
    const KIND: &'static str = "string";
    const EMPTY: &'static str = "An string set  may not be empty";
    const FILLER: String = String::new();

    fn keep(self) -> String {
        self
    }

    fn show(kept: &String) -> String {
        kept.clone()
    }

    fn bytes(kept: &String) -> Option<&[u8]> {
        Some(kept.as_bytes())
    }
}

impl Element for NumberText {
    type Kept = Number;
    const SET: SetKind = SetKind::Numbers;
    const KIND: &'static str = "number";
    const EMPTY: &'static str = "An number set  may not be empty";
    const FILLER: Number = Number::ZERO;

    fn keep(self) -> Number {
        self.0
    }

    fn show(kept: &Number) -> String {
        kept.to_string()
    }

    fn bytes(_: &Number) -> Option<&[u8]> {
        None
    }
}

impl Element for Base64 {
    type Kept = Vec<u8>;
    const SET: SetKind = SetKind::Binaries;
    const KIND: &'static str = "binary";
    const EMPTY: &'static str = "Binary sets should not be empty";
    const FILLER: Vec<u8> = Vec::new();

    fn keep(self) -> Vec<u8> {
        self.0
    }

    fn show(kept: &Vec<u8>) -> String {
        attribute_value::base64(kept)
    }

    fn bytes(kept: &Vec<u8>) -> Option<&[u8]> {
        Some(kept)
    }
}
