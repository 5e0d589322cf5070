//! The quota of tables.

use super::*;

async fn service(engine: Arc<dyn Engine>, tables_max: usize) -> Arc<Service> {
    let settings =
        Settings { quotas: catalog::Quotas { tables_max, ..catalog::Quotas::default() }, ..Settings::default() };
    Service::open(engine, settings, Clock::system()).await.unwrap()
}

fn exceeded(max: usize) -> Result<(), Exception> {
    let text = format!("Subscriber limit exceeded: There is a limit of {max} tables per subscriber");
    Err(Exception::LimitExceeded(text))
}

async fn create(service: &Service, caller: &Caller, name: &str) -> Result<(), Exception> {
    service.create_table(caller, simple(name)).await.map(drop)
}

fn at(account: &str, region: &str) -> Caller {
    Caller { account: account.to_owned(), region: region.to_owned(), ..caller() }
}

#[tokio::test]
async fn an_account_has_so_many_tables_in_a_region() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = storage::Embedded::open(folder.path(), storage::EmbeddedOptions::default()).unwrap();
    let engines: [Arc<dyn Engine>; 2] = [Memory::new(), embedded];
    for engine in engines {
        let first = service(engine.clone(), 2).await;
        create(&first, &caller(), "one").await.unwrap();
        create(&first, &caller(), "two").await.unwrap();
        assert_eq!(create(&first, &caller(), "three").await, exceeded(2));
        let taken = create(&first, &caller(), "two").await;
        assert_eq!(taken, Err(Exception::ResourceInUse("Table already exists: two".to_owned())));

        let request = DeleteTableInput { table_name: "one".to_owned() };
        first.delete_table(&caller(), request).await.unwrap();
        until_gone(&first, "one").await;
        create(&first, &caller(), "three").await.unwrap();
        drop(first);
        let next = service(engine, 2).await;
        assert_eq!(create(&next, &caller(), "four").await, exceeded(2));
    }
}

#[tokio::test]
async fn accounts_and_regions_have_quotas_of_their_own() {
    let service = service(Memory::new(), 1).await;
    for region in ["a-1", "a-2", "a-3", "a-4"] {
        create(&service, &at("111111111111", region), "one").await.unwrap();
    }
    assert_eq!(create(&service, &at("111111111111", "a-4"), "two").await, exceeded(1));
    assert_eq!(create(&service, &at("111111111111", "a-5"), "one").await, exceeded(4));
    create(&service, &at("222222222222", "a-5"), "one").await.unwrap();
}

#[tokio::test]
async fn without_a_quota_nothing_is_counted() {
    let service = service(Memory::new(), 0).await;
    for at in 0..10 {
        create(&service, &caller(), &format!("table-{at}")).await.unwrap();
    }
}

/// The memory of decoded definitions counts against the limit of an engine in memory, when it grows and when it shrinks.
#[tokio::test]
async fn decoded_definitions_count_as_memory() {
    let engine = Memory::with_limit(1 << 20);
    let service = service(engine.clone(), 0).await;
    create(&service, &caller(), "first").await.unwrap();
    let few = engine.stats().bytes;
    let tags = (0..50).map(|at| Tag { key: Some(format!("{at:0128}")), value: Some("v".repeat(256)) });
    let tags: Vec<Tag> = tags.collect();
    let mut made = 0;
    while made < 100 {
        let request = CreateTableInput { tags: Some(tags.clone()), ..simple(&format!("table-{made}")) };
        if service.create_table(&caller(), request).await.is_err() {
            break;
        }
        made += 1;
    }
    // A row of 21 KB counts as 26 KB, and its definition as 35 KB more.
    assert!((15..=18).contains(&made), "{made}");
    for at in 0..made {
        let table_name = format!("table-{at}");
        service.delete_table(&caller(), DeleteTableInput { table_name: table_name.clone() }).await.unwrap();
        until_gone(&service, &table_name).await;
    }
    assert_eq!(engine.stats().bytes, few);
    drop(service);
    let again = self::service(engine.clone(), 0).await;
    assert_eq!(engine.stats().bytes, few, "after a start");
    drop(again);
}
