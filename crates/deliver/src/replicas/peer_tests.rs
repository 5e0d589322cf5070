//! Global tables of two processes, over a way between them that loses, repeats, delays and reorders what is sent: replicas end
//! equal. Faults that would break that (a wrong tie-break, a dropped deletion, a lost cursor) are found by the same test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use api::*;
use auth::{Caller, SHARED_ACCOUNT};
use base::Clock;
use bytes::Bytes;
use model::{AttributeValue, Attributes};
use ops::peers::{Ask, Message, PeerAnswer, PeerError, PeerRequest, Peers};
use ops::{Service, call};
use storage::{BoxFuture, Memory};

use crate::{Deliveries, Settings};

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// A fault that replication must not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    None,
    /// Stamps change on their way, so that ties are decided differently in both regions.
    WrongTieBreak,
    /// Deletions are taken, and not applied.
    DroppedDeletion,
    /// A batch is taken, and not applied.
    LostCursor,
}

/// The way to the other process.
#[derive(Debug)]
struct Way {
    regions: Vec<String>,
    other: OnceLock<Weak<Service>>,
    seed: AtomicU64,
    is_bad: AtomicBool,
    fault: Fault,
    own: &'static str,
    /// A message of before, which arrives again.
    stale: parking_lot::Mutex<Vec<Message>>,
}

impl Way {
    fn new(own: &'static str, other: &str, seed: u64, fault: Fault) -> Arc<Way> {
        Arc::new(Way {
            regions: vec![other.to_owned()],
            other: OnceLock::new(),
            seed: AtomicU64::new(seed | 1),
            is_bad: AtomicBool::new(true),
            fault,
            own,
            stale: parking_lot::Mutex::default(),
        })
    }

    /// xorshift: a run is repeated by its seed, as far as the scheduler does.
    fn draw(&self, below: u64) -> u64 {
        let mut x = self.seed.load(Ordering::Relaxed);
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.seed.store(x, Ordering::Relaxed);
        x % below
    }

    async fn deliver(&self, message: &Message) -> Result<Message, PeerError> {
        let other = self.other.get().and_then(Weak::upgrade);
        let other = other.ok_or_else(|| PeerError::Unreachable("it is gone".to_owned()))?;
        // Its own region is what a sender is known by.
        other.answer_peer(message, |region| region == self.own).await.map_err(PeerError::Refused)
    }

    async fn send(&self, message: Message) -> Result<Message, PeerError> {
        let lost = || Err(PeerError::Unreachable("it is lost".to_owned()));
        let (request, rows) = message.read::<PeerRequest>().unwrap();
        let is_batch = request.ask == Ask::Replicate;
        let message = match self.fault {
            Fault::WrongTieBreak if is_batch && self.own == REGIONS[0] => {
                changed(&request, &rows, |row| row.wall_ms += 1)
            }
            Fault::DroppedDeletion if is_batch => changed(&request, &rows, |row| row.is_kept = !row.is_deletion),
            Fault::LostCursor if is_batch && self.draw(3) == 0 => {
                let count = rows_of(&rows).len();
                return Ok(Message::new(&PeerAnswer::Replicated { count }, &[]).unwrap());
            }
            _ => message,
        };
        if !self.is_bad.load(Ordering::Relaxed) {
            return self.deliver(&message).await.map(|answer| counted(&answer, is_batch, &rows));
        }
        tokio::time::sleep(Duration::from_millis(self.draw(4))).await;
        if is_batch {
            self.stale.lock().push(message.clone());
            // An old batch, in whatever order.
            let stale = {
                let stale = self.stale.lock();
                stale[self.draw(stale.len() as u64) as usize].clone()
            };
            let _ = self.deliver(&stale).await;
        }
        match self.draw(8) {
            0 => lost(),
            1 => {
                // It arrives, and its answer does not.
                let _ = self.deliver(&message).await;
                lost()
            }
            2 => {
                let _ = self.deliver(&message).await;
                self.deliver(&message).await.map(|answer| counted(&answer, is_batch, &rows))
            }
            _ => self.deliver(&message).await.map(|answer| counted(&answer, is_batch, &rows)),
        }
    }
}

/// As the sender expects the answer, which counts what it has sent.
fn counted(answer: &Message, is_batch: bool, rows: &Bytes) -> Message {
    match answer.read::<PeerAnswer>().unwrap().0 {
        PeerAnswer::Replicated { .. } if is_batch => {
            Message::new(&PeerAnswer::Replicated { count: rows_of(rows).len() }, &[]).unwrap()
        }
        _ => answer.clone(),
    }
}

impl Peers for Way {
    fn regions(&self) -> &[String] {
        &self.regions
    }

    fn call<'a>(&'a self, _: &'a str, message: Message) -> BoxFuture<'a, Result<Message, PeerError>> {
        Box::pin(self.send(message))
    }
}

/// A row of a batch, in the form that `ops::replication::shipment` has.
struct Row {
    is_deletion: bool,
    is_kept: bool,
    created: [u8; 8],
    wall_ms: u64,
    rest: Vec<u8>,
}

fn rows_of(bytes: &Bytes) -> Vec<Row> {
    let (mut rows, mut left) = (Vec::new(), &bytes[..]);
    while !left.is_empty() {
        let number = |at: usize| u64::from_be_bytes(left[at..at + 8].try_into().unwrap());
        let name = usize::from(left[21]);
        let size_at = 22 + name;
        let size = u32::from_be_bytes(left[size_at..size_at + 4].try_into().unwrap()) as usize;
        let end = size_at + 4 + size;
        rows.push(Row {
            is_deletion: left[0] == 1,
            is_kept: true,
            created: left[1..9].try_into().unwrap(),
            wall_ms: number(9),
            rest: left[17..end].to_vec(),
        });
        left = &left[end..];
    }
    rows
}

fn changed(request: &PeerRequest, rows: &Bytes, change: impl Fn(&mut Row)) -> Message {
    let mut out = Vec::new();
    for mut row in rows_of(rows) {
        change(&mut row);
        if row.is_kept {
            out.push(u8::from(row.is_deletion));
            out.extend_from_slice(&row.created);
            out.extend_from_slice(&row.wall_ms.to_be_bytes());
            out.extend_from_slice(&row.rest);
        }
    }
    Message::new(request, &out).unwrap()
}

struct Side {
    region: &'static str,
    service: Arc<Service>,
    way: Arc<Way>,
    _deliveries: Deliveries,
}

impl Side {
    async fn open(region: &'static str, other: &str, clock: &Clock, seed: u64, fault: Fault) -> Side {
        let way = Way::new(region, other, seed, fault);
        let settings = ops::Settings {
            region: region.to_owned(),
            regions: vec![region.to_owned()],
            peers: Some(Arc::<Way>::clone(&way)),
            ..ops::Settings::default()
        };
        let service = Service::open(Memory::new(), settings, clock.clone()).await.unwrap();
        let deliveries = Deliveries::start(&service, Settings::default());
        Side { region, service, way, _deliveries: deliveries }
    }

    fn caller(&self) -> Caller {
        let (account, region) = (SHARED_ACCOUNT.to_owned(), self.region.to_owned());
        Caller { account, region, access_key: "test".to_owned(), identity: None, served: None }
    }

    async fn create(&self) {
        let (name, of_type) = ("pk".to_owned(), ScalarAttributeType::S);
        let request = CreateTableInput {
            table_name: "tab".to_owned(),
            attribute_definitions: Some(vec![AttributeDefinition {
                attribute_name: name.clone(),
                attribute_type: of_type,
            }]),
            key_schema: Some(vec![KeySchemaElement { attribute_name: name, key_type: KeyType::Hash }]),
            billing_mode: Some(BillingMode::PayPerRequest),
            ..CreateTableInput::default()
        };
        self.service.execute::<call::CreateTable>(&self.caller(), request).await.unwrap();
    }

    async fn update(&self, update: ReplicationGroupUpdate) -> Result<(), Exception> {
        let (table_name, replica_updates) = ("tab".to_owned(), Some(vec![update]));
        let request = UpdateTableInput { table_name, replica_updates, ..UpdateTableInput::default() };
        self.service.execute::<call::UpdateTable>(&self.caller(), request).await.map(drop)
    }

    async fn put(&self, key: u64, value: &str) {
        let item = [("pk", key.to_string()), ("v", value.to_owned())];
        let item = item.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect();
        let request = PutItemInput { table_name: "tab".to_owned(), item, ..PutItemInput::default() };
        self.service.execute::<call::PutItem>(&self.caller(), request).await.unwrap();
    }

    async fn delete(&self, key: u64) {
        let key: Attributes = [("pk".to_owned(), AttributeValue::S(key.to_string()))].into_iter().collect();
        let request = DeleteItemInput { table_name: "tab".to_owned(), key, ..DeleteItemInput::default() };
        self.service.execute::<call::DeleteItem>(&self.caller(), request).await.unwrap();
    }

    async fn items(&self) -> BTreeMap<String, String> {
        let request = ScanInput { table_name: "tab".to_owned(), consistent_read: Some(true), ..ScanInput::default() };
        let page = self.service.execute::<call::Scan>(&self.caller(), request).await.unwrap();
        let text = |item: &Attributes, name: &str| match item.get(name) {
            Some(AttributeValue::S(text)) => text.clone(),
            other => panic!("{other:?}"),
        };
        let pair = |item: model::Item| {
            let item = item.view().to_owned();
            (text(&item, "pk"), text(&item, "v"))
        };
        page.items.unwrap_or_default().into_iter().map(pair).collect()
    }

    async fn members(&self) -> Vec<(String, ReplicaStatus)> {
        let request = DescribeTableInput { table_name: "tab".to_owned() };
        let described = self.service.execute::<call::DescribeTable>(&self.caller(), request).await;
        let Ok(described) = described else { return Vec::new() };
        let shown = |replica: ReplicaDescription| (replica.region_name.unwrap(), replica.replica_status.unwrap());
        described.table.unwrap().replicas.unwrap_or_default().into_iter().map(shown).collect()
    }
}

struct Pair {
    sides: [Side; 2],
    seed: u64,
}

impl Pair {
    async fn new(clock: &Clock, seed: u64, fault: Fault) -> Pair {
        let one = Side::open(REGIONS[0], REGIONS[1], clock, seed, fault).await;
        let two = Side::open(REGIONS[1], REGIONS[0], clock, seed.rotate_left(32), fault).await;
        one.way.other.set(Arc::downgrade(&two.service)).unwrap();
        two.way.other.set(Arc::downgrade(&one.service)).unwrap();
        Pair { sides: [one, two], seed }
    }

    async fn until(&self, what: &str, is_there: impl AsyncFn() -> bool) {
        let waited = async {
            while !is_there().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(120), waited).await;
        assert!(waited.is_ok(), "seed {}: {what} does not come", self.seed);
    }

    async fn until_members(&self) {
        for (side, other) in self.sides.iter().zip([REGIONS[1], REGIONS[0]]) {
            let expected = [(other.to_owned(), ReplicaStatus::Active)];
            self.until("a member", async || side.members().await == expected).await;
        }
    }

    async fn join(&self) {
        let create = CreateReplicationGroupMemberAction { region_name: REGIONS[1].to_owned(), ..Default::default() };
        let update = ReplicationGroupUpdate { create: Some(Box::new(create)), ..Default::default() };
        // The question whether there is a table may be lost.
        self.until("the request", async || {
            self.sides[0].update(update.clone()).await.is_ok() || !self.sides[0].members().await.is_empty()
        })
        .await;
        self.until_members().await;
    }
}

/// Writes on both sides while the way is bad, heals it, and returns whether both end equal, to a last write of one of them.
async fn run(seed: u64, fault: Fault, patience: Duration) -> bool {
    let (clock, hand) = Clock::manual(1_700_000_000_000);
    let pair = Pair::new(&clock, seed, fault).await;
    pair.sides[0].create().await;
    for key in 0..4 {
        pair.sides[0].put(key, "before").await;
    }
    pair.join().await;
    // By key, what each side wrote last.
    let mut last: BTreeMap<u64, [Option<String>; 2]> = BTreeMap::new();
    for at in 0..60_u64 {
        // Few moments: most writes of both sides have one, and are decided by their regions.
        let way = &pair.sides[0].way;
        if way.draw(4) == 0 {
            hand.advance_ms(1);
        }
        let (of, key) = (way.draw(2) as usize, way.draw(6));
        let side = &pair.sides[of];
        match way.draw(3) {
            0 if side.items().await.contains_key(&key.to_string()) => {
                side.delete(key).await;
                last.entry(key).or_default()[of] = Some(String::new());
            }
            _ => {
                let value = format!("{at}-{}", side.region);
                side.put(key, &value).await;
                last.entry(key).or_default()[of] = Some(value);
            }
        }
        if way.draw(5) == 0 {
            tokio::time::sleep(Duration::from_millis(way.draw(6))).await;
        }
    }
    for side in &pair.sides {
        side.way.is_bad.store(false, Ordering::Relaxed);
    }
    let equal = async {
        loop {
            let [one, two] = [pair.sides[0].items().await, pair.sides[1].items().await];
            if one == two && is_of_last(&one, &last) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(patience, equal).await.is_ok()
}

fn is_of_last(items: &BTreeMap<String, String>, last: &BTreeMap<u64, [Option<String>; 2]>) -> bool {
    last.iter().all(|(key, written)| {
        let found = items.get(&key.to_string()).cloned().unwrap_or_default();
        written.iter().flatten().any(|written| *written == found)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_end_equal_whatever_happens_on_the_way() {
    for seed in 1..=8_u64 {
        assert!(run(seed * 0x9E37_79B9, Fault::None, Duration::from_secs(60)).await, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_replication_are_found() {
    for fault in [Fault::WrongTieBreak, Fault::DroppedDeletion, Fault::LostCursor] {
        let mut found = BTreeSet::new();
        for seed in 1..=8_u64 {
            if !run(seed * 0x9E37_79B9, fault, Duration::from_millis(1_500)).await {
                found.insert(seed);
                break;
            }
        }
        assert!(!found.is_empty(), "{fault:?} is not found");
    }
}

#[tokio::test]
async fn a_region_speaks_for_itself_alone() {
    let clock = Clock::system();
    let pair = Pair::new(&clock, 7, Fault::None).await;
    pair.sides.iter().for_each(|side| side.way.is_bad.store(false, Ordering::Relaxed));
    pair.sides[0].create().await;
    pair.join().await;
    let ask = async |from: &str, to: &str, table: &str, ask: Ask, rows: &[u8], known: &str| {
        let request = PeerRequest {
            from: from.to_owned(),
            to: to.to_owned(),
            account: SHARED_ACCOUNT.to_owned(),
            table_name: table.to_owned(),
            ask,
        };
        let message = Message::new(&request, rows).unwrap();
        let answer = pair.sides[1].service.answer_peer(&message, |region| region == known).await.unwrap();
        answer.read::<PeerAnswer>().unwrap().0
    };
    let refused = |answer: PeerAnswer, part: &str| match answer {
        PeerAnswer::Refused(why) => assert!(why.contains(part), "{why}"),
        other => panic!("{other:?}"),
    };
    let [own, other] = REGIONS;
    // By its certificate it is another region, or by no flag a peer, or it asks of a region that is not there.
    refused(ask(own, other, "tab", Ask::Look, &[], "ap-south-1").await, "certificate");
    refused(ask("ap-south-1", other, "tab", Ask::Look, &[], "ap-south-1").await, "no --peer");
    refused(ask(own, "ap-south-1", "tab", Ask::Look, &[], own).await, "no region of this process");
    // A write that was not made in the sender's region.
    let mut forged = vec![0];
    forged.extend_from_slice(&[0; 8]);
    forged.extend_from_slice(&[0; 12]);
    forged.push(other.len() as u8);
    forged.extend_from_slice(other.as_bytes());
    let row = model::codec::row::StoredItem::new(1, Attributes::new().view()).into_bytes();
    forged.extend_from_slice(&(row.len() as u32).to_be_bytes());
    forged.extend_from_slice(&row);
    refused(ask(own, other, "tab", Ask::Replicate, &forged, own).await, "hands in a write of eu-west-1");
    // One of the sender's that is far ahead of the clock.
    let mut ahead = vec![0];
    ahead.extend_from_slice(&[0; 8]);
    ahead.extend_from_slice(&(clock.now_ms() + 3_600_000).to_be_bytes());
    ahead.extend_from_slice(&[0; 4]);
    ahead.push(own.len() as u8);
    ahead.extend_from_slice(own.as_bytes());
    ahead.extend_from_slice(&(row.len() as u32).to_be_bytes());
    ahead.extend_from_slice(&row);
    refused(ask(own, other, "tab", Ask::Replicate, &ahead, own).await, "ahead of the clock");
    // A table that is in no group with it.
    let table = async |name: &str| {
        let request = CreateTableInput {
            table_name: name.to_owned(),
            attribute_definitions: Some(vec![AttributeDefinition {
                attribute_name: "pk".to_owned(),
                attribute_type: ScalarAttributeType::S,
            }]),
            key_schema: Some(vec![KeySchemaElement { attribute_name: "pk".to_owned(), key_type: KeyType::Hash }]),
            billing_mode: Some(BillingMode::PayPerRequest),
            ..CreateTableInput::default()
        };
        pair.sides[1].service.execute::<call::CreateTable>(&pair.sides[1].caller(), request).await.unwrap();
    };
    table("own").await;
    for question in
        [Ask::Rows { after: None }, Ask::Delete, Ask::Show { status: None }, Ask::HasDelivered, Ask::Replicate]
    {
        refused(ask(own, other, "own", question, &[], own).await, "replica");
    }
    assert_eq!(ask(own, other, "own", Ask::Look, &[], own).await, PeerAnswer::Seen(ops::peers::Seen::Stranger));
}
