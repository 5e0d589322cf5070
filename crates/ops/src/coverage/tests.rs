//! The matrix of the rule: kind of index, projection, what is returned, what the filter names, keyed or not.

use expr::partiql::Columns;
use expr::{ExpressionKind, Placeholders, Projection as Paths};
use model::DocumentPath;
use tables::fixture::definition;
use tables::{IndexDefinition, KeyNames};

use super::*;

/// Attributes beside the keys `pk`, `sk`, `l`, `g`: `x`, which indexes named `…_x` include, and `y`.
fn table() -> Table {
    let mut definition = definition();
    let (pk, l, g) = (vec!["pk".to_owned()], vec!["l".to_owned()], vec!["g".to_owned()]);
    let index = |id, name: &str, hash: &[String], range: &[String], projection| IndexDefinition {
        id,
        name: name.to_owned(),
        key: KeyNames { hash: hash.to_vec(), range: range.to_vec() },
        projection,
        ..IndexDefinition::default()
    };
    let x = || Projection::Include(vec!["x".to_owned()]);
    definition.local_indexes = vec![
        index(1, "local_keys", &pk, &l, Projection::KeysOnly),
        index(2, "local_x", &pk, &l, x()),
        index(3, "local_all", &pk, &l, Projection::All),
    ];
    definition.global_indexes = vec![
        index(4, "global_keys", &g, &l, Projection::KeysOnly),
        index(5, "global_x", &g, &l, x()),
        index(6, "global_all", &g, &l, Projection::All),
    ];
    Table::new(definition).expect("a table")
}

fn paths(names: &[&str]) -> Vec<DocumentPath> {
    names.iter().map(|name| DocumentPath::top((*name).to_owned())).collect()
}

/// A filter that names these attributes, in this order.
fn filter(names: &[&str]) -> Option<Condition> {
    let text: Vec<String> = names.iter().map(|name| format!("attribute_exists({name})")).collect();
    let mut placeholders = Placeholders::new(None, None).unwrap();
    let text = text.join(" AND ");
    (!names.is_empty()).then(|| Condition::parse(ExpressionKind::Filter, &text, &mut placeholders).unwrap())
}

/// The result of the rule, in short: `rows`, `table`, or the missing names.
fn decided(index: Option<&str>, selection: Selection<'_>, filtered: &[&str], is_keyed: bool) -> String {
    let table = table();
    let filter = filter(filtered);
    let index = index.map(|name| table.index(name).unwrap());
    match coverage(&table, index, IndexRead { selection, filter: filter.as_ref(), is_keyed }) {
        Ok(Source::Rows) => "rows".to_owned(),
        Ok(Source::Table) => "table".to_owned(),
        Err(NotCovered::Filter { index: name, names }) => {
            assert_eq!(Some(&name), index.map(|index| &index.name));
            format!("filter {}", names.join(" "))
        }
        Err(NotCovered::Selection { index: name, names }) => {
            assert_eq!(Some(&name), index.map(|index| &index.name));
            format!("named {}", names.join(" "))
        }
        Err(NotCovered::AllAttributes { .. }) => "all".to_owned(),
    }
}

#[test]
fn the_whole_matrix() {
    let keys = Paths::of(&paths(&["pk", "sk", "l"]));
    let x = Paths::of(&paths(&["pk", "x"]));
    let y = Paths::of(&paths(&["pk", "x", "y"]));
    let column = Columns::new(paths(&["y", "x"]));
    let selections = [
        Selection::Whole,
        Selection::Count,
        Selection::Projection(&keys),
        Selection::Projection(&x),
        Selection::Projection(&y),
        Selection::Columns(&column),
        Selection::Item,
    ];
    // Without a filter on anything else than what the index has, by selection in the order above.
    let covered = [
        ("local_keys", ["rows", "rows", "rows", "table", "table", "table", "table"]),
        ("local_x", ["rows", "rows", "rows", "rows", "table", "table", "table"]),
        ("local_all", ["rows"; 7]),
        ("global_keys", ["rows", "rows", "rows", "named x", "named x y", "named y x", "all"]),
        ("global_x", ["rows", "rows", "rows", "rows", "named y", "named y", "all"]),
        ("global_all", ["rows"; 7]),
    ];
    for (index, expected) in covered {
        let includes_x = index.ends_with("_x");
        let has_all = index.ends_with("_all");
        for (selection, expected) in selections.into_iter().zip(expected) {
            for is_keyed in [true, false] {
                let decide = |filtered: &[&str]| decided(Some(index), selection, filtered, is_keyed);
                let case = format!("{index} {selection:?} keyed: {is_keyed}");
                assert_eq!(decide(&[]), expected, "{case}");
                assert_eq!(decide(&["sk", "pk"]), expected, "{case}, a filter on keys of the table");
                let one = if is_keyed && !includes_x && !has_all { "filter x" } else { expected };
                assert_eq!(decide(&["x", "sk"]), one, "{case}, a filter on x");
                let two = match (is_keyed && !has_all, includes_x) {
                    (false, _) => expected,
                    (true, true) => "filter y",
                    (true, false) => "filter y x",
                };
                assert_eq!(decide(&["y", "l", "x"]), two, "{case}, a filter on y and x");
            }
        }
    }
    for selection in selections {
        for is_keyed in [true, false] {
            assert_eq!(decided(None, selection, &["y"], is_keyed), "rows", "the table itself, {selection:?}");
        }
    }
}

#[test]
fn refusals_are_in_the_words_of_dynamodb() {
    let (index, names) = ("i".to_owned(), vec!["a".to_owned(), "b".to_owned()]);
    let text = |refusal: NotCovered| Exception::from(refusal).to_string();
    assert_eq!(
        text(NotCovered::Filter { index: index.clone(), names: names.clone() }),
        "One or more parameter values were invalid: Secondary index i does not project one or more filter attributes: [a, b]"
    );
    assert_eq!(
        text(NotCovered::Selection { index: index.clone(), names }),
        "One or more parameter values were invalid: Global secondary index i does not project [a, b]"
    );
    assert_eq!(
        text(NotCovered::AllAttributes { index }),
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index \
         i because its projection type is not ALL"
    );
}
