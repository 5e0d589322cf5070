//! What a read returns of each item: `Select` and a projection of Query and Scan, the projection of a read by key, the
//! columns of a PartiQL SELECT.

use api::{Exception, Operation, Select};
use expr::Projection;
use expr::partiql::Columns;
use model::Item;
use model::codec::row::StoredItem;

/// What a read returns of each item.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Selection<'r> {
    /// All that was read: an item of the table, or a row of an index with what the index projects.
    Whole,
    /// All attributes of the item, also where it is read through an index: `ALL_ATTRIBUTES`.
    Item,
    Projection(&'r Projection),
    Columns(&'r Columns),
    /// Only the number of items.
    Count,
}

impl<'r> Selection<'r> {
    /// What a Query or Scan returns, once [`check_select`] has taken its parameters.
    pub(crate) fn of_select(select: Option<Select>, projection: Option<&'r Projection>) -> Selection<'r> {
        match (select, projection) {
            (_, Some(projection)) => Selection::Projection(projection),
            (Some(Select::Count), None) => Selection::Count,
            (Some(Select::AllAttributes), None) => Selection::Item,
            (_, None) => Selection::Whole,
        }
    }

    /// What a PartiQL SELECT returns; `*` has no columns.
    pub(crate) fn of_columns(columns: Option<&'r Columns>) -> Selection<'r> {
        columns.map_or(Selection::Whole, Selection::Columns)
    }

    /// The top-level attributes that it names.
    pub(crate) fn attribute_names(self) -> Vec<&'r str> {
        match self {
            Selection::Whole | Selection::Item | Selection::Count => Vec::new(),
            Selection::Projection(projection) => projection.attribute_names().collect(),
            Selection::Columns(columns) => columns.attribute_names(),
        }
    }

    /// The selected part of an item.
    pub(crate) fn of(self, stored: &StoredItem) -> Item {
        match self {
            Selection::Whole | Selection::Item | Selection::Count => stored.item(),
            Selection::Projection(projection) => Item::Tree(projection.apply(stored.attributes())),
            Selection::Columns(columns) => Item::Tree(columns.apply(stored.attributes())),
        }
    }

    /// The same in a response with an element for each item: absent if the item has nothing of the selection.
    pub(crate) fn of_unless_empty(self, stored: &StoredItem) -> Option<Item> {
        match self.of(stored) {
            Item::Tree(attributes) if attributes.is_empty() => None,
            item => Some(item),
        }
    }

    /// The response's items; absent if only their count was asked for.
    pub(crate) fn items(self, found: &[StoredItem]) -> Option<Vec<Item>> {
        match self {
            Selection::Count => None,
            _ => Some(found.iter().map(|stored| self.of(stored)).collect()),
        }
    }
}

impl<'r> From<Option<&'r Projection>> for Selection<'r> {
    fn from(projection: Option<&'r Projection>) -> Selection<'r> {
        projection.map_or(Selection::Whole, Selection::Projection)
    }
}

/// Refuses a Query or Scan with a `Select` and a projection that exclude each other. `is_legacy` projections are
/// `AttributesToGet`.
pub(crate) fn check_select(
    operation: Operation,
    select: Option<Select>,
    projection: Option<&Projection>,
    is_legacy: bool,
    index_name: Option<&str>,
) -> Result<(), Exception> {
    let parameter = if is_legacy { "AttributesToGet" } else { "ProjectionExpression" };
    let refusal = match (select, projection) {
        (Some(Select::AllProjectedAttributes), None) if index_name.is_none() => {
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName".to_owned()
        }
        (Some(Select::SpecificAttributes), None) => {
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
                .to_owned()
        }
        (Some(Select::Count), Some(_)) => {
            format!("Cannot specify the {parameter} when choosing to get only the Count")
        }
        (Some(other), Some(_)) if other != Select::SpecificAttributes => {
            format!("Cannot specify the {parameter} when choosing to get {}", other.as_str())
        }
        _ => return Ok(()),
    };
    Err(operation.validation().selection.refuse(Exception::validation(refusal)))
}
