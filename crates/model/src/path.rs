//! A document path: the position of a value in an item (`info.ratings[0]`).

use std::fmt;

use crate::value::{MapRef, ValueRef};

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum PathElement {
    Name(String),
    Index(usize),
}

/// A top-level attribute name and the steps below it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct DocumentPath {
    pub name: String,
    pub steps: Vec<PathElement>,
}

impl DocumentPath {
    pub fn top(name: impl Into<String>) -> DocumentPath {
        DocumentPath { name: name.into(), steps: Vec::new() }
    }

    pub fn is_top(&self) -> bool {
        self.steps.is_empty()
    }

    /// The value at this path, if every step of the way is there and of the right kind.
    pub fn resolve<'a>(&self, item: MapRef<'a>) -> Option<ValueRef<'a>> {
        let mut value = item.get(&self.name)?;
        for step in &self.steps {
            value = match step {
                PathElement::Name(name) => value.as_map()?.get(name)?,
                PathElement::Index(index) => value.as_list()?.get(*index)?,
            };
        }
        Some(value)
    }
}

impl fmt::Display for DocumentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for step in &self.steps {
            match step {
                PathElement::Name(name) => write!(f, ".{name}")?,
                PathElement::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
