//! What is found wrong while a request is read.
//!
//! Three kinds, in the order in which they are reported: a body that is not of the right shape ends the reading at
//! once (`SerializationException`); broken constraints of members are collected and reported together; attribute values
//! that are none are reported when no constraint is broken. `verdict` turns them into the answer.

use std::borrow::Cow;

use api::validation::{Broken, Validation};
use api::{Exception, Operation};
use model::NumberReading;
use model::limits::NESTING_MAX;
use serde::de::Error;

use crate::constraint::{Constraint, NOT_NULL};

use super::defect::Defect;
use super::structure::Member;

/// Refusals name no more than this many broken constraints, however many a large request breaks.
const VIOLATIONS_MAX: usize = 64;
/// The first of so many attribute values that are none can be reported.
const DEFECTS_MAX: usize = 256;
/// What elements of lists and maps may take beside their payloads, whatever the body's size; three times as much while
/// a list grows. Unit: bytes.
const ELEMENTS_SIZE_FLOOR: usize = 64 << 10;
/// What they may take for each byte of the body: no element that means something takes as much.
const ELEMENTS_SIZE_FACTOR: usize = 8;

pub(crate) struct Context {
    pub(super) operation: Operation,
    /// How the operation validates requests.
    pub(super) row: &'static Validation,
    misshapen: Option<String>,
    pub(super) violations: Vec<Violation>,
    /// In the order of the body.
    pub(super) defects: Vec<PlacedDefect>,
    /// Lists and maps of attribute values around the one being read.
    pub(super) nesting: usize,
    /// Levels that the attribute value being read may have.
    pub(super) levels_max: usize,
    /// What elements may still take. Unit: bytes.
    elements_size_left: usize,
    /// Whether elements were left out for want of it.
    pub(super) overfull: bool,
    /// Whether something is wrong that is on neither list, because there was no room. What the lists have may be
    /// forgotten with a member that the body has once more; this is not.
    pub(super) unlisted: bool,
}

/// One broken constraint.
pub(super) struct Violation {
    /// From the member inward to the outermost: containers add themselves as the reading returns to them.
    pub(super) path: Vec<Step>,
    /// The value, as text; `None` for one that is missing.
    pub(super) value: Option<String>,
    pub(super) broken: Broken,
    pub(super) constraint: String,
}

/// Something in the place of an attribute value that is none.
pub(super) struct PlacedDefect {
    /// As a violation's.
    pub(super) path: Vec<Step>,
    pub(super) defect: Defect,
}

/// One step of the way to a value.
pub(super) enum Step {
    Member(usize, &'static Member),
    /// Of a list, from 1.
    Element(usize),
    /// Of a map, cut as the values in refusals are.
    Key(String),
}

/// What was found before some value was read.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    violations: usize,
    defects: usize,
}

impl Context {
    pub(super) fn new(operation: Operation, body_size: usize) -> Context {
        Context {
            operation,
            row: operation.validation(),
            misshapen: None,
            violations: Vec::new(),
            defects: Vec::new(),
            nesting: 0,
            levels_max: NESTING_MAX,
            elements_size_left: ELEMENTS_SIZE_FLOOR + ELEMENTS_SIZE_FACTOR * body_size,
            overfull: false,
            unlisted: false,
        }
    }

    /// Whether there is memory for one more element of type `T`: an empty structure is three bytes in a body, and may
    /// be a hundred times as much once it is read. Without room the request is refused in the end, but read on, because
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

    /// How texts of numbers are read.
    pub(super) fn numbers(&self) -> NumberReading {
        self.row.layer.numbers
    }

    /// Begins a map of attributes, or of the values of expressions; returns the bound of levels to restore behind it.
    pub(super) fn begin_attributes(&mut self, names: bool) -> usize {
        let before = self.levels_max;
        if self.nesting == 0 && !names {
            self.levels_max = self.row.layer.expression_levels_max;
        }
        before
    }

    /// Whether an attribute value that begins here would be on a level too many.
    pub(super) fn is_too_deep(&self) -> bool {
        self.nesting >= self.levels_max
    }

    pub(super) fn refused(&mut self, text: impl Into<Cow<'static, str>>) {
        self.defect(Defect::Text(text.into()));
    }

    pub(super) fn defect(&mut self, defect: Defect) {
        if self.defects.len() < DEFECTS_MAX {
            self.defects.push(PlacedDefect { path: Vec::new(), defect });
        } else {
            self.unlisted = true;
        }
    }

    /// Reads values with defects that are no part of the verdict on the request; returns the first one, in the order of
    /// the body.
    pub(super) fn apart<T>(&mut self, read: impl FnOnce(&mut Context) -> T) -> (T, Option<String>) {
        let before = std::mem::take(&mut self.defects);
        let unlisted = self.unlisted;
        let read = read(self);
        self.unlisted = unlisted;
        let found = std::mem::replace(&mut self.defects, before);
        let first = found.into_iter().next();
        (read, first.map(|found| found.defect.text(self.row.layer).into_owned()))
    }

    /// Notes constraints that the value at hand breaks.
    pub(super) fn violate(&mut self, constraints: Vec<Constraint>, value: impl FnOnce() -> String) {
        if constraints.is_empty() {
            return;
        }
        if self.violations.len() >= VIOLATIONS_MAX {
            self.unlisted = true;
            return;
        }
        let value = value();
        for (broken, constraint) in constraints {
            self.violations.push(Violation { path: Vec::new(), value: Some(value.clone()), broken, constraint });
        }
    }

    /// Notes that the value at `step` is missing.
    pub(super) fn missing(&mut self, step: Step) {
        if self.violations.len() >= VIOLATIONS_MAX {
            self.unlisted = true;
            return;
        }
        let constraint = NOT_NULL.to_owned();
        self.violations.push(Violation { path: vec![step], value: None, broken: Broken::Null, constraint });
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { violations: self.violations.len(), defects: self.defects.len() }
    }

    /// Leads everything noted since `mark` one step further out.
    pub(super) fn lead_out(&mut self, mark: Mark, step: impl Fn() -> Step) {
        self.violations[mark.violations..].iter_mut().for_each(|violation| violation.path.push(step()));
        self.lead_defects_out(mark, step);
    }

    /// The same for defects alone: names of attributes are no part of a violation's path.
    pub(super) fn lead_defects_out(&mut self, mark: Mark, step: impl Fn() -> Step) {
        self.defects[mark.defects..].iter_mut().for_each(|defect| defect.path.push(step()));
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
        let about = |path: &[Step]| matches!(path.last(), Some(Step::Member(at, _)) if *at == member);
        let later = self.violations.split_off(mark.violations);
        self.violations.extend(later.into_iter().filter(|violation| !about(&violation.path)));
        let later = self.defects.split_off(mark.defects);
        self.defects.extend(later.into_iter().filter(|defect| !about(&defect.path)));
    }

    /// A reading that ended early: what was found, or a body that is not JSON.
    pub(super) fn into_misshapen(self) -> Exception {
        Exception::Serialization(self.misshapen.unwrap_or_default())
    }
}

/// A member's name as refusals have it: `tableName`.
pub(super) fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}
