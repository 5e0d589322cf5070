//! `--seed`: makes the tables of files and writes their items, before the server takes requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::aws::{AwsService, DYNAMODB, Input, Protocol, Request};
use auth::iam::Transport;
use auth::{Caller, SHARED_ACCOUNT};
use serde_json::{Value, json};
use wire::DynamoDb;

use super::ServeArguments;
use crate::log::{self, Value as Datum};
use crate::seeds::{self, SeedTable};

/// Items of a BatchWriteItem. Source: API Reference.
const BATCH_ITEMS_MAX: usize = 25;
/// How long a table may take to be ACTIVE, which is long only with `--transition-scale`.
const ACTIVE_TIMEOUT: Duration = Duration::from_secs(300);
const ACTIVE_PAUSE: Duration = Duration::from_millis(20);
/// Attempts at items that are not written at once.
const ATTEMPTS_MAX: usize = 50;

/// # Errors
/// A sentence that names the file, and the table or the item.
pub(super) async fn apply(arguments: &ServeArguments, service: &Arc<ops::Service>) -> Result<(), String> {
    let regions = arguments.service.all_regions();
    let caller = Caller {
        account: SHARED_ACCOUNT.to_owned(),
        region: arguments.service.region.clone(),
        access_key: "seed".to_owned(),
        identity: None,
        served: (regions.len() > 1).then(|| regions.into()),
    };
    let seeding = Seeding { api: DynamoDb::new(service), caller };
    for file in &arguments.faults.seed {
        let failed = |error: String| format!("cannot seed from {}: {error}", file.display());
        let names = seeds::Names { region: &arguments.service.region, account: SHARED_ACCOUNT };
        let tables = seeds::read(file, &names).map_err(failed)?;
        let (mut made, mut items) = (0, 0);
        for table in &tables {
            made += u64::from(seeding.table(table).await.map_err(failed)?);
            items += table.items.len() as u64;
        }
        let name = file.display().to_string();
        let message = format!("{made} tables and {items} items are made from {name}");
        let data = [("file", Datum::Text(&name)), ("tables", Datum::Number(made)), ("items", Datum::Number(items))];
        log::info("seeded", &message, &data);
    }
    Ok(())
}

struct Seeding {
    api: DynamoDb,
    caller: Caller,
}

/// An exception's name and sentence.
struct Refused {
    name: String,
    message: String,
}

impl Seeding {
    /// Whether the table was made; one that exists only gets the items.
    async fn table(&self, table: &SeedTable) -> Result<bool, String> {
        let of_table = |refused: Refused| format!("table {}: {}: {}", table.name, refused.name, refused.message);
        let is_new = match self.call("CreateTable", &table.create).await {
            Ok(_) => true,
            Err(refused) if refused.name == "ResourceInUseException" => false,
            Err(refused) => return Err(of_table(refused)),
        };
        self.active(&table.name).await.map_err(of_table)?;
        if is_new {
            for (operation, request) in &table.settings {
                self.call(operation, request).await.map_err(of_table)?;
            }
        }
        for (at, items) in table.items.chunks(BATCH_ITEMS_MAX).enumerate() {
            let first = at * BATCH_ITEMS_MAX;
            let written = self.items(&table.name, items).await;
            written.map_err(|refused| format!("items {first} and up of {}", of_table(refused)))?;
        }
        Ok(is_new)
    }

    async fn active(&self, name: &str) -> Result<(), Refused> {
        let begun = Instant::now();
        loop {
            let described = self.call("DescribeTable", &json!({"TableName": name})).await?;
            if described["Table"]["TableStatus"] == "ACTIVE" {
                return Ok(());
            }
            if begun.elapsed() > ACTIVE_TIMEOUT {
                return Err(refused("Timeout", "the table does not become ACTIVE"));
            }
            tokio::time::sleep(ACTIVE_PAUSE).await;
        }
    }

    async fn items(&self, name: &str, items: &[Value]) -> Result<(), Refused> {
        let puts: Vec<Value> = items.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
        let mut wanted = json!({name: puts});
        for _ in 0..ATTEMPTS_MAX {
            let mut answer = self.call("BatchWriteItem", &json!({"RequestItems": wanted})).await?;
            wanted = answer["UnprocessedItems"].take();
            if wanted.as_object().is_none_or(serde_json::Map::is_empty) {
                return Ok(());
            }
            tokio::time::sleep(ACTIVE_PAUSE).await;
        }
        Err(refused("Timeout", "items stay unprocessed"))
    }

    async fn call(&self, operation: &str, request: &Value) -> Result<Value, Refused> {
        let Some(operation) = DYNAMODB.operation(operation) else {
            return Err(refused(operation, "no such operation"));
        };
        let request = Request {
            operation,
            protocol: Protocol::AwsJson,
            caller: Some(&self.caller),
            observer: None,
            input: Input::Body(request.to_string().into()),
            request_id: "seed",
            transport: Transport { peer: std::net::Ipv4Addr::LOCALHOST.into(), secure: false },
            user_agent: None,
        };
        let reply = self.api.call(request).await;
        match reply.error {
            Some(error) => Err(refused(error.name, &error.message)),
            None => serde_json::from_slice(&reply.body).map_err(|error| refused("Internal", &error.to_string())),
        }
    }
}

fn refused(name: &str, message: &str) -> Refused {
    Refused { name: name.to_owned(), message: message.to_owned() }
}
