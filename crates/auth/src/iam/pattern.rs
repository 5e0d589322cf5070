//! Values of a policy as they are written: with wildcards where these are allowed, and with variables, which are
//! replaced by what the request's context has.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags".

use std::borrow::Cow;

use super::glob::{self, Atom, Letters};
use super::memory::HeapSize;
use super::tags::folded;
use super::work::WorkBudget;
use super::{Context, Values};

/// What a part of a text with variables costs beside its bytes. Unit: steps.
const PART_STEPS: usize = 16;

/// What a text may contain.
#[derive(Clone, Copy)]
pub(super) struct Syntax {
    pub(super) wildcards: bool,
    pub(super) variables: bool,
}

#[derive(Clone, Debug)]
enum Part {
    Atom(Atom<'static>),
    /// The key in lower case.
    Variable {
        key: String,
        default: Option<String>,
    },
}

#[derive(Clone, Debug)]
enum Parts {
    Fixed(Vec<Atom<'static>>),
    Varying(Vec<Part>),
}

#[derive(Clone, Debug)]
pub(super) struct Pattern(Parts);

impl Pattern {
    pub(super) fn parse(text: &str, syntax: Syntax) -> Pattern {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, variable, after)) = if syntax.variables { next_variable(rest) } else { None } {
            plain(&mut parts, before, syntax);
            parts.push(variable);
            rest = after;
        }
        plain(&mut parts, rest, syntax);
        Pattern::of(parts)
    }

    /// One behind the other.
    pub(super) fn joined(self, behind: Pattern) -> Pattern {
        let mut parts = self.into_parts();
        parts.extend(behind.into_parts());
        Pattern::of(parts)
    }

    fn into_parts(self) -> Vec<Part> {
        match self.0 {
            Parts::Fixed(atoms) => atoms.into_iter().map(Part::Atom).collect(),
            Parts::Varying(parts) => parts,
        }
    }

    fn of(mut parts: Vec<Part>) -> Pattern {
        if parts.iter().any(|part| matches!(part, Part::Variable { .. })) {
            parts.shrink_to_fit();
            return Pattern(Parts::Varying(parts));
        }
        let mut atoms = Vec::new();
        for part in parts {
            if let Part::Atom(atom) = part {
                glob::push(&mut atoms, atom);
            }
        }
        atoms.shrink_to_fit();
        Pattern(Parts::Fixed(atoms))
    }

    /// If it has no variables.
    pub(super) fn fixed(&self) -> Option<&[Atom<'static>]> {
        match &self.0 {
            Parts::Fixed(atoms) => Some(atoms),
            Parts::Varying(_) => None,
        }
    }

    /// The keys of its variables, in lower case.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let parts = match &self.0 {
            Parts::Fixed(_) => &[][..],
            Parts::Varying(parts) => parts,
        };
        parts.iter().filter_map(|part| match part {
            Part::Variable { key, .. } => Some(key.as_str()),
            Part::Atom(_) => None,
        })
    }

    /// With its variables replaced; `None` if one of them has no value, and so equals nothing, and without work left.
    pub(super) fn resolve<'a>(&'a self, context: &'a dyn Context, work: &WorkBudget) -> Option<Cow<'a, [Atom<'a>]>> {
        let parts = match &self.0 {
            Parts::Fixed(atoms) => return Some(Cow::Borrowed(atoms)),
            Parts::Varying(parts) => parts,
        };
        let mut atoms = Vec::with_capacity(parts.len());
        for part in parts {
            let atom = match part {
                Part::Atom(Atom::Text(text)) => Atom::Text(Cow::Borrowed(text.as_ref())),
                Part::Atom(wildcard) => wildcard.clone(),
                Part::Variable { key, default } => Atom::Text(value(context, key, default.as_deref(), work)?),
            };
            // A value can be long, and be named often: it is paid for before it is copied.
            let length = if let Atom::Text(text) = &atom { text.len() } else { 0 };
            if !work.spend(PART_STEPS) || !work.spend_bytes(length) {
                return None;
            }
            glob::push(&mut atoms, atom);
        }
        Some(Cow::Owned(atoms))
    }

    pub(super) fn matches(&self, text: &str, context: &dyn Context, work: &WorkBudget) -> bool {
        self.resolve(context, work).is_some_and(|atoms| glob::matches(&atoms, text, Letters::Exact, work))
    }

    /// Without wildcards, and all letters alike in either case.
    pub(super) fn equals_ignore_case(&self, text: &str, context: &dyn Context, work: &WorkBudget) -> bool {
        let Some(atoms) = self.resolve(context, work) else { return false };
        match atoms.as_ref() {
            [] => text.is_empty(),
            [Atom::Text(wanted)] => is_alike(wanted, text, work),
            _ => false,
        }
    }
}

impl HeapSize for Pattern {
    fn heap_bytes(&self) -> usize {
        match &self.0 {
            Parts::Fixed(atoms) => atoms.heap_bytes(),
            Parts::Varying(parts) => parts.heap_bytes(),
        }
    }
}

impl HeapSize for Part {
    fn heap_bytes(&self) -> usize {
        match self {
            Part::Atom(atom) => atom.heap_bytes(),
            Part::Variable { key, default } => key.heap_bytes() + default.heap_bytes(),
        }
    }
}

fn is_alike(one: &str, other: &str, work: &WorkBudget) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.len() == other.len() && work.spend_bytes(one.len()) && one.eq_ignore_ascii_case(other);
    }
    work.spend(1 + one.len() + other.len()) && folded(one).eq(folded(other))
}

/// A key with several values is no variable, even if it has but one now.
fn value<'a>(context: &'a dyn Context, key: &str, default: Option<&'a str>, work: &WorkBudget) -> Option<Cow<'a, str>> {
    match context.values(key, work) {
        Some(Values::One(value)) => Some(value),
        Some(Values::Many(_)) | None => default.map(Cow::Borrowed),
    }
}

fn plain(parts: &mut Vec<Part>, text: &str, syntax: Syntax) {
    if syntax.wildcards {
        parts.extend(glob::compile(text).into_iter().map(Part::Atom));
    } else if !text.is_empty() {
        parts.push(literal(text));
    }
}

fn literal(text: &str) -> Part {
    Part::Atom(Atom::Text(Cow::Owned(text.to_owned())))
}

/// The text before the next `${…}`, what that means, and the text behind it.
fn next_variable(text: &str) -> Option<(&str, Part, &str)> {
    let start = text.find("${")?;
    let inside = &text[start + 2..];
    let (variable, length) = variable(inside)?;
    Some((&text[..start], variable, &inside[length..]))
}

/// Parses what follows `${`; returns it with its length, including the `}`.
fn variable(inside: &str) -> Option<(Part, usize)> {
    let end = inside.find('}')?;
    let name = &inside[..end];
    if let "*" | "?" | "$" = name {
        return Some((literal(name), end + 1));
    }
    let Some((key, quoted)) = name.split_once(',') else {
        return Some((Part::Variable { key: name.trim().to_lowercase(), default: None }, end + 1));
    };
    // A default may hold a brace: it ends at its quotation mark.
    let quote = inside.len() - inside[key.len() + 1..].trim_start().len();
    if !quoted.trim_start().starts_with('\'') {
        return Some((Part::Variable { key: name.trim().to_lowercase(), default: None }, end + 1));
    }
    let close = quote + 1 + inside[quote + 1..].find("'}")?;
    let default = Some(inside[quote + 1..close].to_owned());
    Some((Part::Variable { key: key.trim().to_lowercase(), default }, close + 2))
}
