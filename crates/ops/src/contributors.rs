//! Counting for Contributor Insights: the keys of reads and writes by what they consume, and of throttled ones by their number.
//!
//! | access | counts for |
//! |---|---|
//! | read or write of an item | its key, with the table's units, those of local indexes included |
//! | page of a Query, Scan, SELECT | the keys of its rows, each with its part of the page's units, by sizes |
//! | entry of a global index that changes | the entry's key, with the entry's units |
//!
//! A unit of writing weighs three, one of reading one. Source: Developer Guide, "CloudWatch Contributor Insights for DynamoDB: How it
//! works". Refusals of writes for the sake of a global index's throughput count for neither table nor index. Source: as above.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use cloudwatch::{COUNTERS_MAX, ContributorKey, RuleGauge, RuleKind, Summary, Tally};
use model::{Attributes, KeyAttribute, KeySchema, MapRef, ValueRef};
use parking_lot::RwLock;
use tables::{ContributorInsights, Index, IndexKind, Place, Table};

use crate::capacity::{Access, Charge};

/// What a unit of writing weighs, where one of reading weighs one.
const WRITE_WEIGHT: f64 = 3.0;

/// The items that a charge is for.
pub(crate) enum Accessed<'a> {
    /// A key of the table.
    Item(&'a Attributes),
    /// The keys of a page, if they are counted.
    Page(Option<&'a PageKeys>),
}

/// The keys of a page's rows, by the rows' sizes.
pub(crate) struct PageKeys {
    schema: KeySchema,
    partitions: Summary,
    items: Summary,
    size: f64,
}

/// The rules of a table or of an index, of which some may be off.
type Rules = [Option<RuleGauge>; RuleKind::ALL.len()];

/// The rules of a table and of its global indexes.
struct TableRules {
    /// What they were made of.
    settings: Vec<ContributorInsights>,
    table: Rules,
    indexes: Vec<(String, Rules)>,
}

/// The rules of all tables that have any, by table id.
#[derive(Default)]
pub(crate) struct Contributors(RwLock<HashMap<u64, Arc<TableRules>>>);

impl PageKeys {
    /// None if the keys of this page are not counted.
    pub(crate) fn of(table: &Table, index: Option<&Index>) -> Option<PageKeys> {
        if !table.has_insights {
            return None;
        }
        let global = index.filter(|index| index.kind == IndexKind::Global);
        let (insights, schema) = match global {
            Some(index) => (index.insights, &index.key),
            None => (table.definition.contributor_insights, &table.key),
        };
        insights.filter(|insights| insights.counts_accesses())?;
        let (partitions, items) = (Summary::new(COUNTERS_MAX), Summary::new(COUNTERS_MAX));
        Some(PageKeys { schema: schema.clone(), partitions, items, size: 0.0 })
    }

    pub(crate) fn take(&mut self, row: MapRef<'_>, size: usize) {
        let Some(keys) = keys(&self.schema, row) else { return };
        let size = size as f64;
        self.size += size;
        self.partitions.add(keys.partition.as_bytes(), size, true);
        if let Some(item) = keys.item {
            self.items.add(item.as_bytes(), size, true);
        }
    }
}

/// The key of an item as rules count it.
struct Keys {
    partition: ContributorKey,
    /// None in a table without sort keys: its partition keys are those of its items.
    item: Option<ContributorKey>,
}

/// None of an item that lacks a part of the key.
fn keys(schema: &KeySchema, item: MapRef<'_>) -> Option<Keys> {
    let push = |mut key: ContributorKey, part: &KeyAttribute| {
        key.push(&text(item.get(&part.name)?)?);
        Some(key)
    };
    let partition = schema.hash.iter().try_fold(ContributorKey::default(), push)?;
    if schema.range.is_empty() {
        return Some(Keys { partition, item: None });
    }
    let item = schema.range.iter().try_fold(partition.clone(), push)?;
    Some(Keys { partition, item: Some(item) })
}

/// As reports show it: numbers by their digits, bytes in base64.
fn text(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    match value {
        ValueRef::S(text) => Some(Cow::Borrowed(text)),
        ValueRef::N(number) => Some(Cow::Owned(number.to_string())),
        ValueRef::B(bytes) => Some(Cow::Owned(base64_simd::STANDARD.encode_to_string(bytes))),
        _ => None,
    }
}

impl Contributors {
    fn of(&self, tally: &Tally, table: &Table) -> Arc<TableRules> {
        let settings: Vec<ContributorInsights> = settings(table).collect();
        if let Some(found) = self.0.read().get(&table.id()).filter(|found| found.settings == settings) {
            return Arc::clone(found);
        }
        let place = table.definition.place();
        let of = |index: Option<&str>, insights: Option<ContributorInsights>, has_range: bool| {
            RuleKind::ALL.map(|kind| {
                let insights = insights.filter(|insights| is_on(kind, *insights, has_range))?;
                Some(tally.rule(place.account, place.region, &rule_name(kind, place, index, insights)))
            })
        };
        let own = of(None, table.definition.contributor_insights, !table.key.range.is_empty());
        let globals = table.indexes.iter().filter(|index| index.kind == IndexKind::Global);
        let indexes = globals
            .map(|index| (index.name.clone(), of(Some(&index.name), index.insights, !index.key.range.is_empty())))
            .collect();
        let rules = Arc::new(TableRules { settings, table: own, indexes });
        self.0.write().insert(table.id(), Arc::clone(&rules));
        rules
    }

    /// Counts what one read or one write consumed.
    pub(crate) fn count(&self, tally: &Tally, minute: u64, table: &Table, charge: &Charge, accessed: &Accessed<'_>) {
        let rules = self.of(tally, table);
        let weight = if charge.access == Access::Write { WRITE_WEIGHT } else { 1.0 };
        let of_kind = |kind| charge.indexes.iter().filter(move |part| part.kind == kind);
        let of_table = charge.table + of_kind(IndexKind::Local).map(|part| part.units).sum::<f64>();
        let count = |rules: &Rules, schema: &KeySchema, item: MapRef<'_>, units: f64| {
            count_item(tally, minute, [&rules[0], &rules[1]], keys(schema, item), units * weight);
        };
        match accessed {
            Accessed::Item(key) => count(&rules.table, &table.key, key.view(), of_table),
            Accessed::Page(None) => {}
            Accessed::Page(Some(page)) => {
                let global = of_kind(IndexKind::Global).next();
                let (rules, units) = match global {
                    Some(part) => (rules.of_index(&part.name), part.units),
                    None => (Some(&rules.table), of_table),
                };
                if let Some([partitions, items, ..]) = rules.filter(|_| page.size > 0.0) {
                    for (rule, keys) in [(partitions, &page.partitions), (items, &page.items)] {
                        let Some(rule) = rule else { continue };
                        tally.add_all(rule, minute, keys, units * weight / page.size);
                    }
                }
            }
        }
        for part in of_kind(IndexKind::Global).filter(|part| !part.entries.is_empty()) {
            let (Some(rules), Some(index)) = (rules.of_index(&part.name), table.index(&part.name)) else { continue };
            part.entries.iter().for_each(|(key, units)| count(rules, &index.key, key.view(), *units));
        }
    }

    /// Counts an access that was refused for want of the table's or the index's throughput.
    pub(crate) fn count_throttled(
        &self,
        tally: &Tally,
        minute: u64,
        table: &Table,
        index: Option<&Index>,
        item: MapRef<'_>,
    ) {
        let rules = self.of(tally, table);
        let (rules, schema) = match index {
            Some(index) => (rules.of_index(&index.name), &index.key),
            None => (Some(&rules.table), &table.key),
        };
        // A Query names a partition, and no item of it.
        let found = keys(schema, item).or_else(|| {
            let partition = KeySchema { hash: schema.hash.clone(), range: Vec::new() };
            keys(&partition, item)
        });
        if let Some([_, _, partitions, items]) = rules {
            count_item(tally, minute, [partitions, items], found, 1.0);
        }
    }

    /// Forgets the rules of tables that do not exist.
    pub(crate) fn retain(&self, exists: impl Fn(u64) -> bool) {
        self.0.write().retain(|table_id, _| exists(*table_id));
    }
}

impl TableRules {
    fn of_index(&self, name: &str) -> Option<&Rules> {
        self.indexes.iter().find(|(own, _)| own == name).map(|(_, rules)| rules)
    }
}

fn count_item(
    tally: &Tally,
    minute: u64,
    [partitions, items]: [&Option<RuleGauge>; 2],
    keys: Option<Keys>,
    weight: f64,
) {
    let Some(keys) = keys else { return };
    for (rule, key) in [(partitions, Some(&keys.partition)), (items, keys.item.as_ref())] {
        if let (Some(rule), Some(key)) = (rule, key) {
            tally.add(rule, minute, key, weight);
        }
    }
}

/// Of the table and of its global indexes, in an order that stays; off where there is none.
fn settings(table: &Table) -> impl Iterator<Item = ContributorInsights> {
    let globals = table.indexes.iter().filter(|index| index.kind == IndexKind::Global);
    let all = std::iter::once(table.definition.contributor_insights).chain(globals.map(|index| index.insights));
    all.map(Option::unwrap_or_default)
}

/// Whether a table or an index with these settings has the rule.
pub(crate) fn is_on(kind: RuleKind, insights: ContributorInsights, has_range: bool) -> bool {
    let is_counted = if kind.is_of_throttles() { insights.is_enabled } else { insights.counts_accesses() };
    is_counted && (has_range || !kind.is_of_items())
}

pub(crate) fn rule_name(
    kind: RuleKind,
    table: Place<'_>,
    index: Option<&str>,
    insights: ContributorInsights,
) -> String {
    kind.rule_name(table.name, index, insights.enabled_ms)
}

#[cfg(test)]
mod tests;
