//! Values inside refusals: how DynamoDB's front end prints what it refuses.
//!
//! `KeySchemaElement(attributeName=pk, keyType=HASH)`, `[a, b]`, `{k=v}`: the printed forms of its Java classes.

use std::fmt::Write;

use super::context::lower_camel;
use super::{Decode, structure::Structure};

/// Members that DynamoDB's classes have behind those of the published model. Captured in eu-west-2 and ap-southeast-2.
const UNPUBLISHED: &[(&str, &str)] = &[("PutRequest", "workloadProfileName")];

/// A refusal shows no more of a value than this; a longer one is cut between its parts. Unit: bytes.
pub(super) const SIZE_MAX: usize = 16 * 1024;

/// The text of one value.
#[derive(Default)]
pub(crate) struct Description {
    text: String,
    /// The list, map or structure that is being written is still empty.
    first: bool,
}

impl Description {
    pub(super) fn of(value: &impl Decode) -> String {
        let mut description = Description::default();
        value.describe(&mut description);
        description.into_text()
    }

    pub(super) fn of_text(text: &str) -> String {
        let mut description = Description::default();
        description.plain(text);
        description.into_text()
    }

    pub(super) fn is_full(&self) -> bool {
        self.text.len() >= SIZE_MAX
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(crate) fn plain(&mut self, value: impl std::fmt::Display) {
        let start = self.text.len();
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{value}");
        let room = SIZE_MAX.saturating_sub(start);
        if self.text.len() - start > room {
            let end = (0..=room).rev().find(|end| self.text.is_char_boundary(start + end)).unwrap_or(0);
            self.text.truncate(start + end);
        }
    }

    pub(crate) fn structure<T: Structure>(&mut self, value: &T) {
        self.members_of(T::NAME, |out| {
            value.describe_members(out);
            let unset = UNPUBLISHED.iter().filter(|(structure, _)| *structure == T::NAME);
            unset.for_each(|(_, member)| out.field(member, |out| out.plain("null")));
        });
    }

    pub(super) fn members_of(&mut self, class: &str, write: impl FnOnce(&mut Description)) {
        self.group(class, '(', ')', write);
    }

    pub(crate) fn member<T: Decode>(&mut self, name: &str, value: Option<&T>) {
        self.field(name, |out| match value {
            Some(value) => value.describe(out),
            None => out.plain("null"),
        });
    }

    pub(super) fn field(&mut self, name: &str, write: impl FnOnce(&mut Description)) {
        self.part(|out| {
            out.plain(format_args!("{}=", lower_camel(name)));
            write(out);
        });
    }

    pub(super) fn list<'a, T: Decode + 'a>(&mut self, elements: impl Iterator<Item = &'a T>) {
        self.group("", '[', ']', |out| elements.for_each(|element| out.part(|out| element.describe(out))));
    }

    pub(super) fn map<'a, T: Decode + 'a>(&mut self, entries: impl Iterator<Item = (&'a str, &'a T)>) {
        self.group("", '{', '}', |out| {
            for (key, value) in entries {
                out.part(|out| {
                    out.plain(format_args!("{key}="));
                    value.describe(out);
                });
            }
        });
    }

    fn group(&mut self, name: &str, open: char, close: char, write: impl FnOnce(&mut Description)) {
        self.text.push_str(name);
        self.text.push(open);
        let outer = std::mem::replace(&mut self.first, true);
        write(self);
        self.first = outer;
        self.text.push(close);
    }

    /// Writes one part of a group, after a comma if it is not the first; nothing once the text is long enough.
    fn part(&mut self, write: impl FnOnce(&mut Description)) {
        if self.is_full() {
            return;
        }
        if !std::mem::replace(&mut self.first, false) {
            self.text.push_str(", ");
        }
        write(self);
    }
}
