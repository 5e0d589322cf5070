//! A request's members by name, for what serves operations with different structures: permissions, which are decided before the request's
//! constraints are checked.

use crate::model::OperationId;
use crate::shape::{Member, Shape, ShapeIndex};
use crate::value::{Structure, Timestamp, Value, place};

/// A structure of a request with its shape. A member that the shape does not have is not there.
#[derive(Clone, Copy, Debug)]
pub struct Members<'v> {
    shapes: &'static [Shape],
    members: &'static [Member],
    values: &'v Structure,
}

impl<'v> Members<'v> {
    pub fn of_request(operation: OperationId, request: &'v Structure) -> Members<'v> {
        let shapes = operation.service().shapes;
        let members = operation.model().input.map(|input| members(shapes, input)).unwrap_or_default();
        Members { shapes, members, values: request }
    }

    /// A text or a word.
    pub fn text(&self, name: &str) -> Option<&'v str> {
        match self.get(name)?.1 {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text, a number, a truth or a time as a text; of a member of a structure in the request, by a path with dots.
    pub fn scalar(&self, path: &str) -> Option<String> {
        if let Some((outer, rest)) = path.split_once('.') {
            return self.structure(outer)?.scalar(rest);
        }
        match self.get(path)?.1 {
            Value::Text(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Double(number) => Some(number.to_string()),
            Value::Boolean(truth) => Some(truth.to_string()),
            Value::Timestamp(Timestamp(ms)) => Some(base::utc::rfc3339(*ms)),
            Value::Structure(_) | Value::List(_) | Value::Map(_) | Value::Blob(_) => None,
        }
    }

    fn structure(&self, name: &str) -> Option<Members<'v>> {
        let at = self.members.iter().position(|member| member.name == name)?;
        let Value::Structure(values) = self.values.get(place(at))? else { return None };
        Some(Members { shapes: self.shapes, members: members(self.shapes, self.members[at].shape), values })
    }

    /// A list of texts; empty if it is not there.
    pub fn texts(&self, name: &str) -> Vec<&'v str> {
        let text = |value: &'v Value| match value {
            Value::Text(text) => Some(&**text),
            _ => None,
        };
        self.items(name).map(|(_, items)| items.iter().filter_map(text).collect()).unwrap_or_default()
    }

    /// A map of texts; empty if it is not there.
    pub fn text_map(&self, name: &str) -> Vec<(&'v str, &'v str)> {
        let text = |(key, value): &'v (String, Value)| match value {
            Value::Text(text) => Some((&**key, &**text)),
            _ => None,
        };
        match self.get(name) {
            Some((_, Value::Map(entries))) => entries.iter().filter_map(text).collect(),
            _ => Vec::new(),
        }
    }

    /// A list of structures; empty if it is not there.
    pub fn structures(&self, name: &str) -> Vec<Members<'v>> {
        let Some((item, items)) = self.items(name) else { return Vec::new() };
        let (shapes, members) = (self.shapes, members(self.shapes, item));
        let structure = |value: &'v Value| match value {
            Value::Structure(values) => Some(Members { shapes, members, values }),
            _ => None,
        };
        items.iter().filter_map(structure).collect()
    }

    fn items(&self, name: &str) -> Option<(ShapeIndex, &'v [Value])> {
        match self.get(name)? {
            (Shape::List { item, .. }, Value::List(items)) => Some((*item, items)),
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<(&'static Shape, &'v Value)> {
        let at = self.members.iter().position(|member| member.name == name)?;
        Some((&self.shapes[usize::from(self.members[at].shape)], self.values.get(place(at))?))
    }
}

/// Those of a structure; none of another shape.
pub(crate) fn members(shapes: &'static [Shape], index: ShapeIndex) -> &'static [Member] {
    match &shapes[usize::from(index)] {
        Shape::Structure { members, .. } => members,
        _ => &[],
    }
}
