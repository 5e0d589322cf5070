//! Secrets of access keys are shown once and stored nowhere in plain.

use std::ops::Bound;

use identity::AuthKey;
use storage::{Consistency, Engine, Family, Memory, ScanDirection, ScanRange};

use crate::node::{nodes, text_of};

async fn all_rows(engine: &dyn Engine) -> Vec<u8> {
    let view = engine.view(Consistency::Strong).await.unwrap();
    let range = ScanRange {
        family: Family::Catalog,
        lower: Bound::Unbounded,
        upper: Bound::Unbounded,
        direction: ScanDirection::Forward,
        rows_max: usize::MAX,
        bytes_max: usize::MAX,
    };
    let rows = view.scan(&range).await.unwrap().rows;
    rows.iter().flat_map(|row| [&row.key[..], &row.value[..]].concat()).collect()
}

fn has(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[tokio::test]
async fn no_row_no_answer_and_no_debug_output_has_a_secret() {
    let engine = Memory::new();
    let key = AuthKey::random();
    let node = nodes(engine.clone(), &key, 1).await.remove(0);
    node.done("Action=CreateUser&UserName=bob").await;
    let made = node.done("Action=CreateAccessKey&UserName=bob").await;
    let (id, secret) = (text_of(&made, "AccessKeyId").to_owned(), text_of(&made, "SecretAccessKey").to_owned());
    assert_eq!((id.len(), secret.len()), (20, 40));

    let rows = all_rows(&*engine).await;
    assert!(has(&rows, &id) && has(&rows, "bob") && !has(&rows, &secret));

    let mut shown = String::new();
    for form in ["Action=ListAccessKeys&UserName=bob", "Action=GetAccountAuthorizationDetails"] {
        shown += &node.done(form).await;
    }
    shown += &node.ask("Action=CreateAccessKey&UserName=none").await.body;
    shown += &format!("{:?} {key:?}", node.0.snapshot());
    assert!(shown.contains(&id) && !shown.contains(&secret));

    // The auth key decrypts it, and only as this key's.
    let snapshot = node.0.snapshot();
    let (_, access_key) = snapshot.access_key(&id).unwrap();
    assert_eq!(node.0.secret(access_key).as_deref(), Some(&*secret));
    let mut other = identity::entity::AccessKey::clone(access_key);
    other.id = other.id.replace("AKIA", "ASIA");
    assert_eq!(node.0.secret(&other), None);
}
