//! A policy's document.

use std::fmt;

/// Where a document is used: what its statements must and must not have depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyKind {
    /// Managed, inline and session policies, and boundaries: no principal.
    Identity,
    /// Of a table or stream: with principals.
    Resource,
    /// Of a role: with principals, without resources.
    Trust,
}

/// What is wrong with a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

#[derive(Debug)]
pub struct Policy {}

impl Policy {
    /// # Errors
    /// What is wrong with the document.
    pub fn parse(_kind: PolicyKind, _document: &str) -> Result<Policy, Malformed> {
        Err(Malformed("policies are not read yet".to_owned()))
    }
}
