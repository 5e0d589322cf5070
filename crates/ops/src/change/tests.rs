//! Changes without an engine: a map of rows takes the batches, and every index is compared with what it should be.

use std::collections::BTreeMap;

use expr::{Condition, ExpressionKind, Placeholders, Update};
use model::codec::row::{self, Stored};
use storage::Family;
use tables::fixture::{SECRET, item, n, s, table};

use super::*;

/// Rows and counters, as an engine would store them.
#[derive(Default)]
struct Store {
    rows: BTreeMap<Key, Bytes>,
    tallies: BTreeMap<Key, [i64; 2]>,
}

impl Store {
    fn run(&mut self, change: &Change) -> Result<Applied, Refusal> {
        let mut batch = Batch::default();
        let applied =
            change.apply(&SECRET, base::Clock::system().now_ms(), self.rows.get(&change.key.row), &mut batch)?;
        for (key, value) in batch.writes {
            match value {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
        for tally in batch.tallies {
            let counters = self.tallies.entry(tally.key).or_default();
            counters[0] += tally.deltas[0];
            counters[1] += tally.deltas[1];
        }
        Ok(applied)
    }

    /// Every index has exactly the entries of the items, and every counter the right value.
    fn check(&self, table: &Table) {
        let mut expected = BTreeMap::new();
        let mut tallies: BTreeMap<Key, [i64; 2]> = BTreeMap::new();
        let mut count = |key: Key, bytes: usize| {
            let counters = tallies.entry(key).or_default();
            counters[0] += 1;
            counters[1] += bytes as i64;
        };
        for (_, row) in self.rows.iter().filter(|(key, _)| key.family == Family::Items) {
            let stored = Stored::read(row.clone()).unwrap().into_item().unwrap();
            let key = ItemKey::of(&SECRET, table, stored.attributes()).unwrap();
            count(rows::table_tally(table.id()), stored.size());
            let entries = table.indexes.iter().filter_map(|index| {
                let entry_key = rows::index_row(&SECRET, table, index, stored.attributes(), &key)?;
                let entry = row::project(0, stored.attributes(), |name| index.projects(table, name));
                Some((index.id, (entry_key, entry)))
            });
            for (id, (key, entry)) in entries {
                count(rows::index_tally(table.id(), id), entry.size());
                expected.insert(key, entry.into_bytes());
            }
        }
        let indexed: BTreeMap<Key, Bytes> = self
            .rows
            .iter()
            .filter(|(key, _)| key.family == Family::Index)
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        assert_eq!(indexed, expected);
        for (key, counters) in tallies {
            assert_eq!(self.tallies.get(&key), Some(&counters), "{key:?}");
        }
    }
}

fn put(attributes: &[(&str, AttributeValue)]) -> Change {
    Change::put(&SECRET, table(), item(attributes), None).unwrap()
}

fn on_key(action: Action) -> Change {
    let key = item(&[("pk", s("a")), ("sk", n("1"))]);
    Change::of_key(&SECRET, table(), key, None, action).unwrap()
}

fn update(text: &str, values: &[(&str, AttributeValue)]) -> Change {
    let values = (!values.is_empty()).then(|| item(values));
    on_key(Action::Update(Update::parse(text, &mut Placeholders::new(None, values).unwrap()).unwrap()))
}

fn units(applied: &Applied, index: &str) -> f64 {
    applied.charge.indexes.iter().filter(|part| part.name == index).map(|part| part.units).sum()
}

use model::AttributeValue;

#[test]
fn index_rows_come_move_and_go_with_their_item() {
    let table = table();
    let mut store = Store::default();
    let base = [("pk", s("a")), ("sk", n("1"))];
    let with = |more: &[(&'static str, AttributeValue)]| [&base[..], more].concat();

    let applied = store.run(&put(&base)).unwrap();
    assert_eq!((applied.charge.table, applied.charge.indexes.len()), (1.0, 0));
    store.check(&table);

    // Enters two of the three indexes; the third needs `h` as well.
    let applied = store.run(&put(&with(&[("l", s("x")), ("g", s("red"))]))).unwrap();
    assert_eq!([units(&applied, "local"), units(&applied, "global"), units(&applied, "many")], [1.0, 1.0, 0.0]);
    store.check(&table);

    // An attribute that no row holds changes none of them.
    let applied = store.run(&update("SET note = :o", &[(":o", s("o"))])).unwrap();
    assert_eq!(applied.charge.indexes.len(), 0);
    store.check(&table);

    // A new value under the same index key, and a move to another one.
    let applied = store.run(&update("SET x = :x", &[(":x", s("projected"))])).unwrap();
    assert_eq!([units(&applied, "local"), units(&applied, "global")], [0.0, 1.0]);
    let applied = store.run(&update("SET g = :g, h = :h", &[(":g", s("blue")), (":h", n("2"))])).unwrap();
    assert_eq!([units(&applied, "global"), units(&applied, "many")], [2.0, 1.0]);
    store.check(&table);

    let applied = store.run(&update("REMOVE g", &[])).unwrap();
    assert_eq!([units(&applied, "global"), units(&applied, "many")], [1.0, 1.0]);
    store.check(&table);

    let applied = store.run(&on_key(Action::Delete)).unwrap();
    assert!(applied.new.is_none() && store.rows.is_empty());
    assert!(store.tallies.values().all(|counters| *counters == [0, 0]), "{:?}", store.tallies);
}

#[test]
fn deleting_nothing_costs_one_unit_and_writes_nothing() {
    let mut store = Store::default();
    let applied = store.run(&on_key(Action::Delete)).unwrap();
    assert_eq!(applied.charge, Charge::of_write(0));
    assert!(store.rows.is_empty() && store.tallies.is_empty());
}

#[test]
fn a_write_is_charged_for_the_larger_image() {
    let mut store = Store::default();
    let large = put(&[("pk", s("a")), ("sk", n("1")), ("v", s(&"x".repeat(3000)))]);
    assert_eq!(store.run(&large).unwrap().charge.table, 3.0);
    assert_eq!(store.run(&put(&[("pk", s("a")), ("sk", n("1"))])).unwrap().charge.table, 3.0);
    assert_eq!(store.run(&put(&[("pk", s("a")), ("sk", n("1"))])).unwrap().charge.table, 1.0);
}

#[test]
fn a_condition_sees_the_stored_item_or_nothing() {
    let condition = |text: &str| {
        Condition::parse(ExpressionKind::Condition, text, &mut Placeholders::new(None, None).unwrap()).unwrap()
    };
    let mut store = Store::default();
    let attempt = |store: &mut Store, text: &str| {
        let change =
            Change::put(&SECRET, table(), item(&[("pk", s("a")), ("sk", n("1"))]), Some(condition(text))).unwrap();
        store.run(&change)
    };
    assert!(matches!(attempt(&mut store, "attribute_exists(pk)"), Err(Refusal::ConditionFailed { old: None })));
    assert!(attempt(&mut store, "attribute_not_exists(pk)").is_ok());
    assert!(matches!(attempt(&mut store, "attribute_not_exists(pk)"), Err(Refusal::ConditionFailed { old: Some(_) })));
}

#[test]
fn versions_grow_with_every_write_of_an_item() {
    let mut store = Store::default();
    for version in 1..4 {
        assert_eq!(store.run(&put(&[("pk", s("a")), ("sk", n("1"))])).unwrap().new.unwrap().version(), version);
    }
}

#[test]
fn what_does_not_fit_the_table_is_refused() {
    let check = |attributes: &[(&str, AttributeValue)], text: &str| {
        let problem = Change::put(&SECRET, table(), item(attributes), None).unwrap_err();
        assert_eq!(problem.to_string(), text);
    };
    let invalid = |text: &str| format!("One or more parameter values were invalid: {text}");
    check(&[("pk", s("a"))], &invalid("Missing the key sk in the item"));
    check(&[("pk", n("1")), ("sk", n("1"))], &invalid("Type mismatch for key pk expected: S actual: N"));
    check(
        &[("pk", s("a")), ("sk", n("1")), ("g", n("1"))],
        &invalid("Type mismatch for Index Key g Expected: S Actual: N IndexName: global"),
    );
}

#[test]
fn an_item_of_400_kb_is_the_largest() {
    let check = |size: usize| {
        let text = "x".repeat(size - "pk".len() - 1 - "v".len());
        item_key::check_item_size(&item(&[("pk", s("a")), ("v", s(&text))])).map_err(|problem| problem.to_string())
    };
    assert_eq!(check(ITEM_SIZE_MAX), Ok(()));
    assert_eq!(check(ITEM_SIZE_MAX + 1), Err("Item size has exceeded the maximum allowed size".to_owned()));
}

#[test]
fn an_update_may_not_leave_more_than_an_item_holds() {
    let mut store = Store::default();
    let key_size = "pk".len() + "a".len() + "sk".len() + 2;
    let leaves = |size: usize| update("SET v = :v", &[(":v", s(&"x".repeat(size - key_size - "v".len())))]);
    let refusal = store.run(&leaves(ITEM_SIZE_MAX + 1)).unwrap_err();
    assert!(
        matches!(refusal, Refusal::Invalid(text) if text == "Item size to update has exceeded the maximum allowed size")
    );
    assert!(store.rows.is_empty());
    let made = store.run(&leaves(ITEM_SIZE_MAX)).unwrap().new.unwrap();
    assert_eq!(made.size(), ITEM_SIZE_MAX);
}

#[test]
fn a_statement_is_no_larger_than_an_item() {
    let check = |legacy: bool, size: usize| {
        let value = s(&"x".repeat(size - 3 - 19 - "v".len()));
        let set = vec![(model::DocumentPath::top("v"), expr::UpdateValue::Value(value.into()))];
        item_key::check_statement_size(&Update { set, legacy, ..Update::default() })
    };
    assert_eq!(check(false, ITEM_SIZE_MAX), Ok(()));
    assert_eq!(check(false, ITEM_SIZE_MAX + 1), Err(KeyProblem::UpdatedItemTooLarge));
    assert_eq!(check(true, ITEM_SIZE_MAX + 1), Ok(()));
}

#[test]
fn an_update_that_only_takes_away_needs_no_item() {
    for text in ["REMOVE x.y", "REMOVE x[0], z.a[1].b", "DELETE x.y :v", "REMOVE x.y DELETE x.z :v"] {
        let mut store = Store::default();
        let applied = store.run(&update(text, &[(":v", AttributeValue::SS(vec!["a".into()]))])).unwrap();
        assert!(applied.new.is_none() && store.rows.is_empty(), "{text}");
    }
    let refusal = Store::default().run(&update("REMOVE x.y SET z = :v", &[(":v", n("1"))])).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid(_)));
}
