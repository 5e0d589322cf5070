//! A request's context as the policies see it in one question: of the keys that belong to services, those that the
//! action has, and no others. All evaluation uses this context, so no service can show a key that its action ignores, and
//! every lookup is paid for, whether it finds a value or not.

use std::cell::OnceCell;

use super::reference::{self, ActionKeys};
use super::work::WorkBudget;
use super::{Context, Values};

/// What it costs to find a key in a context and to make its value, beside the texts. Unit: steps.
pub(super) const LOOKUP_STEPS: usize = 16;

pub(super) struct Filtered<'a> {
    action: &'a str,
    resource: &'a str,
    all: &'a dyn Context,
    /// Looked up when a policy first names a key of a service: the resource is matched with the action's types once.
    keys: OnceCell<ActionKeys>,
}

impl<'a> Filtered<'a> {
    pub(super) fn new(action: &'a str, resource: &'a str, all: &'a dyn Context) -> Filtered<'a> {
        Filtered { action, resource, all, keys: OnceCell::new() }
    }

    /// Whether the action can have a key, in lower case.
    pub(super) fn can_have(&self, key: &str, work: &WorkBudget) -> bool {
        let keys = || self.keys.get_or_init(|| ActionKeys::within(self.action, self.resource, work));
        !reference::is_of_service(key) || keys().have(key, work)
    }
}

impl Context for Filtered<'_> {
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        if !work.spend(LOOKUP_STEPS) || !work.spend_bytes(key.len()) || !self.can_have(key, work) {
            return None;
        }
        match self.all.values(key, work)? {
            Values::Many(values) if !work.spend(values.len()) => None,
            values => Some(values),
        }
    }
}
