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
    /// Nothing that is looked at from here on would be in the refusal.
    fn is_full(&self) -> bool {
        self.broken.len() >= BROKEN_MAX
    }

    fn structure(&mut self, members: &[Member], structure: &Structure) {
        for (at, member) in members.iter().enumerate() {
            if self.is_full() {
                return;
            }
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
            self.push(&format!("'{}'", beginning(&shown(self.shapes, shape, value))), &constraint.to_string());
        }
        match (shape, value) {
            (Shape::Structure { members, .. }, Value::Structure(structure)) => self.structure(members, structure),
            (Shape::List { item, .. }, Value::List(items)) => {
                let named = items.iter().enumerate().map(|(at, value)| ((at + 1).to_string(), value));
                self.parts(shape, value, *item, named);
            }
            (Shape::Map { key, value: of_value, .. }, Value::Map(entries)) => {
                let key_shape = &self.shapes[usize::from(*key)];
                if entries.iter().any(|(key, _)| !text_constraints(key_shape, key, self.extent).is_empty()) {
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
        for (name, value) in parts {
            if self.is_full() {
                return;
            }
            if self.refuses_items && !has_parts {
                self.value(of_part, value);
            } else if has_parts {
                let parent = self.path.len();
                self.path.push_str(&format!(".{name}.member"));
                self.value(of_part, value);
                self.path.truncate(parent);
            } else if !own_constraints(part_shape, value, self.extent).is_empty() {
                // The first one refuses the whole: the others are not looked at.
                return self.part(shape, whole, of_part, "Member must satisfy constraint");
            }
        }
    }

    fn part(&mut self, shape: &Shape, whole: &Value, of_part: ShapeIndex, what: &str) {
        let all: Vec<String> =
            all_constraints(&self.shapes[usize::from(of_part)]).iter().map(Constraint::to_string).collect();
        let all = all.join(", ");
        let value = format!("'{}'", beginning(&shown(self.shapes, shape, whole)));
        self.push(&value, &format!("{what}: [{all}]"));
    }

    fn push(&mut self, value: &str, constraint: &str) {
        if !self.is_full() {
            self.broken.push(format!("Value {value} at '{}' failed to satisfy constraint: {constraint}", self.path));
        }
    }
}

/// What a shape asks of its values. Written only where a refusal has it.
enum Constraint {
    /// Of a length or a value; `less` or `greater` than an end, or equal to it.
    Bound {
        what: &'static str,
        than: &'static str,
        end: i64,
    },
    Pattern(&'static str),
    Words(&'static [&'static str]),
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Constraint::Bound { what, than, end } => {
                write!(f, "Member must have {what} {than} than or equal to {end}")
            }
            Constraint::Pattern(pattern) => {
                write!(f, "Member must satisfy regular expression pattern: {pattern}")
            }
            Constraint::Words(words) => write!(f, "Member must satisfy enum value set: [{}]", words.join(", ")),
        }
    }
}

/// What the value itself breaks, without its parts.
fn own_constraints(shape: &'static Shape, value: &Value, extent: Extent) -> Vec<Constraint> {
    let bounds = |bounds: Bounds, what, number| broken_bounds(bounds, what, number, extent).into_iter().collect();
    match (shape, value) {
        (_, Value::Text(text)) => text_constraints(shape, text, extent),
        (Shape::Integer(range), Value::Integer(number)) => bounds(of_32_bits(*range), "value", *number),
        (Shape::Long(range), Value::Integer(number)) => bounds(*range, "value", *number),
        (Shape::Blob(range), Value::Blob(bytes)) => bounds(*range, "length", count(bytes.len())),
        (Shape::List { bounds: range, .. }, Value::List(items)) => bounds(*range, "length", count(items.len())),
        (Shape::Map { bounds: range, .. }, Value::Map(entries)) => bounds(*range, "length", count(entries.len())),
        _ => Vec::new(),
    }
}

/// Of a text, a word, or the key of a map.
fn text_constraints(shape: &'static Shape, text: &str, extent: Extent) -> Vec<Constraint> {
    match shape {
        Shape::Text { bounds, pattern } => {
            let is_broken = extent == Extent::All && !pattern::matches(pattern, text);
            let pattern = is_broken.then_some(Constraint::Pattern(pattern));
            let length = broken_bounds(*bounds, "length", count(text.chars().count()), extent);
            pattern.into_iter().chain(length).collect()
        }
        Shape::Words(words) if extent == Extent::All && !words.contains(&text) => vec![Constraint::Words(words)],
        _ => Vec::new(),
    }
}

/// What a refusal of a list says of its items.
fn all_constraints(shape: &'static Shape) -> Vec<Constraint> {
    let bounds = |bounds: &Bounds, what| {
        let less = (bounds.max != i64::MAX).then_some(Constraint::Bound { what, than: "less", end: bounds.max });
        let greater = (bounds.min != i64::MIN).then_some(Constraint::Bound { what, than: "greater", end: bounds.min });
        less.into_iter().chain(greater)
    };
    match shape {
        Shape::Text { bounds: range, pattern } => {
            let pattern = (!pattern.is_empty()).then_some(Constraint::Pattern(pattern));
            bounds(range, "length").chain(pattern).collect()
        }
        Shape::Words(words) => vec![Constraint::Words(words)],
        Shape::Integer(range) | Shape::Long(range) => bounds(range, "value").collect(),
        Shape::Blob(range) => bounds(range, "length").collect(),
        _ => Vec::new(),
    }
}

fn broken_bounds(bounds: Bounds, what: &'static str, number: i64, extent: Extent) -> Option<Constraint> {
    match number {
        _ if number > bounds.max => Some(Constraint::Bound { what, than: "less", end: bounds.max }),
        _ if number < bounds.min && extent == Extent::All => {
            Some(Constraint::Bound { what, than: "greater", end: bounds.min })
        }
        _ => None,
    }
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
