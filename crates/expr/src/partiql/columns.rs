//! What a SELECT lists: paths, each of which becomes one attribute of the answer.
//!
//! Unlike a projection expression, which keeps the shape of the item, a list of columns is flat: `SELECT a.b.c`
//! answers with an attribute `c`. An element of a list keeps its index in the name: `a.b[0]` is `b[0]`.

use std::collections::BTreeSet;
use std::fmt::Write;

use model::{Attributes, DocumentPath, MapRef, PathElement};

#[derive(Clone, PartialEq, Debug)]
pub struct Columns {
    columns: Vec<Column>,
}

#[derive(Clone, PartialEq, Debug)]
struct Column {
    path: DocumentPath,
    name: String,
}

impl Columns {
    pub fn new(paths: impl IntoIterator<Item = DocumentPath>) -> Columns {
        let columns = paths.into_iter().map(|path| Column { name: name(&path), path }).collect();
        Columns { columns }
    }

    pub fn paths(&self) -> impl ExactSizeIterator<Item = &DocumentPath> {
        self.columns.iter().map(|column| &column.path)
    }

    /// The top-level attributes that are read, each once, in the order of the text.
    pub fn attribute_names(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        self.paths().map(|path| path.name.as_str()).filter(|name| seen.insert(*name)).collect()
    }

    /// The row of one item. A path that leads nowhere leaves nothing behind.
    pub fn apply(&self, item: MapRef<'_>) -> Attributes {
        let found = self.columns.iter().filter_map(|column| {
            let value = column.path.resolve(item)?;
            Some((column.name.clone(), value.to_owned()))
        });
        Attributes::from_unsorted(found.collect())
    }
}

fn name(path: &DocumentPath) -> String {
    let mut name = path.name.clone();
    for step in &path.steps {
        match step {
            PathElement::Name(step) => name.clone_from(step),
            PathElement::Index(index) => {
                // Writing to a string cannot fail.
                let _ = write!(name, "[{index}]");
            }
        }
    }
    name
}
