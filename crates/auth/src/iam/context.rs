//! The request's context: what conditions and variables look at.

use std::borrow::Cow;

use super::work::WorkBudget;

/// Values of one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Values<'a> {
    One(Cow<'a, str>),
    /// Of a key that has several by its nature, as `dynamodb:Attributes` or `aws:TagKeys`; perhaps none now.
    Many(Vec<Cow<'a, str>>),
}

/// Keys are asked for one by one, as policies name them, so that none is made for nothing.
pub trait Context {
    /// `key` in lower case; `None` if the request has no such key. A search through a list that a request or an entity
    /// brings (tags) pays for each entry that it looks at, be the key found or not; all else is paid by the caller.
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>>;
}
