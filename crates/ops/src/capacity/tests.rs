//! The arithmetic of units, and how they are reported.

use api::ReturnConsumedCapacity;
use tables::fixture::table;

use super::*;
use crate::consumed::Consumed;

#[test]
fn reads_round_up_to_blocks_of_4_kb() {
    let units = |kind: ReadKind| [0, 1, 4096, 4097, 409_600].map(|size| kind.units(size));
    assert_eq!(units(ReadKind::Eventual), [0.5, 0.5, 0.5, 1.0, 50.0]);
    assert_eq!(units(ReadKind::Strong), [1.0, 1.0, 1.0, 2.0, 100.0]);
    assert_eq!(units(ReadKind::Transactional), [2.0, 2.0, 2.0, 4.0, 200.0]);
}

#[test]
fn writes_round_up_to_blocks_of_1_kb() {
    assert_eq!([0, 1, 1024, 1025, 409_600].map(write_units), [1.0, 1.0, 1.0, 2.0, 400.0]);
}

#[test]
fn a_page_of_an_index_is_charged_to_the_index_and_what_it_fetches_to_the_table() {
    let table = table();
    let local = table.index("local").unwrap();
    let page = Charge::of_page(ReadKind::Eventual, Some(local), 5000, 1.5);
    let of_index = IndexCharge { kind: IndexKind::Local, name: "local".to_owned(), units: 1.0, entries: Vec::new() };
    assert_eq!(page, Charge { table: 1.5, indexes: vec![of_index], ..Charge::default() });
    assert_eq!(Charge::of_page(ReadKind::Strong, None, 5000, 0.0), Charge::of_read(ReadKind::Strong, 5000));
}

fn write(indexes: &[(&str, f64)]) -> Charge {
    let table = table();
    let mut charge = Charge::of_write(1500);
    indexes.iter().for_each(|(name, units)| charge.add_index(table.index(name).unwrap(), *units, Vec::new()));
    charge
}

fn capacity(units: f64, read: Option<f64>, write: Option<f64>) -> Capacity {
    Capacity { capacity_units: Some(units), read_capacity_units: read, write_capacity_units: write }
}

#[test]
fn a_transaction_doubles_the_table_alone_and_says_which_units_they_are() {
    let mut consumed = Consumed::new(Some(ReturnConsumedCapacity::Indexes), None);
    consumed.add("t", &write(&[("global", 1.0), ("local", 2.0), ("many", 0.0)]).in_transaction());
    let report = consumed.single().unwrap();
    assert_eq!((report.capacity_units, report.write_capacity_units), (Some(7.0), Some(7.0)));
    assert_eq!(report.table, Some(capacity(4.0, None, Some(4.0))));
    let global = report.global_secondary_indexes.unwrap();
    assert_eq!(global.into_iter().collect::<Vec<_>>(), [("global".to_owned(), capacity(1.0, None, Some(1.0)))]);
    assert_eq!(report.local_secondary_indexes.unwrap()["local"], capacity(2.0, None, Some(2.0)));

    let mut consumed = Consumed::new(Some(ReturnConsumedCapacity::Total), None);
    consumed.add("t", &Charge::of_read(ReadKind::Transactional, 5000));
    let report = consumed.single().unwrap();
    assert_eq!((report.capacity_units, report.read_capacity_units), (Some(4.0), Some(4.0)));
    assert_eq!((report.write_capacity_units, report.table), (None, None));
}

#[test]
fn charges_add_up_by_table_and_index() {
    let mut consumed = Consumed::new(Some(ReturnConsumedCapacity::Indexes), None);
    consumed.name("unread");
    consumed.add("b", &write(&[("global", 1.0)]));
    consumed.add("a", &write(&[]));
    consumed.name("b");
    consumed.add("b", &write(&[("many", 1.0), ("global", 2.0)]));
    let reports = consumed.list().unwrap();
    let totals: Vec<_> = reports.iter().map(|it| (it.table_name.as_deref().unwrap(), it.capacity_units)).collect();
    assert_eq!(totals, [("a", Some(2.0)), ("b", Some(8.0)), ("unread", Some(0.0))]);
    let of_b = reports[1].global_secondary_indexes.as_ref().unwrap();
    assert_eq!((&of_b["global"], &of_b["many"]), (&capacity(3.0, None, None), &capacity(1.0, None, None)));
    assert_eq!(reports[2].table, Some(capacity(0.0, None, None)));
}

#[test]
fn nothing_is_reported_that_was_not_asked_for() {
    for asked in [None, Some(ReturnConsumedCapacity::None)] {
        let mut consumed = Consumed::new(asked, None);
        consumed.name("t");
        consumed.add("t", &write(&[]));
        assert_eq!(consumed.list(), None);
    }
    assert_eq!(Consumed::new(Some(ReturnConsumedCapacity::Total), None).list(), None);
}
