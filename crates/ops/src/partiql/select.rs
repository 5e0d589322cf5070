//! SELECT: the parts of a plan (key conditions, or one scan) read one after the other, page by page.

use api::Exception;
use auth::Caller;
use expr::Condition;
use expr::partiql::{Access, PartiqlError, Plan, Select, access, full_key, names_partitions};
use model::limits::PAGE_SIZE_MAX;
use model::{Attributes, Item};
use storage::ScanDirection;
use tables::item_key::KeyProblem;
use tables::key_range::{self, Range};
use tables::{Index, IndexKind, Table};

use super::next_token::Position;
use super::refused;
use crate::capacity::ReadKind;
use crate::consumed::Consumed;
use crate::coverage::{IndexRead, coverage};
use crate::index_choice::find_index;
use crate::read::PageRequest;
use crate::select::Selection;
use crate::service::Service;
use crate::start_key::{self, Walker};

/// The parameters of a SELECT beside its text.
pub(crate) struct SelectOptions {
    pub consistent: Option<bool>,
    /// Rows to evaluate at most.
    pub limit: Option<usize>,
    /// Where an earlier page ended.
    pub from: Position,
}

/// The result of a SELECT.
pub(crate) struct Selected {
    pub items: Vec<Item>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Position>,
}

impl Service {
    pub(crate) async fn select(
        &self,
        caller: &Caller,
        select: &Select,
        options: SelectOptions,
        consumed: &mut Consumed,
    ) -> Result<Selected, Exception> {
        let table = self.catalog.table(caller, &select.table).await?;
        let index = read_index(&table, select, options.consistent)?;
        let schema = index.map_or(&table.key, |index| &index.key);
        let plan = access(select.condition.as_ref(), &select.order, schema).map_err(refused)?;
        let selection = Selection::of_columns(select.columns.as_ref());
        let is_keyed = select.condition.as_ref().is_some_and(|condition| names_partitions(condition, schema));
        let source = coverage(&table, index, IndexRead { selection, filter: plan.filter.as_ref(), is_keyed })?;
        let (ranges, direction) = self.ranges(&table, index, &plan)?;
        // A SELECT may have nothing to read.
        consumed.name(&select.table);
        let mut selected = Selected { items: Vec::new(), next: None };
        let (mut scanned, mut read_size, mut after) = (0, 0, options.from.after);
        let mut has_read = false;
        for (part, (lower, upper)) in ranges.into_iter().enumerate().skip(options.from.part as usize) {
            let part = part as u32;
            if read_size > PAGE_SIZE_MAX || options.limit.is_some_and(|limit| scanned >= limit) {
                selected.next = Some(Position { part, after: None });
                break;
            }
            let mut page = PageRequest {
                table: &table,
                table_name: &select.table,
                index,
                lower,
                upper,
                partition: None,
                direction,
                filter: plan.filter.as_ref(),
                limit: options.limit.map(|limit| limit - scanned),
                source,
                kind: ReadKind::of(options.consistent),
            };
            if let Some(start) = after.take() {
                // The token is sealed, so its key is one of these rows.
                start_key::begin_after(&self.secret, &mut page, &start, Walker::Scan { segment: None })?;
            }
            let found = match self.page(&page, consumed).await {
                // What was read is returned; the next page begins with this part.
                Err(throttled) if has_read && !throttled.throttling_reasons().is_empty() => {
                    selected.next = Some(Position { part, after: None });
                    break;
                }
                found => found?,
            };
            has_read = true;
            scanned += found.scanned;
            read_size += found.read_size;
            selected.items.extend(found.items.iter().map(|item| selection.of(item)));
            if let Some(last) = found.last {
                selected.next = Some(Position { part, after: Some(last) });
                break;
            }
        }
        Ok(selected)
    }

    /// The rows of a plan, part by part.
    fn ranges(
        &self,
        table: &Table,
        index: Option<&Index>,
        plan: &Plan,
    ) -> Result<(Vec<Range>, ScanDirection), KeyProblem> {
        Ok(match &plan.access {
            Access::Scan => (vec![key_range::of_all(table, index)], ScanDirection::Forward),
            Access::Keys { conditions, descending } => {
                let of = |condition| key_range::of_condition(&self.secret, table, index, condition);
                let direction = if *descending { ScanDirection::Backward } else { ScanDirection::Forward };
                (conditions.iter().map(of).collect::<Result<_, _>>()?, direction)
            }
        })
    }
}

/// The index that a SELECT names, if it names one; refusals have PartiQL's own messages. Captured in eu-west-1.
fn read_index<'t>(table: &'t Table, select: &Select, consistent: Option<bool>) -> Result<Option<&'t Index>, Exception> {
    let name = select.index.as_deref();
    if name.is_some_and(|name| table.index(name).is_none()) {
        return Err(Exception::validation("The table does not have the specified index"));
    }
    let index = find_index(table, name)?;
    check_columns_and_key(table, select)?;
    if consistent == Some(true) && index.is_some_and(|index| index.kind == IndexKind::Global) {
        return Err(Exception::validation("Strongly consistent read is not supported on Global Secondary Indexes"));
    }
    Ok(index)
}

/// Refuses what a SELECT cannot read, in the service's order: first an index with a key of several attributes, then columns
/// that are no paths.
fn check_columns_and_key(table: &Table, select: &Select) -> Result<(), Exception> {
    let index = select.index.as_deref().and_then(|name| table.index(name));
    if index.is_some_and(|index| index.key.hash.len() > 1 || index.key.range.len() > 1) {
        return Err(refused(PartiqlError::MultiAttributeKey));
    }
    match &select.refused {
        Some(refusal) => Err(refused(refusal.clone())),
        None => Ok(()),
    }
}

/// The one item that a SELECT names by its whole primary key; `None` if it names anything else.
pub(crate) fn single_key(table: &Table, select: &Select) -> Result<Option<(Attributes, Option<Condition>)>, Exception> {
    check_columns_and_key(table, select)?;
    if select.index.is_some() {
        return Ok(None);
    }
    let plan = access(select.condition.as_ref(), &select.order, &table.key).map_err(refused)?;
    let Access::Keys { conditions, .. } = &plan.access else { return Ok(None) };
    let [condition] = conditions.as_slice() else { return Ok(None) };
    // A batch or transaction does not read an item by a test of existence. Captured in eu-west-2 and us-east-1.
    if plan.filter.as_ref().is_some_and(Condition::tests_existence) {
        return Ok(None);
    }
    Ok(full_key(condition, &table.key).map(|key| (key, plan.filter)))
}
