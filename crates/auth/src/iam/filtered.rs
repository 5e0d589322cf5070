//! A request's context as the policies see it in one question: of the keys that belong to services, those that the
//! action has, and no others. All evaluation goes through here, so no service can show a key that its action ignores.

use std::cell::OnceCell;

use super::reference::{self, Action};
use super::{Context, Values};

pub(super) struct Filtered<'a> {
    action: &'a str,
    resource: &'a str,
    all: &'a dyn Context,
    /// Looked up when a policy first names a key of a service.
    known: OnceCell<Option<&'static Action>>,
}

impl<'a> Filtered<'a> {
    pub(super) fn new(action: &'a str, resource: &'a str, all: &'a dyn Context) -> Filtered<'a> {
        Filtered { action, resource, all, known: OnceCell::new() }
    }
}

impl Context for Filtered<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        let known = || *self.known.get_or_init(|| reference::find(self.action));
        let is_hidden =
            reference::is_of_service(key) && known().is_some_and(|action| !action.has_key(self.resource, key));
        if is_hidden { None } else { self.all.values(key) }
    }
}
