//! The tables of a run: made, filled, and deleted again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use api::Operation;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::connection::{Connection, Trouble};
use crate::data::{Data, Shape};
use crate::plan::{Plan, Target};
use crate::workload::batch_write::{self, BATCH_ITEMS};
use crate::{Failure, interrupt, load, say};

/// Connections that fill a table.
const FILL_CONNECTIONS: u64 = 16;
/// Attempts at one batch, with pauses that double up to the longest.
const FILL_ATTEMPTS: u32 = 30;
const FILL_PAUSE_MIN: Duration = Duration::from_millis(20);
const FILL_PAUSE_MAX: Duration = Duration::from_secs(2);
const STATUS_POLL: Duration = Duration::from_millis(50);
/// How long a table may take to appear or vanish.
const STATUS_PATIENCE: Duration = Duration::from_secs(600);

/// Makes and fills the table, unless an earlier run was told to keep it and this one is, too. Calls `made` once there is
/// a table to delete.
pub(crate) fn prepare(
    plan: &Plan,
    target: &Target,
    data: &Arc<Data>,
    shape: Shape,
    made: impl FnOnce(Shape),
) -> Result<(), Failure> {
    let table = data.table(shape);
    load::runtime()?.block_on(async {
        let mut admin = Admin::new(plan, target);
        admin.connection.open().await.map_err(|trouble| target.unreachable(&trouble))?;
        match admin.ask(Operation::DescribeTable, &json!({ "TableName": table })).await {
            Ok(described) if plan.keep => {
                let (found, wanted) = (described["Table"]["ItemCount"].as_u64().unwrap_or(0), data.items(shape));
                say(format_args!("{}: table {table} is there", target.label));
                if found != wanted {
                    // Not refused: some servers count late.
                    say(format_args!("{}: it tells of {found} items, and this run wants {wanted}", target.label));
                }
                return Ok(());
            }
            Ok(_) => {
                return Err(Failure::new(format!(
                    "{} has a table {table} already: delete it, choose another --prefix, or use it with --keep",
                    target.label
                )));
            }
            Err(trouble) if is_absent(&trouble) => {}
            Err(trouble) => return Err(admin.failure("DescribeTable", &trouble)),
        }
        admin.create(&table, shape).await?;
        made(shape);
        let active = |table: Option<&Value>| table.is_some_and(|table| table["TableStatus"] == "ACTIVE");
        let waited = admin.wait_for(&json!({ "TableName": table }), active).await;
        waited.map_err(|trouble| admin.failure("waiting for the table", &trouble))?;
        say(format_args!("{}: filling {table} with {} items", target.label, data.items(shape)));
        fill(plan, target, data, shape).await
    })
}

/// Deletes the table and waits until it is gone, so that the next run finds room for its own.
pub(crate) fn delete(plan: &Plan, target: &Target, data: &Data, shape: Shape) -> Result<(), Failure> {
    load::runtime()?.block_on(async {
        let mut admin = Admin::new(plan, target);
        let request = json!({ "TableName": data.table(shape) });
        let deleted = admin.ask(Operation::DeleteTable, &request).await;
        deleted.map_err(|trouble| admin.failure("DeleteTable", &trouble))?;
        let gone = admin.wait_for(&request, |table| table.is_none()).await;
        gone.map_err(|trouble| admin.failure("waiting for the table to be deleted", &trouble))
    })
}

/// A connection for what is asked once.
struct Admin<'a> {
    connection: Connection,
    target: &'a Target,
}

impl Admin<'_> {
    fn new<'a>(plan: &Plan, target: &'a Target) -> Admin<'a> {
        // Creating a table may wait for others; it is not what is measured.
        let timeout = plan.timeout.max(Duration::from_secs(60));
        Admin { connection: target.connection(timeout), target }
    }

    async fn ask(&mut self, operation: Operation, request: &Value) -> Result<Value, Trouble> {
        self.connection.prepare(operation, request.to_string().as_bytes());
        let reply = self.connection.exchange().await?;
        serde_json::from_slice(reply).map_err(|_| Trouble::Unexpected("reply is not JSON"))
    }

    fn failure(&self, what: &str, trouble: &Trouble) -> Failure {
        Failure::new(format!("{}: {what}: {trouble}", self.target.endpoint.url))
    }

    async fn create(&mut self, table: &str, shape: Shape) -> Result<(), Failure> {
        let created = self.ask(Operation::CreateTable, &definition(table, shape)).await;
        created.map(|_| ()).map_err(|trouble| self.failure("CreateTable", &trouble))
    }

    /// Looks at the table until it is as it should be; `None` means that there is none.
    async fn wait_for(&mut self, request: &Value, is_done: impl Fn(Option<&Value>) -> bool) -> Result<(), Trouble> {
        let looked = async {
            loop {
                let done = match self.ask(Operation::DescribeTable, request).await {
                    Ok(described) => is_done(Some(&described["Table"])),
                    Err(trouble) if is_absent(&trouble) => is_done(None),
                    Err(trouble) => return Err(trouble),
                };
                if done {
                    return Ok(());
                }
                tokio::time::sleep(STATUS_POLL).await;
            }
        };
        tokio::time::timeout(STATUS_PATIENCE, looked).await.unwrap_or(Err(Trouble::Timeout))
    }
}

fn is_absent(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Refused { exception, .. } if exception == "ResourceNotFoundException")
}

fn definition(table: &str, shape: Shape) -> Value {
    let text = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
    let hash = |name: &str| json!({ "AttributeName": name, "KeyType": "HASH" });
    let index = |name: &str| json!({ "IndexName": format!("by-{name}"), "KeySchema": [hash(name)], "Projection": { "ProjectionType": "ALL" } });
    let mut request = json!({
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [text("pk")],
        "KeySchema": [hash("pk")],
    });
    match shape {
        Shape::Items => {}
        Shape::Rows => {
            request["AttributeDefinitions"] = json!([text("pk"), { "AttributeName": "sk", "AttributeType": "N" }]);
            request["KeySchema"] = json!([hash("pk"), { "AttributeName": "sk", "KeyType": "RANGE" }]);
        }
        Shape::Indexed => {
            request["AttributeDefinitions"] = json!([text("pk"), text("g1"), text("g2")]);
            request["GlobalSecondaryIndexes"] = json!([index("g1"), index("g2")]);
        }
    }
    request
}

async fn fill(plan: &Plan, target: &Target, data: &Arc<Data>, shape: Shape) -> Result<(), Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let mut fillers = tokio::task::JoinSet::new();
    for stream in 0..FILL_CONNECTIONS {
        let connection = target.connection(plan.timeout);
        let chance = Chance::new(plan.seed, u64::MAX - 1 - stream);
        let filler = Filler { connection, chance, data: Arc::clone(data), shape };
        fillers.spawn(filler.run(Arc::clone(&next)));
    }
    while let Some(filled) = fillers.join_next().await {
        let filled = filled.map_err(|error| Failure::new(format!("filling the table broke off: {error}")))?;
        filled.map_err(|trouble| Failure::new(format!("{}: filling the table: {trouble}", target.endpoint.url)))?;
    }
    interrupt::check()
}

struct Filler {
    connection: Connection,
    chance: Chance,
    data: Arc<Data>,
    shape: Shape,
}

impl Filler {
    async fn run(mut self, next: Arc<AtomicU64>) -> Result<(), Trouble> {
        let items = self.data.items(self.shape);
        let mut body = Vec::new();
        loop {
            let start = next.fetch_add(BATCH_ITEMS, Ordering::Relaxed);
            if start >= items || interrupt::requested() {
                return Ok(());
            }
            body.clear();
            let batch = start..items.min(start + BATCH_ITEMS);
            let operation = batch_write::push(&self.data, self.shape, batch, &mut self.chance, &mut body);
            self.put(operation, &body).await?;
        }
    }

    /// Puts one batch, again and again if the server has no room for it. Putting it twice does no harm.
    async fn put(&mut self, operation: Operation, body: &[u8]) -> Result<(), Trouble> {
        let mut pause = FILL_PAUSE_MIN;
        let mut attempt = 1;
        loop {
            self.connection.prepare(operation, body);
            let reply = self.connection.exchange().await;
            let put = reply.and_then(|reply| batch_write::check(reply).map_err(Trouble::Unexpected));
            match put {
                Err(trouble) if attempt < FILL_ATTEMPTS && is_passing(&trouble) => {
                    tokio::time::sleep(pause).await;
                    pause = FILL_PAUSE_MAX.min(pause * 2);
                    attempt += 1;
                }
                put => return put,
            }
        }
    }
}

/// Whether the same request may succeed later.
fn is_passing(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Refused { status: 500.., .. } => true,
        Trouble::Refused { exception, .. } => {
            matches!(
                exception.as_str(),
                "ThrottlingException" | "ProvisionedThroughputExceededException" | "RequestLimitExceeded"
            )
        }
        Trouble::Unexpected(_) => true,
        _ => false,
    }
}
