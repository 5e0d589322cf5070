//! Which attributes an index covers: the one rule for Query, Scan and a PartiQL SELECT.
//!
//! A row of an index holds the keys of the index and of its table, and what the index projects. [`coverage`] decides from
//! the kind of the index, its projection, what the read returns and what its filter names, whether the read is answered
//! from these rows, or from the table's items behind them, or refused. A read is keyed if it says which partitions it
//! reads: a Query, and a SELECT with a condition that gives the index's HASH attributes by `=` or IN.
//!
//! | read | index | returns | its filter names | answered | source |
//! |---|---|---|---|---|---|
//! | any | any, projects `ALL` | anything | anything | from rows | 1 |
//! | any | any | `ALL_PROJECTED_ATTRIBUTES` or nothing said, `SELECT *`, `COUNT` | projected attributes | from rows | 1 |
//! | any | any | named attributes, all projected | projected attributes | from rows | 1 |
//! | any | local | `ALL_ATTRIBUTES`, or named attributes, some not projected | projected attributes | from the table | 1, 2 |
//! | any | global | named attributes, some not projected | projected attributes | refused, `Global secondary index … does not project […]` | 2, 3 |
//! | any | global | `ALL_ATTRIBUTES` | projected attributes | refused, `Select type ALL_ATTRIBUTES is not supported …` | 4 |
//! | keyed | any | anything | others, too | refused, `Secondary index … does not project one or more filter attributes: […]` | 5, 6 |
//! | not keyed | any | what the rows hold | others, too | from rows, where the filter finds no such attribute | 7 |
//! | not keyed | local | what the rows do not hold | others, too | from the table, where the filter finds them | not known |
//!
//! Sources:
//! 1. API Reference, Query and Scan, `Select`.
//! 2. SELECT: Parity Suite, `partiql/executeStatementIndex` (eu-west-1, 2026-09-02).
//! 3. Query: the answer of AWS quoted in awslabs/aws-athena-query-federation, issue 279.
//! 4. Query: the answers of AWS quoted in mapbox/dyno, issue 23.
//! 5. Query of a global index: the answers quoted in sensedeep/dynamodb-onetable, issues 93 and 377, and in
//!    dynamodb-toolbox, issue 1195. Of a local index, and where the item is fetched: by analogy with 6.
//! 6. SELECT of both kinds of indexes: Parity Suite, `error-messages/partiql` (eu-west-2, 2026).
//! 7. SELECT of both kinds of indexes: captured in eu-west-2, 2026. Scan: by analogy.
//!
//! Units: rows are charged to the index, as one page; a fetched item is charged to the table, by itself (Developer Guide,
//! "Local secondary indexes", on read capacity units). `crate::read` does that.

use api::Exception;
use expr::Condition;
use tables::{Index, IndexKind, Projection, Table};

use crate::select::Selection;

/// What a read needs of an index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexRead<'r> {
    pub selection: Selection<'r>,
    pub filter: Option<&'r Condition>,
    /// Whether it says which partitions it reads.
    pub is_keyed: bool,
}

/// Where a read finds its items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// In the rows that it reads: the table's own, or those of the index.
    Rows,
    /// In the table, one for each row of its local index.
    Table,
}

/// Why an index cannot answer a read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NotCovered {
    /// These attributes of the filter are not projected.
    Filter { index: String, names: Vec<String> },
    /// These attributes are not projected, and a read of a global index does not fetch from its table.
    Selection { index: String, names: Vec<String> },
    /// `ALL_ATTRIBUTES` of a global index that does not project all.
    AllAttributes { index: String },
}

/// Decides where a read of `index`, or of the table itself, finds its items. The module has the rule.
///
/// # Errors
/// [`NotCovered`]. Of several refusals that of the filter comes first, as captured for SELECT.
pub(crate) fn coverage(table: &Table, index: Option<&Index>, read: IndexRead<'_>) -> Result<Source, NotCovered> {
    let Some(index) = index.filter(|index| index.projection != Projection::All) else { return Ok(Source::Rows) };
    let unprojected = |names: Vec<&str>| -> Vec<String> {
        names.into_iter().filter(|name| !index.projects(table, name)).map(str::to_owned).collect()
    };
    if let Some(filter) = read.filter.filter(|_| read.is_keyed) {
        let names = unprojected(filter.attribute_names());
        if !names.is_empty() {
            return Err(NotCovered::Filter { index: index.name.clone(), names });
        }
    }
    let names = unprojected(read.selection.attribute_names());
    let wants_all = matches!(read.selection, Selection::Item);
    match index.kind {
        IndexKind::Global if wants_all => Err(NotCovered::AllAttributes { index: index.name.clone() }),
        IndexKind::Global if !names.is_empty() => Err(NotCovered::Selection { index: index.name.clone(), names }),
        IndexKind::Local if wants_all || !names.is_empty() => Ok(Source::Table),
        IndexKind::Global | IndexKind::Local => Ok(Source::Rows),
    }
}

impl From<NotCovered> for Exception {
    fn from(refusal: NotCovered) -> Exception {
        let text = match refusal {
            NotCovered::Filter { index, names } => {
                let names = names.join(", ");
                format!("Secondary index {index} does not project one or more filter attributes: [{names}]")
            }
            NotCovered::Selection { index, names } => {
                format!("Global secondary index {index} does not project [{}]", names.join(", "))
            }
            NotCovered::AllAttributes { index } => format!(
                "Select type ALL_ATTRIBUTES is not supported for global secondary index {index} because its projection \
                 type is not ALL"
            ),
        };
        Exception::validation(format!("One or more parameter values were invalid: {text}"))
    }
}

#[cfg(test)]
mod tests;
