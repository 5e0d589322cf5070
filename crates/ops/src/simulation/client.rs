//! A client: one random step after the other on the items of its own partition, every answer compared with the model, and
//! sometimes a transfer between accounts that all clients share.

use api::*;
use base::Clock;
use model::{AttributeValue, Attributes, Item};
use tables::fixture::{item, n, s};

use super::chance::Chance;
use super::model::{Change, Items, State};
use super::{ACCOUNTS, BANK, History, TABLE};
use crate::service::Service;
use crate::tests::catalog::caller;

/// Sort keys of a client's items.
const KEYS: u64 = 5;

pub(super) struct Client {
    id: usize,
    chance: Chance,
    pub(super) items: Items,
    steps: usize,
    /// The changes of a write in flight: a crash leaves its outcome open.
    under_way: Vec<(i64, Change)>,
    history: History,
}

/// What an operation that failed has done.
enum Failure {
    Nothing,
    Perhaps,
}

impl Client {
    pub(super) fn new(id: usize, chance: Chance, history: History) -> Client {
        Client { id, chance, items: Items::default(), steps: 0, under_way: Vec::new(), history }
    }

    pub(super) fn partition(&self) -> String {
        format!("client {}", self.id)
    }

    /// Works until it has made `steps` steps.
    pub(super) async fn work(&mut self, service: &Service, clock: &Clock, steps: usize) {
        self.recover(clock);
        while self.steps < steps {
            self.steps += 1;
            self.step(service, clock).await;
        }
    }

    /// A write that was in flight when the process crashed was made, or it was not.
    pub(super) fn recover(&mut self, clock: &Clock) {
        self.items.expire(clock.now_ms() / 1000);
        let left = std::mem::take(&mut self.under_way);
        self.items.perhaps_made(&left);
    }

    fn note(&self, what: String) {
        self.history.note(format!("{} {} {what}", self.id, self.steps));
    }

    fn key(&self, sk: i64) -> Attributes {
        item(&[("pk", s(&self.partition())), ("sk", n(&sk.to_string()))])
    }

    fn random_item(&mut self, sk: i64, clock: &Clock) -> Attributes {
        let mut made = self.key(sk);
        made.insert("v".to_owned(), s(&format!("{}/{}", self.id, self.steps)));
        made.insert("n".to_owned(), n(&self.chance.below(9).to_string()));
        if self.chance.happens(600) {
            made.insert("g".to_owned(), s(["red", "blue", "green"][self.chance.below(3) as usize]));
        }
        if self.chance.happens(250) {
            let ttl = clock.now_ms() / 1000 + self.chance.below(900);
            made.insert("ttl".to_owned(), n(&ttl.to_string()));
        }
        made
    }

    fn random_change(&mut self, sk: i64, clock: &Clock) -> Change {
        match self.chance.below(3) {
            0 => Change::Put(self.random_item(sk, clock)),
            1 => Change::Count { key: self.key(sk), v: format!("{}/{}", self.id, self.steps) },
            _ => Change::Delete,
        }
    }

    async fn step(&mut self, service: &Service, clock: &Clock) {
        let sk = self.chance.below(KEYS) as i64;
        match self.chance.below(10) {
            0..4 => self.write_one(service, clock, sk).await,
            4 => self.put_if_absent(service, clock, sk).await,
            5 => self.write_together(service, clock).await,
            6 => self.transfer(service).await,
            7 => self.get(service, clock, sk).await,
            _ => self.query(service, clock).await,
        }
    }

    async fn write_one(&mut self, service: &Service, clock: &Clock, sk: i64) {
        let change = self.random_change(sk, clock);
        self.under_way = vec![(sk, change.clone())];
        let table_name = TABLE.to_owned();
        let old_image = Some(ReturnValue::AllOld);
        let answer = match change.clone() {
            Change::Put(item) => {
                let request = PutItemInput { table_name, item, return_values: old_image, ..PutItemInput::default() };
                service.put_item(&caller(), request).await.map(|answer| answer.attributes)
            }
            Change::Delete => {
                let key = self.key(sk);
                let request =
                    DeleteItemInput { table_name, key, return_values: old_image, ..DeleteItemInput::default() };
                service.delete_item(&caller(), request).await.map(|answer| answer.attributes)
            }
            Change::Count { key, v } => {
                let values = item(&[(":one", n("1")), (":v", s(&v))]);
                let request = UpdateItemInput {
                    table_name,
                    key,
                    update_expression: Some("SET v = :v ADD n :one".to_owned()),
                    expression_attribute_values: Some(values),
                    return_values: old_image,
                    ..UpdateItemInput::default()
                };
                service.update_item(&caller(), request).await.map(|answer| answer.attributes)
            }
        };
        self.end(clock);
        match answer {
            Ok(old) => {
                let old: State = old.map(Item::into_attributes);
                self.note(format!("{sk} {change:?} was {old:?}"));
                self.items.see(sk, old, "the old image");
                self.items.made(sk, &change);
            }
            Err(error) => self.failed(&error, &[(sk, change)]),
        }
    }

    async fn put_if_absent(&mut self, service: &Service, clock: &Clock, sk: i64) {
        let change = Change::Put(self.random_item(sk, clock));
        let Change::Put(item) = change.clone() else { return };
        self.under_way = vec![(sk, change.clone())];
        let request = PutItemInput {
            table_name: TABLE.to_owned(),
            item,
            condition_expression: Some("attribute_not_exists(pk)".to_owned()),
            ..PutItemInput::default()
        };
        let answer = service.put_item(&caller(), request).await;
        self.end(clock);
        match answer {
            Ok(_) => {
                self.note(format!("{sk} absent, put"));
                self.items.see(sk, None, "a condition");
                self.items.made(sk, &change);
            }
            Err(Exception::ConditionalCheckFailed { .. }) => {
                self.note(format!("{sk} present"));
                assert_ne!(self.items.only(sk), Some(&None), "a condition on an absent item failed");
            }
            Err(error) => self.failed(&error, &[(sk, change)]),
        }
    }

    async fn write_together(&mut self, service: &Service, clock: &Clock) {
        let count = 2 + self.chance.below(KEYS - 1) as i64;
        let changes: Vec<(i64, Change)> = (0..count).map(|sk| (sk, self.random_change(sk, clock))).collect();
        self.under_way = changes.clone();
        let transact_items = changes.iter().map(|(sk, change)| self.action(*sk, change)).collect();
        let request = TransactWriteItemsInput { transact_items, ..TransactWriteItemsInput::default() };
        let answer = service.transact_write_items(&caller(), request).await;
        self.end(clock);
        match answer {
            Ok(_) => {
                self.note(format!("together {changes:?}"));
                changes.iter().for_each(|(sk, change)| self.items.made(*sk, change));
            }
            Err(error) => self.failed(&error, &changes),
        }
    }

    fn action(&self, sk: i64, change: &Change) -> TransactWriteItem {
        let (table_name, key) = (TABLE.to_owned(), self.key(sk));
        match change.clone() {
            Change::Put(item) => {
                let put = Put { table_name, item, ..Put::default() };
                TransactWriteItem { put: Some(Box::new(put)), ..TransactWriteItem::default() }
            }
            Change::Delete => {
                let delete = Delete { table_name, key, ..Delete::default() };
                TransactWriteItem { delete: Some(Box::new(delete)), ..TransactWriteItem::default() }
            }
            Change::Count { v, .. } => {
                update(table_name, key, "SET v = :v ADD n :one", &[(":v", s(&v)), (":one", n("1"))])
            }
        }
    }

    /// Moves an amount from one account to another. Their sum never changes, also if the answer is lost.
    async fn transfer(&mut self, service: &Service) {
        let from = self.chance.below(ACCOUNTS);
        let to = (from + 1 + self.chance.below(ACCOUNTS - 1)) % ACCOUNTS;
        let amount = self.chance.below(50).to_string();
        let add = |account: u64, amount: String| {
            update(BANK.to_owned(), account_key(account), "ADD amount :a", &[(":a", n(&amount))])
        };
        let transact_items = vec![add(from, format!("-{amount}")), add(to, amount.clone())];
        let request = TransactWriteItemsInput { transact_items, ..TransactWriteItemsInput::default() };
        let answer = service.transact_write_items(&caller(), request).await;
        self.note(format!("{amount} from {from} to {to}: {}", answer.is_ok()));
        let get = |account| TransactGetItem {
            get: Get { table_name: BANK.to_owned(), key: account_key(account), ..Get::default() },
        };
        let request = TransactGetItemsInput { transact_items: (0..ACCOUNTS).map(get).collect(), ..Default::default() };
        if let Ok(answer) = service.transact_get_items(&caller(), request).await {
            let amount = |found: ItemResponse| {
                found.item.map_or(0, |item| super::model::number(&item.into_attributes(), "amount"))
            };
            let sum: i64 = answer.responses.unwrap_or_default().into_iter().map(amount).sum();
            assert_eq!(sum, 0, "a transaction was seen in part");
        }
    }

    async fn get(&mut self, service: &Service, clock: &Clock, sk: i64) {
        let (table_name, key) = (TABLE.to_owned(), self.key(sk));
        let request = GetItemInput { table_name, key, consistent_read: Some(true), ..GetItemInput::default() };
        let Ok(answer) = service.get_item(&caller(), request).await else { return };
        self.end(clock);
        let found = answer.item.map(Item::into_attributes);
        self.note(format!("{sk} is {found:?}"));
        self.items.see(sk, found, "a get");
    }

    pub(super) async fn query(&mut self, service: &Service, clock: &Clock) {
        let request = QueryInput {
            table_name: TABLE.to_owned(),
            key_condition_expression: Some("pk = :p".to_owned()),
            expression_attribute_values: Some(item(&[(":p", s(&self.partition()))])),
            consistent_read: Some(true),
            ..QueryInput::default()
        };
        let Ok(answer) = service.query(&caller(), request).await else { return };
        self.end(clock);
        self.note(format!("has {:?}", answer.count));
        self.items.see_all(answer.items.unwrap_or_default(), "a query");
    }

    /// An answer has come.
    fn end(&mut self, clock: &Clock) {
        self.under_way.clear();
        self.items.expire(clock.now_ms() / 1000);
    }

    fn failed(&mut self, error: &Exception, changes: &[(i64, Change)]) {
        self.note(format!("failed: {error}"));
        match failure(error) {
            Failure::Nothing => {}
            Failure::Perhaps => self.items.perhaps_made(changes),
        }
    }
}

fn failure(error: &Exception) -> Failure {
    match error {
        Exception::TransactionConflict | Exception::TransactionCanceled { .. } => Failure::Nothing,
        Exception::InternalServerError(_) => Failure::Perhaps,
        other => panic!("a client's write is refused: {other}"),
    }
}

fn update(
    table_name: String,
    key: Attributes,
    expression: &str,
    values: &[(&str, AttributeValue)],
) -> TransactWriteItem {
    let update = Update {
        table_name,
        key,
        update_expression: expression.to_owned(),
        expression_attribute_values: Some(item(values)),
        ..Update::default()
    };
    TransactWriteItem { update: Some(Box::new(update)), ..TransactWriteItem::default() }
}

pub(super) fn account_key(account: u64) -> Attributes {
    item(&[("pk", s(&format!("account {account}")))])
}
