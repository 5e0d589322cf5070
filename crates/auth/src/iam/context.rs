//! The request's context: what conditions and variables look at.

use std::borrow::Cow;

/// Values of one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Values<'a> {
    One(Cow<'a, str>),
    /// Of a key that has several by its nature, as `dynamodb:Attributes` or `aws:TagKeys`; perhaps none now.
    Many(Vec<Cow<'a, str>>),
}

/// Keys are asked for one by one, as policies name them, so that none is made for nothing.
pub trait Context {
    /// `key` in lower case; `None` if the request has no such key.
    fn values(&self, key: &str) -> Option<Values<'_>>;
}
