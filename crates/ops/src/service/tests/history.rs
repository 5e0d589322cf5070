//! A random history of writes, with every read compared to a model: a map of items, searched by hand.

use proptest::prelude::*;

use super::*;

/// The model's items, by key.
type Items = BTreeMap<(String, i64), Attributes>;

#[derive(Clone, Debug)]
enum Step {
    Put { pk: String, sk: i64, g: Option<String>, x: i64 },
    Delete { pk: String, sk: i64 },
    Update { pk: String, sk: i64, g: Option<String> },
    Transact { pks: BTreeSet<String>, sk: i64, fails: bool },
}

fn any_step() -> impl Strategy<Value = Step> {
    let g = || proptest::option::of("[rb]");
    prop_oneof![
        4 => ("[abc]", -2_i64..3, g(), 0_i64..5).prop_map(|(pk, sk, g, x)| Step::Put { pk, sk, g, x }),
        1 => ("[abc]", -2_i64..3).prop_map(|(pk, sk)| Step::Delete { pk, sk }),
        2 => ("[abc]", -2_i64..3, g()).prop_map(|(pk, sk, g)| Step::Update { pk, sk, g }),
        1 => (proptest::collection::btree_set("[abc]", 1..4), -2_i64..3, any::<bool>())
            .prop_map(|(pks, sk, fails)| Step::Transact { pks, sk, fails }),
    ]
}

fn key_of(pk: &str, sk: i64) -> Attributes {
    item(&[("pk", s(pk)), ("sk", n(&sk.to_string()))])
}

fn built(pk: &str, sk: i64, g: Option<&str>, x: i64) -> Attributes {
    let mut built = key_of(pk, sk);
    if let Some(g) = g {
        built.insert("g".to_owned(), s(g));
    }
    built.insert("x".to_owned(), n(&x.to_string()));
    built
}

async fn run(service: &Service, items: &mut Items, step: Step) {
    match step {
        Step::Put { pk, sk, g, x } => {
            let new = built(&pk, sk, g.as_deref(), x);
            let request =
                PutItemInput { return_values: Some(ReturnValue::AllOld), ..put_request("history", new.clone()) };
            let old = service.put_item(&caller(), request).await.unwrap().attributes;
            assert_eq!(old.map(|old| old.into_attributes()), items.insert((pk, sk), new));
        }
        Step::Delete { pk, sk } => {
            let request = DeleteItemInput {
                table_name: "history".to_owned(),
                key: key_of(&pk, sk),
                return_values: Some(ReturnValue::AllOld),
                ..DeleteItemInput::default()
            };
            let old = service.delete_item(&caller(), request).await.unwrap().attributes;
            assert_eq!(old.map(|old| old.into_attributes()), items.remove(&(pk, sk)));
        }
        Step::Update { pk, sk, g } => {
            let request = UpdateItemInput {
                table_name: "history".to_owned(),
                key: key_of(&pk, sk),
                update_expression: Some(
                    if g.is_some() { "SET g = :g ADD x :one" } else { "REMOVE g ADD x :one" }.to_owned(),
                ),
                expression_attribute_values: Some(match &g {
                    Some(g) => item(&[(":g", s(g)), (":one", n("1"))]),
                    None => item(&[(":one", n("1"))]),
                }),
                ..UpdateItemInput::default()
            };
            service.update_item(&caller(), request).await.unwrap();
            let x = items
                .get(&(pk.clone(), sk))
                .and_then(|old| old.get("x"))
                .map_or(0, |x| x.view().as_number().unwrap().to_i64().unwrap());
            items.insert((pk.clone(), sk), built(&pk, sk, g.as_deref(), x + 1));
        }
        Step::Transact { pks, sk, fails } => {
            let mut actions: Vec<TransactWriteItem> =
                pks.iter().map(|pk| put_action(built(pk, sk, Some("r"), 9))).collect();
            if fails {
                actions.push(impossible());
            }
            let request = TransactWriteItemsInput { transact_items: actions, ..TransactWriteItemsInput::default() };
            assert_eq!(service.transact_write_items(&caller(), request).await.is_err(), fails);
            if !fails {
                items.extend(pks.into_iter().map(|pk| ((pk.clone(), sk), built(&pk, sk, Some("r"), 9))));
            }
        }
    }
}

fn put_action(item: Attributes) -> TransactWriteItem {
    let put = Put { table_name: "history".to_owned(), item, ..Put::default() };
    TransactWriteItem { put: Some(Box::new(put)), ..TransactWriteItem::default() }
}

fn impossible() -> TransactWriteItem {
    let check = ConditionCheck {
        table_name: "history".to_owned(),
        key: key_of("never", 0),
        condition_expression: "attribute_exists(pk)".to_owned(),
        ..ConditionCheck::default()
    };
    TransactWriteItem { condition_check: Some(Box::new(check)), ..TransactWriteItem::default() }
}

/// All pages of a query, in small steps.
async fn all(service: &Service, mut request: QueryInput) -> Vec<Attributes> {
    request.limit = Some(2);
    let mut found = Vec::new();
    loop {
        let page = service.query(&caller(), request.clone()).await.unwrap();
        found.extend(page.items.unwrap().into_iter().map(|item| item.into_attributes()));
        match page.last_evaluated_key {
            Some(last) => request.exclusive_start_key = Some(last),
            None => return found,
        }
    }
}

async fn check(service: &Service, items: &Items) {
    for pk in ["a", "b", "c"] {
        for forward in [true, false] {
            let request = QueryInput { scan_index_forward: Some(forward), ..super::query("history", pk) };
            let mut expected: Vec<Attributes> =
                items.iter().filter(|((own, _), _)| own == pk).map(|(_, item)| item.clone()).collect();
            if !forward {
                expected.reverse();
            }
            assert_eq!(all(service, request).await, expected);
        }
    }
    for g in ["r", "b"] {
        let request = QueryInput {
            table_name: "history".to_owned(),
            index_name: Some("by-g".to_owned()),
            key_condition_expression: Some("g = :g".to_owned()),
            expression_attribute_values: Some(item(&[(":g", s(g))])),
            ..QueryInput::default()
        };
        let mut found = all(service, request).await;
        let mut expected: Vec<Attributes> =
            items.values().filter(|item| item.get("g") == Some(&s(g))).cloned().collect();
        // Items with equal index keys have a fixed order that is not specified; the sort key is the index's.
        assert!(found.is_sorted_by_key(|item| item.get("x").unwrap().view().as_number().unwrap()));
        let by_key = |item: &Attributes| format!("{:?}", (item.get("pk"), item.get("sk")));
        found.sort_by_key(by_key);
        expected.sort_by_key(by_key);
        assert_eq!(found, expected);
    }
    let description = crate::tests::catalog::describe(service, "history").await.unwrap();
    assert_eq!(description.item_count, Some(items.len() as i64));
}

async fn play(steps: Vec<Step>) {
    let service = open(&Memory::new()).await;
    let index = GlobalSecondaryIndex {
        index_name: "by-g".to_owned(),
        key_schema: key(&[("g", KeyType::Hash), ("x", KeyType::Range)]),
        projection: crate::tests::catalog::projection(ProjectionType::All),
        on_demand_throughput: None,
        provisioned_throughput: None,
        warm_throughput: None,
    };
    let request = CreateTableInput {
        attribute_definitions: Some(vec![
            attribute("pk", ScalarAttributeType::S),
            attribute("sk", ScalarAttributeType::N),
            attribute("g", ScalarAttributeType::S),
            attribute("x", ScalarAttributeType::N),
        ]),
        key_schema: Some(key(&[("pk", KeyType::Hash), ("sk", KeyType::Range)])),
        global_secondary_indexes: Some(vec![index]),
        ..simple("history")
    };
    service.create_table(&caller(), request).await.unwrap();
    let mut items = Items::new();
    for step in steps {
        run(&service, &mut items, step).await;
    }
    check(&service, &items).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn reads_see_what_the_writes_left(steps in proptest::collection::vec(any_step(), 0..40)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(steps));
    }
}
