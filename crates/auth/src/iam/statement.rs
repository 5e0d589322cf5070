//! One statement: when it applies.

use super::arn::ArnPattern;
use super::condition::Condition;
use super::explain::{Element, Recorder};
use super::filtered::Filtered;
use super::glob::{self, Atom, Letters};
use super::memory::HeapSize;
use super::pattern::Pattern;
use super::principals::{Asker, Grant, Principals};
use super::tags;
use super::work::WorkBudget;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    Allow,
    Deny,
}

/// What the resource of a request stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extent {
    One,
    /// All resources that begin with it. An allowance must be for each of them; a denial of one is enough.
    Below,
}

#[derive(Debug)]
pub(super) struct Actions {
    pub(super) negated: bool,
    /// As they are written.
    pub(super) texts: Vec<String>,
    pub(super) patterns: Vec<Vec<Atom<'static>>>,
}

#[derive(Debug)]
pub(super) struct Resources {
    pub(super) negated: bool,
    /// As they are written.
    pub(super) texts: Vec<String>,
    pub(super) patterns: Vec<ArnPattern>,
}

#[derive(Debug)]
pub(super) struct Statement {
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    /// Where documents have none, it is the principal that they are attached to.
    pub(super) principals: Option<Principals>,
    pub(super) actions: Actions,
    /// Where documents have none, it is the resource that they are attached to.
    pub(super) resources: Option<Resources>,
    pub(super) conditions: Vec<Condition>,
}

/// What a statement is asked.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) asker: Asker<'a>,
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    pub(super) extent: Extent,
    pub(super) context: &'a Filtered<'a>,
    /// What all of it may cost.
    pub(super) work: &'a WorkBudget,
}

impl Statement {
    /// How it names the caller, if it applies to the request. A thorough recorder receives all elements; for others the first
    /// element that does not match ends the evaluation.
    pub(super) fn applies<R: Recorder>(&self, request: &Request<'_>, recorder: &mut R) -> Option<Grant> {
        let mut fits = self.actions.match_with(request.action, request.work);
        recorder.element(Element::Action, fits);
        if !fits && !R::THOROUGH {
            return None;
        }
        let grant = match &self.principals {
            Some(principals) => {
                request.work.spend(principals.names.len());
                let grant = principals.grant(request.asker, self.effect == Effect::Deny);
                recorder.element(Element::Principal, grant.is_some());
                grant
            }
            None => Some(Grant::Direct),
        };
        if grant.is_none() && !R::THOROUGH {
            return None;
        }
        if let Some(resources) = &self.resources {
            let met = resources.match_with(request, self.effect);
            recorder.element(Element::Resource, met);
            fits &= met;
        }
        for condition in &self.conditions {
            if !fits && !R::THOROUGH {
                return None;
            }
            let met = condition.met(request, self.effect);
            recorder.condition(condition, met, request.context);
            fits &= met;
        }
        if fits { grant } else { None }
    }
}

impl Statement {
    /// The keys of its variables, in lower case.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let in_resources = self.resources.iter().flat_map(Resources::variables);
        in_resources.chain(self.conditions.iter().flat_map(Condition::variables))
    }
}

impl HeapSize for Statement {
    fn heap_bytes(&self) -> usize {
        let names = self.principals.as_ref().map_or(0, |principals| principals.names.heap_bytes());
        let actions = self.actions.texts.heap_bytes() + self.actions.patterns.heap_bytes();
        let resources = self.resources.as_ref();
        let resources = resources.map_or(0, |own| own.texts.heap_bytes() + own.patterns.heap_bytes());
        self.sid.heap_bytes() + names + actions + resources + self.conditions.heap_bytes()
    }
}

impl Actions {
    fn match_with(&self, action: &str, work: &WorkBudget) -> bool {
        work.spend(self.patterns.len());
        self.patterns.iter().any(|pattern| glob::matches(pattern, action, Letters::Either, work)) != self.negated
    }
}

impl Resources {
    /// The keys of its variables, in lower case.
    fn variables(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().filter_map(ArnPattern::varying).flat_map(Pattern::variables)
    }

    /// As with conditions, a variable with an ambiguous value allows nothing and denies everything.
    fn match_with(&self, request: &Request<'_>, effect: Effect) -> bool {
        let Request { resource, extent, context, work, .. } = *request;
        if self.variables().any(|key| tags::is_ambiguous(key, context, work)) {
            return effect == Effect::Deny;
        }
        work.spend(self.patterns.len());
        // What a pattern of `NotResource` has in common with a set is not allowed, and what it covers is not denied.
        let is_for_all = (effect == Effect::Allow) != self.negated;
        let matched = |pattern: &ArnPattern| match extent {
            Extent::One => pattern.matches(resource, context, work),
            Extent::Below if is_for_all => pattern.covers(resource, context, work),
            Extent::Below => pattern.meets(resource, context, work),
        };
        self.patterns.iter().any(matched) != self.negated
    }
}
