//! Which attributes a Query or Scan returns: Select, the projection, and what its index can give.

use api::{Exception, Operation, Select};
use expr::Projection;
use model::Item;
use model::codec::row::StoredItem;

use crate::tables::{self, Index, IndexKind, Table};

/// What a page returns of each item.
#[derive(Debug)]
pub(crate) enum Selection {
    /// All that the table or the index's rows hold.
    Whole,
    Some(Projection),
    Count,
}

impl Selection {
    /// Whether Select and the projection go together; both are the request's.
    pub(crate) fn of(
        operation: Operation,
        select: Option<Select>,
        projection: Option<Projection>,
        legacy: bool,
        index_name: Option<&str>,
    ) -> Result<Selection, Exception> {
        let selection = Selection::checked(select, projection, legacy, index_name);
        selection.map_err(|refusal| operation.validation().selection.refuse(refusal))
    }

    fn checked(
        select: Option<Select>,
        projection: Option<Projection>,
        legacy: bool,
        index_name: Option<&str>,
    ) -> Result<Selection, Exception> {
        let parameter = if legacy { "AttributesToGet" } else { "ProjectionExpression" };
        match (select, projection) {
            (Some(Select::AllProjectedAttributes), None) if index_name.is_none() => {
                Err(Exception::validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"))
            }
            (Some(Select::SpecificAttributes), None) => Err(Exception::validation(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
            )),
            (None | Some(Select::SpecificAttributes), Some(projection)) => Ok(Selection::Some(projection)),
            (Some(Select::Count), Some(_)) => Err(Exception::validation(format!(
                "Cannot specify the {parameter} when choosing to get only the Count"
            ))),
            (Some(other), Some(_)) => Err(Exception::validation(format!(
                "Cannot specify the {parameter} when choosing to get {}",
                other.as_str()
            ))),
            (Some(Select::Count), None) => Ok(Selection::Count),
            (_, None) => Ok(Selection::Whole),
        }
    }

    /// The projection, if there is one.
    pub(crate) fn projection(&self) -> Option<&Projection> {
        match self {
            Selection::Some(projection) => Some(projection),
            Selection::Whole | Selection::Count => None,
        }
    }

    /// Whether an index can give the selection, and whether its rows must be completed from the table.
    pub(crate) fn needs_table(
        &self,
        table: &Table,
        index: Option<&Index>,
        select: Option<Select>,
    ) -> Result<bool, Exception> {
        let Some(index) = index.filter(|index| index.projection != tables::Projection::All) else {
            return Ok(false);
        };
        let missing = self.unprojected(table, index);
        let all = select == Some(Select::AllAttributes);
        match index.kind {
            IndexKind::Local => Ok(all || !missing.is_empty()),
            IndexKind::Global if all => Err(Exception::validation(format!(
                "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global \
                 secondary index {} because its projection type is not ALL",
                index.name
            ))),
            IndexKind::Global if !missing.is_empty() => Err(Exception::validation(format!(
                "One or more parameter values were invalid: Global secondary index {} does not project [{}]",
                index.name,
                missing.join(", ")
            ))),
            IndexKind::Global => Ok(false),
        }
    }

    fn unprojected(&self, table: &Table, index: &Index) -> Vec<&str> {
        let Selection::Some(projection) = self else { return Vec::new() };
        projection.attribute_names().filter(|name| !index.projects(table, name)).collect()
    }

    /// The response's items; absent if only their count was asked for.
    pub(crate) fn items(&self, found: &[StoredItem]) -> Option<Vec<Item>> {
        match self {
            Selection::Count => None,
            Selection::Whole => Some(found.iter().map(StoredItem::item).collect()),
            Selection::Some(projection) => {
                Some(found.iter().map(|item| Item::Tree(projection.apply(item.attributes()))).collect())
            }
        }
    }
}
