//! The tables of a run: made, filled, and deleted again.

use std::sync::Arc;
use std::time::Duration;

use api::Operation;
use client::{Connection, Credentials, Endpoint};
use serde_json::{Value, json};

use crate::data::{Data, EXPIRY, Shape};
use crate::fill::fill;
use crate::plan::{Plan, Target, Way};
use crate::trouble::Trouble;
use crate::{Failure, runtime, say};

const STATUS_POLL: Duration = Duration::from_millis(50);
/// How long a table may take to appear or vanish.
const STATUS_PATIENCE: Duration = Duration::from_secs(600);

/// Creates and fills the table, unless an earlier run left it with `--keep` and this one has `--keep`, too. Calls
/// `made` once there is a table to delete.
pub(crate) fn prepare(
    plan: &Plan,
    target: &Target,
    data: &Arc<Data>,
    shape: Shape,
    made: impl FnOnce(Shape),
) -> Result<(), Failure> {
    let table = data.table(shape);
    // They are the first server's.
    if matches!(target.way, Way::Dax(_)) {
        return Ok(());
    }
    runtime::one_thread()?.block_on(async {
        let is_new = match &target.way {
            Way::Server(endpoint, credentials) => {
                let mut admin = Admin::new(plan, endpoint, credentials);
                admin.connection.open().await.map_err(|trouble| target.unreachable(&trouble.into()))?;
                admin.make(plan, target, data, shape, made).await?
            }
            Way::Dax(_) => false,
            Way::Database(database) => {
                let is_new = database.make().await.map_err(|text| target.unreachable(&Trouble::Database(text)))?;
                if is_new {
                    made(shape);
                }
                is_new
            }
        };
        match is_new {
            true => {
                say(format_args!("{}: filling {table} with {} items", target.label, data.items(shape)));
                fill(plan, target, data, shape).await
            }
            false if plan.keep => {
                say(format_args!("{}: table {table} is there", target.label));
                Ok(())
            }
            false => Err(Failure::new(format!(
                "{} has a table {table} already: delete it, choose another --prefix, or use it with --keep",
                target.label
            ))),
        }
    })
}

/// Deletes the table and waits until it is deleted, so that the next run finds room for its own.
pub(crate) fn delete(plan: &Plan, target: &Target, data: &Data, shape: Shape) -> Result<(), Failure> {
    runtime::one_thread()?.block_on(async {
        match &target.way {
            Way::Server(endpoint, credentials) => {
                Admin::new(plan, endpoint, credentials).delete(&data.table(shape)).await
            }
            Way::Dax(_) => Ok(()),
            Way::Database(database) => {
                database.remove().await.map_err(|text| Failure::new(format!("{}: {text}", target.label)))
            }
        }
    })
}

/// A connection for what is asked once.
struct Admin<'a> {
    connection: Connection,
    endpoint: &'a Endpoint,
}

impl Admin<'_> {
    fn new<'a>(plan: &Plan, endpoint: &'a Endpoint, credentials: &Credentials) -> Admin<'a> {
        // Creating a table may wait for others; it is not what is measured.
        let timeout = plan.timeout.max(Duration::from_secs(60));
        Admin { connection: Connection::new(endpoint, credentials, timeout), endpoint }
    }

    /// Creates the table and waits until it can be used; returns whether there was none.
    async fn make(
        &mut self,
        plan: &Plan,
        target: &Target,
        data: &Data,
        shape: Shape,
        made: impl FnOnce(Shape),
    ) -> Result<bool, Failure> {
        let table = data.table(shape);
        match self.ask(Operation::DescribeTable, &json!({ "TableName": table })).await {
            Ok(described) => {
                let (found, wanted) = (described["Table"]["ItemCount"].as_u64().unwrap_or(0), data.items(shape));
                if plan.keep && found != wanted {
                    // Not refused: some servers count late.
                    say(format_args!("{}: {table} reports {found} items, and this run wants {wanted}", target.label));
                }
                return Ok(false);
            }
            Err(trouble) if is_absent(&trouble) => {}
            Err(trouble) => return Err(self.failure("DescribeTable", &trouble)),
        }
        self.create(&table, shape).await?;
        made(shape);
        let active = |table: Option<&Value>| table.is_some_and(|table| table["TableStatus"] == "ACTIVE");
        let waited = self.wait_for(&json!({ "TableName": table }), active).await;
        waited.map_err(|trouble| self.failure("waiting for the table", &trouble))?;
        if shape == Shape::Expiring {
            let specification = json!({ "AttributeName": EXPIRY, "Enabled": true });
            let request = json!({ "TableName": table, "TimeToLiveSpecification": specification });
            let enabled = self.ask(Operation::UpdateTimeToLive, &request).await;
            enabled.map_err(|trouble| self.failure("UpdateTimeToLive", &trouble))?;
        }
        Ok(true)
    }

    async fn delete(&mut self, table: &str) -> Result<(), Failure> {
        let request = json!({ "TableName": table });
        let deleted = self.ask(Operation::DeleteTable, &request).await;
        deleted.map_err(|trouble| self.failure("DeleteTable", &trouble))?;
        let gone = self.wait_for(&request, |table| table.is_none()).await;
        gone.map_err(|trouble| self.failure("waiting for the table to be deleted", &trouble))
    }

    async fn ask(&mut self, operation: Operation, request: &Value) -> Result<Value, Trouble> {
        self.connection.prepare(operation, request.to_string().as_bytes());
        let reply = self.connection.exchange().await?;
        serde_json::from_slice(reply).map_err(|_| Trouble::Unexpected("reply is not JSON"))
    }

    fn failure(&self, what: &str, trouble: &Trouble) -> Failure {
        Failure::new(format!("{}: {what}: {trouble}", self.endpoint.url))
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
        tokio::time::timeout(STATUS_PATIENCE, looked).await.unwrap_or(Err(Trouble::TIMEOUT))
    }
}

fn is_absent(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Server(client::Trouble::Refused { exception, .. }) if exception == "ResourceNotFoundException")
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
        Shape::Items | Shape::Expiring => {}
        Shape::Streamed => {
            request["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" });
        }
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
