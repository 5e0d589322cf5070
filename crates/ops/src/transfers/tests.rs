//! Records of transfers: tokens, lists, changes, and their end of life.

use std::sync::Arc;

use base::{Clock, ManualClock};
use storage::Memory;

use super::*;
use crate::service::Settings;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Details {
    note: String,
}

impl TransferDetails for Details {
    const KIND: TransferKind = TransferKind::Export;
    const ARN_PART: &'static str = "export";
}

const ACCOUNT: &str = "000000000000";
const REGION: &str = "us-east-1";
const START_MS: u64 = 1_795_944_000_123;

fn new(at_ms: u64, table: &str, token: Option<&str>) -> Transfer<Details> {
    Transfer::new(NewTransfer {
        id: transfer_id(at_ms),
        account: ACCOUNT,
        region: REGION,
        table_name: table,
        table_uuid: "uuid",
        client_token: token.map(str::to_owned),
        started_ms: at_ms,
        details: Details { note: "new".to_owned() },
    })
}

async fn service() -> (Arc<Service>, ManualClock) {
    let (clock, hand) = Clock::manual(START_MS);
    (Service::open(Memory::new(), Settings::default(), clock).await.unwrap(), hand)
}

async fn list(service: &Service, limit: usize, token: Option<&str>) -> (Vec<String>, Option<String>) {
    let name = |transfer: &Transfer<Details>| Some(transfer.table_name.clone());
    let listed = service.list_transfers((ACCOUNT, REGION), name, limit, token).await.unwrap();
    (listed.shown, listed.next_token)
}

#[test]
fn ids_and_arns() {
    let transfer = new(START_MS, "tab", None);
    assert!(transfer.id.starts_with("01795944000123-") && is_transfer_id(&transfer.id), "{}", transfer.id);
    let arn = transfer.arn();
    assert_eq!(arn, format!("arn:aws:dynamodb:us-east-1:000000000000:table/tab/export/{}", transfer.id));
    assert_eq!(id_of_arn::<Details>(&TableArn::parse(&arn).unwrap()), Some(transfer.id.as_str()));
    for other in ["table/tab", "table/tab/import/01795944000123-0badf00d", "table/tab/export/1-0badf00d"] {
        let arn = format!("arn:aws:dynamodb:us-east-1:000000000000:{other}");
        assert_eq!(id_of_arn::<Details>(&TableArn::parse(&arn).unwrap()), None);
    }
    assert_eq!(transfer.client_token.len(), 36, "a token is made");
}

#[tokio::test]
async fn a_token_begins_one_transfer() {
    let (service, time) = service().await;
    let first = new(START_MS, "tab", Some("token"));
    assert_eq!(service.create_transfer(&first).await, Ok(Ok(())));
    let second = new(START_MS + 1, "other", Some("token"));
    assert_eq!(service.create_transfer(&second).await, Ok(Err(first.clone())));
    assert_eq!(service.transfer_of_token(ACCOUNT, REGION, "token").await, Ok(Some(first.clone())));
    assert_eq!(service.transfer_of_token::<Details>(ACCOUNT, "eu-west-1", "token").await, Ok(None));
    assert_eq!(service.find_transfer::<Details>(ACCOUNT, REGION, &second.id).await, Ok(None));
    // Eight hours later the token is free again, and the record is still there.
    time.advance_ms(TOKEN_MS);
    let third = new(START_MS + TOKEN_MS, "tab", Some("token"));
    assert_eq!(service.create_transfer(&third).await, Ok(Ok(())));
    assert_eq!(service.transfer_of_token(ACCOUNT, REGION, "token").await, Ok(Some(third)));
    assert_eq!(service.find_transfer(ACCOUNT, REGION, &first.id).await, Ok(Some(first)));
}

#[tokio::test]
async fn a_token_of_a_record_that_is_not_there_is_free() {
    let (service, _) = service().await;
    let first = new(START_MS, "tab", Some("token"));
    let (token_key, token) = first.new_rows(&service.secret).unwrap().remove(1);
    let put = |_: &Reads, batch: &mut Batch| {
        batch.put(token_key.clone(), token.clone());
        Ok::<(), Infallible>(())
    };
    let Ok(()) = service.engine.write(Mode::Plain, &[KeyUse::write(token_key.clone())], put).await.unwrap();
    let second = new(START_MS + 1, "tab", Some("token"));
    assert_eq!(service.create_transfer(&second).await, Ok(Ok(())));
}

#[tokio::test]
async fn lists_are_newest_first_and_have_pages() {
    let (service, _) = service().await;
    assert_eq!(list(&service, 10, None).await, (vec![], None));
    for at in 0..5 {
        assert_eq!(service.create_transfer(&new(START_MS + at, &format!("tab{at}"), None)).await, Ok(Ok(())));
    }
    assert_eq!(list(&service, 5, None).await.0, ["tab4", "tab3", "tab2", "tab1", "tab0"]);
    assert_eq!(list(&service, 5, None).await.1, None, "the last page has no token");
    let (page, token) = list(&service, 2, None).await;
    let token = token.unwrap();
    assert_eq!(page, ["tab4", "tab3"]);
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    assert!(token.len() == 112 && token.len().is_multiple_of(16) && token.bytes().all(is_digit), "{token}");
    assert_eq!(list(&service, 10, Some(&token)).await, (vec!["tab2".into(), "tab1".into(), "tab0".into()], None));
    let one = |one: &Transfer<Details>| (one.table_name == "tab1").then_some(());
    assert_eq!(service.list_transfers((ACCOUNT, REGION), one, 1, None).await.unwrap().shown.len(), 1);
    let every = |_: &Transfer<Details>| Some(());
    let others = service.list_transfers((ACCOUNT, "eu-west-1"), every, 10, None).await;
    assert!(others.unwrap().shown.is_empty());
}

#[tokio::test]
async fn a_list_of_large_records_is_read_in_parts_that_take_memory() {
    let (service, _) = service().await;
    for at in 0..80 {
        let mut transfer = new(START_MS + at, &format!("tab{at}"), None);
        transfer.details.note = "n".repeat(REQUEST_SIZE_MAX);
        service.create_transfer(&transfer).await.unwrap().unwrap();
    }
    let first = |one: &Transfer<Details>| (one.table_name == "tab0").then_some(());
    let page = service.list_transfers((ACCOUNT, REGION), first, 10, None).await.unwrap();
    assert!(page.shown.is_empty());
    let page = service.list_transfers((ACCOUNT, REGION), first, 10, page.next_token.as_deref()).await.unwrap();
    assert_eq!((page.shown.len(), page.next_token), (1, None), "the rest is on the next page");
    let budget = allowance::MemoryBudget::new(LIST_MEMORY as u64, std::time::Duration::ZERO);
    let peer: std::net::IpAddr = "192.0.2.1".parse().unwrap();
    let peer = allowance::Peer::of(peer);
    let held = budget.share(peer, LIST_MEMORY).await.unwrap();
    let asked = allowance::Allowance::new(&budget, peer);
    let refused = asked.scope(service.list_transfers((ACCOUNT, REGION), first, 10, None)).await;
    assert_eq!(refused.err(), Some(Exception::throttled()), "there is no memory");
    drop(held);
    assert!(asked.scope(service.list_transfers((ACCOUNT, REGION), first, 10, None)).await.is_ok());
}

#[test]
fn a_large_request_is_refused() {
    assert_eq!(check_request(&"n".repeat(REQUEST_SIZE_MAX - 2)), Ok(()));
    let refused = check_request(&"n".repeat(REQUEST_SIZE_MAX - 1)).unwrap_err().to_string();
    assert!(refused.ends_with("take 131073 bytes, and the most is 131072"), "{refused}");
}

#[tokio::test]
async fn other_texts_are_no_tokens_of_lists() {
    let (service, _) = service().await;
    let token = service.token_of_id::<Details>("01795944000123-0badf00d");
    assert_eq!(service.id_of_token::<Details>(&token).as_deref(), Ok("01795944000123-0badf00d"));
    let forged = token.replacen(&token[40..42], "39", 1);
    for bad in ["", "0", "zz", &"0".repeat(112), &forged, &token[2..], &format!("{token}00"), "äöü"] {
        let refused = service.id_of_token::<Details>(bad).unwrap_err();
        assert_eq!(refused.to_string(), format!("Invalid Request: Provided nextToken is invalid: {bad}"));
    }
}

#[tokio::test]
async fn a_record_is_changed_by_its_work() {
    let (service, time) = service().await;
    let transfer = new(START_MS, "tab", None);
    let key = transfer.key(&service.secret);
    assert_eq!(service.update_transfer::<Details>(key.clone(), |_| {}).await, Ok(None));
    service.create_transfer(&transfer).await.unwrap().unwrap();
    time.advance_ms(5);
    let failure = Failure { code: "S3NoSuchBucket".to_owned(), message: "no bucket".to_owned() };
    let (now_ms, why) = (service.clock.now_ms(), failure.clone());
    let changed = service
        .update_transfer::<Details>(key, |transfer| {
            transfer.details.note = "ended".to_owned();
            transfer.end(now_ms, Some(why.clone()));
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((changed.status, changed.ended_ms), (TransferStatus::Failed, Some(START_MS + 5)));
    assert_eq!(changed.failure, Some(failure));
    assert_eq!(service.find_transfer(ACCOUNT, REGION, &transfer.id).await, Ok(Some(changed)));
}

#[tokio::test]
async fn old_records_and_tokens_are_trimmed() {
    let (service, time) = service().await;
    let (mut ended, running) = (new(START_MS, "ended", Some("a")), new(START_MS, "running", Some("b")));
    ended.end(START_MS + 1000, None);
    for transfer in [&ended, &running] {
        service.create_transfer(transfer).await.unwrap().unwrap();
    }
    let found = async |transfer: &Transfer<Details>| {
        service.find_transfer::<Details>(ACCOUNT, REGION, &transfer.id).await.unwrap().is_some()
    };
    time.advance_ms(RETENTION_MS + 999);
    service.trim_transfers().await.unwrap();
    assert!(found(&ended).await && found(&running).await);
    let tokens = ScanRange::of_prefix(Family::Catalog, rows::transfer_tokens_prefix(), 10, 1000);
    let view = service.engine.view(Consistency::Strong).await.unwrap();
    assert_eq!(view.scan(&tokens).await.unwrap().count(), 0, "expired tokens are deleted");
    time.advance_ms(1);
    service.trim_transfers().await.unwrap();
    assert!(!found(&ended).await && found(&running).await, "what runs stays");
}

#[test]
fn a_newer_format_is_not_read() {
    let row = encode(&new(START_MS, "tab", None)).unwrap();
    assert!(is_record(&row));
    let newer = String::from_utf8(row.to_vec()).unwrap().replacen("\"format\":1", "\"format\":2", 1);
    assert!(!is_record(newer.as_bytes()));
}
