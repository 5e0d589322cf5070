//! The one tree that `UpdateExpression`, `AttributeUpdates` and PartiQL's `UPDATE` are lowered into.

use std::sync::Arc;

use model::{AttributeValue, DocumentPath};

/// An update, by kind of action.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Update {
    pub set: Vec<(DocumentPath, UpdateValue)>,
    pub remove: Vec<DocumentPath>,
    /// Numbers and sets.
    pub add: Vec<(DocumentPath, Arc<AttributeValue>)>,
    /// Sets.
    pub delete: Vec<(DocumentPath, Arc<AttributeValue>)>,
    /// From `AttributeUpdates`, which words an item of the wrong type in its own way.
    pub legacy: bool,
}

/// The right side of a SET action.
#[derive(Clone, PartialEq, Debug)]
pub enum UpdateValue {
    Path(DocumentPath),
    Value(Arc<AttributeValue>),
    IfNotExists(DocumentPath, Box<UpdateValue>),
    ListAppend(Box<UpdateValue>, Box<UpdateValue>),
    Add(Box<UpdateValue>, Box<UpdateValue>),
    Subtract(Box<UpdateValue>, Box<UpdateValue>),
}

impl Update {
    /// The paths of all actions, SET first, then REMOVE, ADD and DELETE.
    pub fn paths(&self) -> impl Iterator<Item = &DocumentPath> {
        let set = self.set.iter().map(|(path, _)| path);
        let add = self.add.iter().map(|(path, _)| path);
        let delete = self.delete.iter().map(|(path, _)| path);
        set.chain(&self.remove).chain(add).chain(delete)
    }

    /// The top-level attributes that SET reads (their old values), as well as those that actions name.
    pub fn attribute_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.paths().map(|path| path.name.as_str()).collect();
        self.set.iter().for_each(|(_, value)| value.visit_paths(&mut |path| names.push(&path.name)));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The attributes that its actions and operands go into.
    pub fn nested_names(&self) -> Vec<&str> {
        let nested = self.paths().filter(|path| !path.is_top());
        let mut names: Vec<&str> = nested.map(|path| path.name.as_str()).collect();
        self.set.iter().for_each(|(_, value)| {
            value.visit_paths(&mut |path| {
                if !path.is_top() {
                    names.push(path.name.as_str());
                }
            });
        });
        names
    }

    /// Whether it only takes away. An update without any action does not.
    pub fn only_clears(&self) -> bool {
        let clears = !self.remove.is_empty() || !self.delete.is_empty();
        clears && self.set.is_empty() && self.add.is_empty()
    }
}

impl UpdateValue {
    fn visit_paths<'a>(&'a self, visit: &mut impl FnMut(&'a DocumentPath)) {
        match self {
            UpdateValue::Path(path) => visit(path),
            UpdateValue::Value(_) => {}
            UpdateValue::IfNotExists(path, default) => {
                visit(path);
                default.visit_paths(visit);
            }
            UpdateValue::ListAppend(left, right)
            | UpdateValue::Add(left, right)
            | UpdateValue::Subtract(left, right) => {
                left.visit_paths(visit);
                right.visit_paths(visit);
            }
        }
    }
}
