//! Whether a decoded request has what its shapes ask for, in AWS's words: all that is broken, in one sentence.

use std::fmt;

use crate::pattern;
use crate::shape::{Bounds, Member, Shape, ShapeIndex};
use crate::value::{Structure, Value, place};

/// Broken constraints in one refusal: an answer is not many times its request. More than a real request can break.
const BROKEN_MAX: usize = 64;
/// Of a value in a refusal. Unit: characters.
const VALUE_LENGTH_MAX: usize = 256;

/// The constraints that a request breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken(Vec<String>);

impl Broken {
    /// One of each constraint.
    pub fn into_sentences(self) -> Vec<String> {
        self.0
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = if self.0.len() == 1 { "error" } else { "errors" };
        write!(f, "{} validation {errors} detected: {}", self.0.len(), self.0.join("; "))
    }
}

/// Which constraints are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// Whether anything is larger than its shape allows.
    Sizes,
    All,
}

/// `refuses_items` as [`crate::ServiceModel`] has it.
///
/// # Errors
/// All that is broken, in the order of the model.
pub(crate) fn check(
    shapes: &'static [Shape],
    refuses_items: bool,
    shape: ShapeIndex,
    input: &Structure,
    extent: Extent,
) -> Result<(), Broken> {
    let mut check = Check { shapes, refuses_items, extent, path: String::new(), broken: Vec::new() };
    if let Shape::Structure { members, .. } = &shapes[usize::from(shape)] {
        check.structure(members, input);
    }
    if check.broken.is_empty() { Ok(()) } else { Err(Broken(check.broken)) }
}

struct Check {
    shapes: &'static [Shape],
    refuses_items: bool,
    extent: Extent,
    /// Of the value that is looked at: `tags.1.member.key`.
    path: String,
    broken: Vec<String>,
}

impl Check {
    fn structure(&mut self, members: &[Member], structure: &Structure) {
        for (at, member) in members.iter().enumerate() {
            let parent = self.path.len();
            if parent > 0 {
                self.path.push('.');
            }
            self.path.push_str(&uncapitalized(member.name));
            match structure.get(place(at)) {
                Some(value) => self.value(member.shape, value),
                None if member.is_required && self.extent == Extent::All => {
                    self.push("null", "Member must not be null")
                }
                None => {}
            }
            self.path.truncate(parent);
        }
    }

    fn value(&mut self, shape: ShapeIndex, value: &Value) {
        let shape = &self.shapes[usize::from(shape)];
        for constraint in own_constraints(shape, value, self.extent) {
            self.push(&format!("'{}'", beginning(&shown(self.shapes, shape, value))), &constraint);
        }
        match (shape, value) {
            (Shape::Structure { members, .. }, Value::Structure(structure)) => self.structure(members, structure),
            (Shape::List { item, .. }, Value::List(items)) => {
                let named = items.iter().enumerate().map(|(at, value)| ((at + 1).to_string(), value));
                self.parts(shape, value, *item, named);
            }
            (Shape::Map { key, value: of_value, .. }, Value::Map(entries)) => {
                let keys = entries.iter().map(|(key, _)| Value::Text(key.clone()));
                if keys
                    .clone()
                    .any(|text| !own_constraints(&self.shapes[usize::from(*key)], &text, self.extent).is_empty())
                {
                    self.part(shape, value, *key, "Map keys must satisfy constraint");
                }
                let named = entries.iter().map(|(key, value)| (beginning(key).to_owned(), value));
                self.parts(shape, value, *of_value, named);
            }
            _ => {}
        }
    }

    /// Items or values of entries. Those with parts of their own have a path; of others, the whole is what is broken.
    fn parts<'v>(
        &mut self,
        shape: &Shape,
        whole: &Value,
        of_part: ShapeIndex,
        parts: impl Iterator<Item = (String, &'v Value)>,
    ) {
        let part_shape = &self.shapes[usize::from(of_part)];
        let has_parts = matches!(part_shape, Shape::Structure { .. } | Shape::List { .. } | Shape::Map { .. });
        let mut is_broken = false;
        for (name, value) in parts {
            if self.broken.len() >= BROKEN_MAX {
                return;
            }
            if self.refuses_items && !has_parts {
                self.value(of_part, value);
            } else if has_parts {
                let parent = self.path.len();
                self.path.push_str(&format!(".{name}.member"));
                self.value(of_part, value);
                self.path.truncate(parent);
            } else {
                is_broken |= !own_constraints(part_shape, value, self.extent).is_empty();
            }
        }
        if is_broken {
            self.part(shape, whole, of_part, "Member must satisfy constraint");
        }
    }

    fn part(&mut self, shape: &Shape, whole: &Value, of_part: ShapeIndex, what: &str) {
        let all = all_constraints(&self.shapes[usize::from(of_part)]).join(", ");
        let value = format!("'{}'", beginning(&shown(self.shapes, shape, whole)));
        self.push(&value, &format!("{what}: [{all}]"));
    }

    fn push(&mut self, value: &str, constraint: &str) {
        if self.broken.len() < BROKEN_MAX {
            self.broken.push(format!("Value {value} at '{}' failed to satisfy constraint: {constraint}", self.path));
        }
    }
}

/// What the value itself breaks, without its parts.
fn own_constraints(shape: &Shape, value: &Value, extent: Extent) -> Vec<String> {
    let broken_bounds = |bounds: Bounds, what: &str, number: i64| {
        let min = if extent == Extent::Sizes { i64::MIN } else { bounds.min };
        broken_bounds(Bounds { min, ..bounds }, what, number)
    };
    match (shape, value) {
        (Shape::Text { bounds, pattern }, Value::Text(text)) => {
            let mut broken = Vec::new();
            if extent == Extent::All && !pattern::matches(pattern, text) {
                broken.push(pattern_constraint(pattern));
            }
            broken.extend(broken_bounds(*bounds, "length", count(text.chars().count())));
            broken
        }
        (Shape::Words(words), Value::Text(text)) if extent == Extent::All && !words.contains(&&**text) => {
            vec![words_constraint(words)]
        }
        (Shape::Integer(bounds), Value::Integer(number)) => broken_bounds(of_32_bits(*bounds), "value", *number),
        (Shape::Long(bounds), Value::Integer(number)) => broken_bounds(*bounds, "value", *number),
        (Shape::Blob(bounds), Value::Blob(bytes)) => broken_bounds(*bounds, "length", count(bytes.len())),
        (Shape::List { bounds, .. }, Value::List(items)) => broken_bounds(*bounds, "length", count(items.len())),
        (Shape::Map { bounds, .. }, Value::Map(entries)) => broken_bounds(*bounds, "length", count(entries.len())),
        _ => Vec::new(),
    }
}

/// What a refusal of a list says of its items.
fn all_constraints(shape: &Shape) -> Vec<String> {
    let mut all = Vec::new();
    let mut push_bounds = |bounds: Bounds, what: &str| {
        let ends = [(bounds.max != i64::MAX, "less", bounds.max), (bounds.min != i64::MIN, "greater", bounds.min)];
        all.extend(ends.into_iter().filter(|(is_there, ..)| *is_there).map(|(_, than, end)| bound(what, than, end)));
    };
    match shape {
        Shape::Text { bounds, pattern } => {
            push_bounds(*bounds, "length");
            if !pattern.is_empty() {
                all.push(pattern_constraint(pattern));
            }
        }
        Shape::Words(words) => all.push(words_constraint(words)),
        Shape::Integer(bounds) | Shape::Long(bounds) => push_bounds(*bounds, "value"),
        Shape::Blob(bounds) => push_bounds(*bounds, "length"),
        _ => {}
    }
    all
}

fn broken_bounds(bounds: Bounds, what: &str, number: i64) -> Vec<String> {
    match number {
        _ if bounds.contains(number) => Vec::new(),
        _ if number < bounds.min => vec![bound(what, "greater", bounds.min)],
        _ => vec![bound(what, "less", bounds.max)],
    }
}

fn bound(what: &str, than: &str, end: i64) -> String {
    format!("Member must have {what} {than} than or equal to {end}")
}

fn pattern_constraint(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn words_constraint(words: &[&str]) -> String {
    format!("Member must satisfy enum value set: [{}]", words.join(", "))
}

/// An integer has 32 bits whatever its model says.
fn of_32_bits(bounds: Bounds) -> Bounds {
    Bounds { min: bounds.min.max(i32::MIN.into()), max: bounds.max.min(i32::MAX.into()) }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// As refusals show it. No longer than what is shown of it needs.
fn shown(shapes: &[Shape], shape: &Shape, value: &Value) -> String {
    let mut out = String::new();
    show(shapes, shape, value, &mut out);
    out
}

fn show(shapes: &[Shape], shape: &Shape, value: &Value, out: &mut String) {
    // Four bytes a character; the caller cuts the rest off.
    if out.len() > VALUE_LENGTH_MAX * 4 {
        return;
    }
    let of = |index: &ShapeIndex| &shapes[usize::from(*index)];
    match (shape, value) {
        (Shape::Structure { name, members }, Value::Structure(structure)) => {
            out.push_str(name);
            out.push('(');
            let there = members.iter().enumerate().filter_map(|(at, member)| Some((member, structure.get(place(at))?)));
            for (at, (member, value)) in there.enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                out.push_str(&uncapitalized(member.name));
                out.push('=');
                show(shapes, of(&member.shape), value, out);
            }
            out.push(')');
        }
        (Shape::List { item, .. }, Value::List(items)) => {
            out.push('[');
            for (at, value) in items.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                show(shapes, of(item), value, out);
            }
            out.push(']');
        }
        (Shape::Map { value: of_value, .. }, Value::Map(entries)) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                out.push_str(beginning(key));
                out.push('=');
                show(shapes, of(of_value), value, out);
            }
            out.push('}');
        }
        (_, Value::Text(text)) => out.push_str(beginning(text)),
        (_, Value::Integer(number)) => out.push_str(&number.to_string()),
        (_, Value::Double(number)) => out.push_str(&number.to_string()),
        (_, Value::Boolean(flag)) => out.push_str(&flag.to_string()),
        (_, Value::Blob(bytes)) => out.push_str(&format!("{} bytes", bytes.len())),
        (_, Value::Timestamp(time)) => out.push_str(&base::utc::rfc3339_ms(time.0)),
        _ => {}
    }
}

/// As much of a text of a request as a refusal repeats.
pub fn beginning(text: &str) -> &str {
    text.char_indices().nth(VALUE_LENGTH_MAX).map_or(text, |(at, _)| &text[..at])
}

/// A member's name as sentences spell it.
fn uncapitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
