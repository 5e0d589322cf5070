//! ImportTable: a new table with the items of objects, filled in the background. The table is CREATING meanwhile.
//!
//! An import is a transfer (`transfers`): its record is created with the table's definition, is updated by each step of the work
//! (`fill`), and outlives the table. DescribeImport and ListImports read the records (`describe`).

mod describe;
mod details;
mod error_log;
mod fill;
mod parameters;
mod refused_log;
#[cfg(test)]
mod tests;

use api::{CreateTableInput, Exception, ImportTableInput, ImportTableOutput, InputFormat, TableCreationParameters};
use auth::Caller;
use cluster::catalog::Work;
use objects::Bucket;
use tables::{Definition, Import, Place, Table, TableStatus, rows};

use crate::service::Service;
use crate::transfers::{NewTransfer, Transfer, TransferStatus, check_request, transfer_id};

use details::ImportDetails;

/// Imports of an account at once. Source: Developer Guide, "Import table quotas".
const IMPORTS_MAX: usize = 50;

type ImportRecord = Transfer<ImportDetails>;

impl Service {
    /// # Errors
    /// DynamoDB's refusals: of the request, because the table exists, or because its client's token was used for another table.
    pub(crate) async fn import_table(
        &self,
        caller: &Caller,
        request: ImportTableInput,
    ) -> Result<ImportTableOutput, Exception> {
        let token = request.client_token.clone().ok_or_else(token_missing)?;
        check(&request)?;
        check_request(&ImportDetails::of(&request))?;
        let sse = request.table_creation_parameters.sse_specification.clone();
        let mut definition = self.new_definition(caller, as_create_table(request.table_creation_parameters.clone()))?;
        let bucket = &request.s3_bucket_source.s3_bucket;
        self.check_bucket(caller, &definition.account, "dynamodb:ImportTable", bucket)?;
        definition.status = TableStatus::Creating;
        self.catalog.refresh().await?;
        // Before the KMS is called: a request that is repeated needs no key.
        if let Some(first) = self.import_of_token(&definition, &token).await? {
            return Ok(ImportTableOutput { import_table_description: first.description() });
        }
        let key = self.new_table_key(caller, sse.as_ref(), &mut definition).await?;
        let (table, import) = loop {
            // Locked from the checks to the write: of two requests with one name or one token, one creates the table.
            let guard = self.catalog.lock().await?;
            if let Some(first) = self.import_of_token(&definition, &token).await? {
                return Ok(ImportTableOutput { import_table_description: first.description() });
            }
            self.check_imports(&definition.account)?;
            self.catalog.check_quota(&self.settings.quotas, &definition)?;
            let import = self.new_import(&definition, &request, token.clone());
            let definition = Definition {
                table_id: guard.next_table_id(),
                import: Some(Import { id: import.id.clone() }),
                ..definition.clone()
            };
            let mut puts = import.new_rows(&self.secret)?;
            puts.extend(key.clone().map(|key| (rows::table_key(definition.table_id), key)));
            if let Ok(table) = self.catalog.create(&self.engine, guard, definition, puts).await? {
                break (table, import);
            }
        };
        self.catalog.start(Work::ImportTable { table_id: table.id() });
        Ok(ImportTableOutput { import_table_description: import.description() })
    }

    /// The import that a client's token has begun, if the request repeats it.
    ///
    /// # Errors
    /// If the table's name is taken, or the token is another table's. While its import runs, a token's import is found whatever else
    /// differs in the request; later the table exists; when it is deleted, the token still names its import. Source: captures.
    async fn import_of_token(&self, definition: &Definition, token: &str) -> Result<Option<ImportRecord>, Exception> {
        let Place { account, region, name } = definition.place();
        let first = self.transfer_of_token::<ImportDetails>(account, region, token).await?;
        let is_of = |table: &Table, first: &ImportRecord| {
            table.definition.import.as_ref().is_some_and(|import| import.id == first.id)
        };
        if let Some(table) = self.catalog.lookup(definition.place())? {
            let running = first.filter(|first| first.status == TransferStatus::InProgress && is_of(&table, first));
            return match running {
                Some(first) => Ok(Some(first)),
                None => Err(Exception::ResourceInUse(format!("Table already exists: {name}"))),
            };
        }
        match first {
            Some(first) if first.table_name != name => Err(Exception::ImportConflict(
                "Import conflict: Duplicate request detected with conflicting parameters".to_owned(),
            )),
            first => Ok(first),
        }
    }

    fn check_imports(&self, account: &str) -> Result<(), Exception> {
        let is_imported = |definition: &Definition| definition.account == account && definition.import.is_some();
        match self.catalog.table_ids(is_imported).len() < IMPORTS_MAX {
            true => Ok(()),
            false => Err(Exception::LimitExceeded(format!(
                "Subscriber limit exceeded: Only {IMPORTS_MAX} import operations can be done simultaneously"
            ))),
        }
    }

    fn new_import(&self, definition: &Definition, request: &ImportTableInput, token: String) -> ImportRecord {
        let now_ms = self.clock.now_ms();
        Transfer::new(NewTransfer {
            id: transfer_id(now_ms),
            account: &definition.account,
            region: &definition.region,
            table_name: &definition.name,
            table_uuid: &definition.uuid,
            client_token: Some(token),
            started_ms: now_ms,
            details: ImportDetails::of(request),
        })
    }
}

/// SDKs send a token always, and DynamoDB requires it, whatever its model says. Source: observed.
fn token_missing() -> Exception {
    Exception::validation(
        "1 validation error detected: Value null at 'clientToken' failed to satisfy constraint: Member must not be null",
    )
}

/// Checks what CreateTable has not.
fn check(request: &ImportTableInput) -> Result<(), Exception> {
    let source = &request.s3_bucket_source;
    if request.input_format_options.is_some() && request.input_format != InputFormat::Csv {
        return Err(Exception::validation(format!(
            "Invalid Request: Unsupported InputFormatOptions for the given input format: {}.",
            request.input_format
        )));
    }
    let bucket = Bucket::parse(&source.s3_bucket, source.s3_bucket_owner.as_deref());
    bucket.map(drop).map_err(|refused| tables::invalid(refused.to_string()))
}

fn as_create_table(parameters: TableCreationParameters) -> CreateTableInput {
    CreateTableInput {
        attribute_definitions: Some(parameters.attribute_definitions),
        billing_mode: parameters.billing_mode,
        global_secondary_indexes: parameters.global_secondary_indexes,
        key_schema: Some(parameters.key_schema),
        on_demand_throughput: parameters.on_demand_throughput,
        provisioned_throughput: parameters.provisioned_throughput,
        sse_specification: parameters.sse_specification,
        table_name: parameters.table_name,
        vector_indexes: parameters.vector_indexes,
        ..CreateTableInput::default()
    }
}
