//! Proof: a database with damaged rows about itself is refused with a sentence, or opened and read without a panic:
//! settings, definitions of tables, counters, tokens.

use std::sync::LazyLock;

use api::Operation;
use serde_json::json;
use storage::{Family, Row};

use crate::chance::{Chance, seed, setting};
use crate::json::Json;
use crate::mutation::{mutate_bytes, mutate_tree};
use crate::test_service::TestService;

const SHORT_CHAPTERS: u64 = 4;
const CASES: u64 = 50;

#[test]
fn damaged_catalogs() {
    let chapters = setting("STATOR_PROOF_FUZZ", SHORT_CHAPTERS);
    let mut chance = Chance::new(seed());
    let (mut opened, mut refused) = (0, 0);
    for _ in 0..chapters * CASES {
        let mut rows = WHOLE.clone();
        let catalog: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].0 == Family::Catalog).collect();
        let row = &mut rows[*chance.pick(&catalog)].1;
        damage(&mut chance, row);
        match TestService::open(rows) {
            Ok(service) => {
                opened += 1;
                read_tables(&service);
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(opened > 0 && refused > 0, "{opened} opened, {refused} refused");
}

/// The rows of a service that has items and has seen a token.
static WHOLE: LazyLock<Vec<(Family, Row)>> = LazyLock::new(|| {
    let mut service = TestService::new();
    let put = json!({"Put": {"TableName": "music", "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}, "l": {"S": "b"}}}});
    let request = json!({"ClientRequestToken": "one", "TransactItems": [put]});
    assert_eq!(service.call(Operation::TransactWriteItems, request.to_string().as_bytes()).status, 200);
    service.look();
    service.rows().to_vec()
});

/// Settings and definitions are JSON: mostly they are still so afterwards.
fn damage(chance: &mut Chance, row: &mut Row) {
    let mut bytes = row.value.to_vec();
    match serde_json::from_slice::<serde_json::Value>(&bytes) {
        Ok(value) if !chance.one_in(4) => {
            let mut tree = Json::from(&value);
            mutate_tree(chance, &mut tree);
            bytes = tree.write();
        }
        _ => mutate_bytes(chance, &mut bytes),
    }
    row.value = bytes.into();
}

fn read_tables(service: &TestService) {
    service.call(Operation::ListTables, b"{}");
    for table in ["music", "plain", "bytes", "numbers"] {
        let request = json!({"TableName": table}).to_string();
        service.call(Operation::DescribeTable, request.as_bytes());
        service.call(Operation::Scan, request.as_bytes());
    }
}
