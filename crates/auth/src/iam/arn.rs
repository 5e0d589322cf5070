//! Patterns of ARNs, which have six parts, matched each on its own: a `*` in one never reaches into the next. The last
//! part is the resource, with all the colons that are its own.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Resource" and "ARN condition operators".

use std::borrow::Cow;

use super::Context;
use super::glob::{self, Atom, Letters};
use super::memory::{HeapSize, allocation};
use super::pattern::{Pattern, Syntax};
use super::work::WorkBudget;

const PARTS: usize = 6;

type Parts<'a> = [Vec<Atom<'a>>; PARTS];

#[derive(Clone, Debug)]
pub(super) enum ArnPattern {
    /// `*`: whatever there is, even what is no ARN.
    All,
    /// Without wildcards.
    One(String),
    Parts(Box<Parts<'static>>),
    Varying(Pattern),
    /// Fewer parts than an ARN has: nothing is like it.
    Nothing,
}

impl ArnPattern {
    /// Of a condition: variables may be anywhere.
    pub(super) fn of_condition(text: &str, variables: bool) -> ArnPattern {
        if text == "*" {
            return ArnPattern::All;
        }
        ArnPattern::of(Pattern::parse(text, Syntax { wildcards: true, variables }))
    }

    /// Of a statement's resource: missing parts match anything, and variables are allowed in the last part only.
    pub(super) fn of_resource(text: &str, variables: bool) -> ArnPattern {
        if text == "*" {
            return ArnPattern::All;
        }
        let missing = PARTS.saturating_sub(text.split(':').count());
        let whole = format!("{text}{}", ":*".repeat(missing));
        let fifth = whole.match_indices(':').nth(PARTS - 2).map_or(whole.len(), |(at, _)| at + 1);
        let head = Pattern::parse(&whole[..fifth], Syntax { wildcards: true, variables: false });
        ArnPattern::of(head.joined(Pattern::parse(&whole[fifth..], Syntax { wildcards: true, variables })))
    }

    fn of(pattern: Pattern) -> ArnPattern {
        match pattern.fixed() {
            None => ArnPattern::Varying(pattern),
            Some(atoms) => match (parts(atoms.to_vec()), atoms) {
                (None, _) => ArnPattern::Nothing,
                (Some(_), [Atom::Text(text)]) => ArnPattern::One(text.to_string()),
                (Some(mut parts), _) => {
                    parts.iter_mut().for_each(Vec::shrink_to_fit);
                    ArnPattern::Parts(Box::new(parts))
                }
            },
        }
    }

    /// The pattern with its variables, if it has any.
    pub(super) fn varying(&self) -> Option<&Pattern> {
        match self {
            ArnPattern::Varying(pattern) => Some(pattern),
            _ => None,
        }
    }

    pub(super) fn matches(&self, arn: &str, context: &dyn Context, work: &WorkBudget) -> bool {
        match self {
            ArnPattern::All => true,
            ArnPattern::One(one) => one.len() == arn.len() && work.spend_bytes(arn.len()) && one == arn,
            ArnPattern::Parts(parts) => all_match(parts, arn, work),
            ArnPattern::Varying(pattern) => {
                let resolved = pattern.resolve(context, work).and_then(|atoms| parts(atoms.into_owned()));
                resolved.is_some_and(|parts| all_match(&parts, arn, work))
            }
            ArnPattern::Nothing => false,
        }
    }

    /// Whether it matches every ARN that begins with `start`, which has all parts of an ARN.
    pub(super) fn covers(&self, start: &str, context: &dyn Context, work: &WorkBudget) -> bool {
        match self {
            ArnPattern::All => true,
            ArnPattern::One(_) | ArnPattern::Nothing => false,
            ArnPattern::Parts(parts) => all_below_match(parts, start, glob::covers, work),
            ArnPattern::Varying(pattern) => {
                let resolved = pattern.resolve(context, work).and_then(|atoms| parts(atoms.into_owned()));
                resolved.is_some_and(|parts| all_below_match(&parts, start, glob::covers, work))
            }
        }
    }

    /// Whether it matches any ARN that begins with `start`, which has all parts of an ARN.
    pub(super) fn meets(&self, start: &str, context: &dyn Context, work: &WorkBudget) -> bool {
        match self {
            ArnPattern::All => true,
            ArnPattern::One(one) => work.spend_bytes(start.len()) && one.starts_with(start),
            ArnPattern::Parts(parts) => all_below_match(parts, start, glob::meets, work),
            ArnPattern::Varying(pattern) => {
                let resolved = pattern.resolve(context, work).and_then(|atoms| parts(atoms.into_owned()));
                resolved.is_some_and(|parts| all_below_match(&parts, start, glob::meets, work))
            }
            ArnPattern::Nothing => false,
        }
    }
}

impl HeapSize for ArnPattern {
    fn heap_bytes(&self) -> usize {
        match self {
            ArnPattern::All | ArnPattern::Nothing => 0,
            ArnPattern::One(arn) => arn.heap_bytes(),
            ArnPattern::Parts(parts) => {
                allocation(size_of::<Parts<'_>>()) + parts.iter().map(Vec::heap_bytes).sum::<usize>()
            }
            ArnPattern::Varying(pattern) => pattern.heap_bytes(),
        }
    }
}

fn all_match(patterns: &Parts<'_>, arn: &str, work: &WorkBudget) -> bool {
    let mut parts = arn.splitn(PARTS, ':');
    patterns.iter().all(|pattern| parts.next().is_some_and(|part| glob::matches(pattern, part, Letters::Exact, work)))
}

/// As [`all_match`], with the last part as what ARNs begin with.
fn all_below_match(
    patterns: &Parts<'_>,
    start: &str,
    below: impl Fn(&[Atom<'_>], &str, &WorkBudget) -> bool,
    work: &WorkBudget,
) -> bool {
    let [whole @ .., last] = patterns;
    let mut parts = start.splitn(PARTS, ':');
    let is_whole =
        whole.iter().all(|pattern| parts.next().is_some_and(|part| glob::matches(pattern, part, Letters::Exact, work)));
    is_whole && parts.next().is_some_and(|part| below(last, part, work))
}

/// Cut at the first five colons of its texts.
fn parts(atoms: Vec<Atom<'_>>) -> Option<Parts<'_>> {
    let mut parts: Parts<'_> = Default::default();
    let mut at = 0;
    for atom in atoms {
        let Atom::Text(text) = atom else {
            glob::push(&mut parts[at], atom);
            continue;
        };
        for (position, piece) in text.splitn(PARTS - at, ':').enumerate() {
            at += usize::from(position > 0);
            glob::push(&mut parts[at], Atom::Text(Cow::Owned(piece.to_owned())));
        }
    }
    (at == PARTS - 1).then_some(parts)
}
