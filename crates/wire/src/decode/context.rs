//! What is found wrong while a request is read, and which of it the client is told.
//!
//! Three kinds, in the order in which they are reported: a body that is not of the right shape ends the reading at
//! once (`SerializationException`); broken constraints of the model are collected and reported together; the first
//! attribute value that is none is reported when nothing else is wrong.

use api::{Exception, Operation};
use serde::de::Error;

use crate::constraint::NOT_NULL;

use super::structure::{Member, Quirk};

/// Refusals name no more than this many broken constraints, however many a large request breaks.
const VIOLATIONS_MAX: usize = 64;
/// What elements of lists and maps may take beside their payloads, whatever the body's size; three times as much while
/// a list grows. Unit: bytes.
const ELEMENTS_SIZE_FLOOR: usize = 64 << 10;
/// What they may take for each byte of the body: no element that means something takes as much.
const ELEMENTS_SIZE_FACTOR: usize = 8;

const OVERFULL: &str = "The request has too many elements for its size";

pub(crate) struct Context {
    misshapen: Option<String>,
    violations: Vec<Violation>,
    bad_value: Option<BadValue>,
    /// Lists and maps of attribute values around the one being read.
    pub(super) nesting: usize,
    /// What elements may still take. Unit: bytes.
    elements_size_left: usize,
    /// Whether elements were left out for want of it.
    overfull: bool,
}

/// One broken constraint.
struct Violation {
    /// From the member inward to the outermost: containers add themselves as the reading returns to them.
    path: Vec<Step>,
    /// The value, as text; `None` for one that is missing.
    value: Option<String>,
    constraint: String,
}

/// Something that stands where an attribute value should.
struct BadValue {
    /// As a violation's.
    path: Vec<Step>,
    text: String,
}

/// One step of the way to a value.
pub(super) enum Step {
    Member(usize, &'static Member),
    /// Of a list, from 1.
    Element(usize),
    Key(String),
}

/// What was found before some value was read.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    violations: usize,
    bad_value: bool,
}

impl Context {
    pub(super) fn new(body_size: usize) -> Context {
        Context {
            misshapen: None,
            violations: Vec::new(),
            bad_value: None,
            nesting: 0,
            elements_size_left: ELEMENTS_SIZE_FLOOR + ELEMENTS_SIZE_FACTOR * body_size,
            overfull: false,
        }
    }

    /// Whether one more element of type `T` can be kept: an empty structure is three bytes in a body, and may be
    /// a hundred times as much once it is read. Without room the request is refused in the end, but read on, because
    /// the list may break a constraint that says so better.
    pub(super) fn has_room_for<T>(&mut self) -> bool {
        let left = self.elements_size_left.checked_sub(size_of::<T>());
        self.overfull |= left.is_none();
        self.elements_size_left = left.unwrap_or(0);
        left.is_some()
    }

    /// Ends the reading: the body has a token where it cannot be.
    pub(super) fn misshapen<E: Error>(&mut self, text: impl Into<String>) -> E {
        self.misshapen.get_or_insert(text.into());
        E::custom("a token where it cannot be")
    }

    pub(super) fn bad_value(&mut self, text: impl Into<String>) {
        if self.bad_value.is_none() {
            self.bad_value = Some(BadValue { path: Vec::new(), text: text.into() });
        }
    }

    /// Reads values whose refusal is no part of the verdict on the request; returns the first one.
    pub(super) fn apart<T>(&mut self, read: impl FnOnce(&mut Context) -> T) -> (T, Option<String>) {
        let before = self.bad_value.take();
        let read = read(self);
        let found = std::mem::replace(&mut self.bad_value, before);
        (read, found.map(|bad_value| bad_value.text))
    }

    /// Notes constraints that the value at hand breaks.
    pub(super) fn violate(&mut self, constraints: Vec<String>, value: impl FnOnce() -> String) {
        if constraints.is_empty() || self.violations.len() >= VIOLATIONS_MAX {
            return;
        }
        let value = value();
        for constraint in constraints {
            self.violations.push(Violation { path: Vec::new(), value: Some(value.clone()), constraint });
        }
    }

    /// Notes that what stands at `step` is missing.
    pub(super) fn missing(&mut self, step: Step) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { path: vec![step], value: None, constraint: NOT_NULL.to_owned() });
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { violations: self.violations.len(), bad_value: self.bad_value.is_some() }
    }

    /// Leads everything noted since `mark` one step further out.
    pub(super) fn lead_out(&mut self, mark: Mark, step: impl Fn() -> Step) {
        self.violations[mark.violations..].iter_mut().for_each(|violation| violation.path.push(step()));
        self.lead_bad_value_out(mark, step);
    }

    /// The same for the bad value alone: names of attributes are no part of a violation's path.
    pub(super) fn lead_bad_value_out(&mut self, mark: Mark, step: impl Fn() -> Step) {
        if let Some(bad_value) = &mut self.bad_value
            && !mark.bad_value
        {
            bad_value.path.push(step());
        }
    }

    /// Takes back what was noted since `mark` about the value at hand itself, and says whether there was any: an
    /// element's own constraints are reported by its list or map.
    pub(super) fn take_back_own(&mut self, mark: Mark) -> bool {
        let before = self.violations.len();
        let own = self.violations.split_off(mark.violations);
        self.violations.extend(own.into_iter().filter(|violation| !violation.path.is_empty()));
        self.violations.len() < before
    }

    /// Forgets what was noted since `mark` about a member that the body has once more: the last one counts.
    pub(super) fn forget(&mut self, mark: Mark, member: usize) {
        let later = self.violations.split_off(mark.violations);
        let about = |violation: &Violation| matches!(violation.path.last(), Some(Step::Member(at, _)) if *at == member);
        self.violations.extend(later.into_iter().filter(|violation| !about(violation)));
    }

    /// A reading that ended early: what was found, or a body that is not JSON.
    pub(super) fn into_misshapen(self) -> Exception {
        Exception::Serialization(self.misshapen.unwrap_or_default())
    }

    /// The verdict on a body that was read to its end.
    pub(super) fn finish(mut self, operation: Operation) -> Result<(), Exception> {
        self.violations.sort_by(|a, b| a.path.iter().rev().map(Step::rank).cmp(b.path.iter().rev().map(Step::rank)));
        if let Some(parameter) = self.violations.iter().find_map(Violation::missing_parameter) {
            let text = format!("The {} parameter is required for {operation}", lower_camel(parameter));
            return Err(Exception::Validation(text));
        }
        if let Some(name) = self.violations.iter().find_map(Violation::missing_name) {
            let text = format!("The parameter '{name}' is required but was not present in the request");
            return Err(Exception::Validation(text));
        }
        if self.violations.iter().any(Violation::is_reported_alone) {
            self.violations.retain(Violation::is_reported_alone);
        }
        if !self.violations.is_empty() {
            return Err(Exception::Validation(sentence(&self.violations)));
        }
        if let Some(bad_value) = self.bad_value {
            return Err(Exception::Validation(bad_value.sentence()));
        }
        if self.overfull { Err(Exception::validation(OVERFULL)) } else { Ok(()) }
    }
}

fn sentence(violations: &[Violation]) -> String {
    let count = violations.len();
    let plural = if count == 1 { "" } else { "s" };
    let each: Vec<String> = violations.iter().map(Violation::sentence).collect();
    format!("{count} validation error{plural} detected: {}", each.join("; "))
}

impl Violation {
    fn quirk(&self) -> Quirk {
        match self.path.first() {
            Some(Step::Member(_, member)) => member.quirk,
            _ => Quirk::None,
        }
    }

    /// The member's name, if it is one that must be there and hold something.
    fn missing_parameter(&self) -> Option<&'static str> {
        let empty = self.value.as_ref().is_none_or(|value| value == "{}");
        match self.path.first() {
            Some(Step::Member(_, member)) if member.quirk == Quirk::Parameter && empty => Some(member.name),
            _ => None,
        }
    }

    /// The member's name, if it is missing and its refusal has words of its own.
    fn missing_name(&self) -> Option<&'static str> {
        match self.path.first() {
            Some(Step::Member(_, member)) if member.quirk == Quirk::Named && self.value.is_none() => Some(member.name),
            _ => None,
        }
    }

    fn is_reported_alone(&self) -> bool {
        matches!(self.quirk(), Quirk::Alone | Quirk::Named) && self.path.len() == 1 && self.value.is_some()
    }

    fn sentence(&self) -> String {
        let bare = self.quirk() == Quirk::Bare;
        let value = match &self.value {
            _ if bare => String::new(),
            None => "null ".to_owned(),
            Some(value) => format!("'{value}' "),
        };
        let steps: Vec<String> = self.path.iter().rev().map(|step| step.name(bare)).collect();
        format!("Value {value}at '{}' failed to satisfy constraint: {}", steps.join("."), self.constraint)
    }
}

impl BadValue {
    /// Two members say whose value it is that is bad; the others let it speak for itself. Seen in messages of AWS.
    fn sentence(self) -> String {
        let text = self.text;
        let place = self.path.windows(2).find_map(|pair| match pair {
            [Step::Key(key), Step::Member(_, member)] => Some((key, member.name)),
            _ => None,
        });
        match place {
            Some((key, "ExpressionAttributeValues")) => {
                format!("ExpressionAttributeValues contains invalid value: {text} for key {key}")
            }
            Some((_, "ExclusiveStartKey")) => format!("The provided starting key is invalid: {text}"),
            _ => text,
        }
    }
}

impl Step {
    /// The order of refusals: the table's name, then the other members as the model has them; elements as the request
    /// has them.
    fn rank(&self) -> (bool, usize, &str) {
        match self {
            Step::Member(at, member) => (!matches!(member.quirk, Quirk::Alone | Quirk::Named), *at, ""),
            Step::Element(at) => (false, *at, ""),
            Step::Key(key) => (false, 0, key),
        }
    }

    fn name(&self, bare: bool) -> String {
        match self {
            Step::Member(_, member) if bare => member.name.to_owned(),
            Step::Member(_, member) => lower_camel(member.name),
            Step::Element(at) => format!("{at}.member"),
            Step::Key(key) => format!("{key}.member"),
        }
    }
}

/// A member's name as refusals have it: `tableName`.
pub(super) fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}
