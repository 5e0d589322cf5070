//! The coverage of the API: which operations are not built yet.

use super::*;

/// In the order of [`Operation::ALL`]. An operation that gets its row above is taken out here.
const NOT_BUILT: &[&str] = &["SearchVectors"];

#[test]
fn operations_not_built_are_known() {
    let missing = Operation::ALL.iter().filter(|operation| !BUILT.contains(operation));
    assert_eq!(missing.map(|operation| operation.name()).collect::<Vec<_>>(), NOT_BUILT);
}

#[test]
fn no_operation_has_two_rows() {
    let mut rows = BUILT.to_vec();
    rows.sort();
    rows.dedup();
    assert_eq!(rows.len(), BUILT.len());
}
