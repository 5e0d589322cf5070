//! A policy: its statements, ready to be asked.

use std::fmt;

use super::memory::{HeapSize, allocation};
use super::principals::Name;
use super::statement::Statement;
use super::{PrincipalIds, document};

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

/// Of the language. Without one, documents are of the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// `2008-10-17`: has no variables.
    V2008,
    /// `2012-10-17`
    V2012,
}

/// What is wrong with a document, in IAM's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

#[derive(Debug)]
pub struct Policy {
    kind: PolicyKind,
    version: Version,
    statements: Vec<Statement>,
}

impl Policy {
    /// # Errors
    /// What is wrong with the document.
    pub fn parse(kind: PolicyKind, document: &str) -> Result<Policy, Malformed> {
        let (version, statements) = document::parse(kind, document)?;
        Ok(Policy { kind, version, statements })
    }

    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// What it takes in memory. Unit: bytes.
    pub fn memory_bytes(&self) -> usize {
        allocation(size_of::<Policy>()) + self.statements.heap_bytes()
    }

    pub fn version(&self) -> Version {
        self.version
    }

    /// All `Action` and `NotAction` as they are written.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(|statement| &statement.actions.texts).map(String::as_str)
    }

    /// All `Resource` and `NotResource` as they are written.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.statements
            .iter()
            .filter_map(|statement| statement.resources.as_ref())
            .flat_map(|found| &found.texts)
            .map(String::as_str)
    }

    /// The users, roles and sessions that it names, as they are written: ARNs and unique ids.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        let named = self.statements.iter().filter_map(|statement| statement.principals.as_ref());
        named.flat_map(|principals| &principals.names).filter_map(Name::with_id)
    }

    /// From now on it means the principals with these ids, and none by its ARN alone.
    pub fn bind(&mut self, ids: &PrincipalIds) {
        let named = self.statements.iter_mut().filter_map(|statement| statement.principals.as_mut());
        named.flat_map(|principals| &mut principals.names).for_each(|name| name.bind(ids));
    }

    pub(super) fn statements(&self) -> &[Statement] {
        &self.statements
    }
}
