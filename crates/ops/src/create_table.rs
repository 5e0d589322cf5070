//! CreateTable: a new table, ready as soon as its definition is durable.
//!
//! The answer says CREATING, as DynamoDB's does; by then the table can be used.

use api::{CreateTableInput, CreateTableOutput, Exception, GlobalSecondaryIndex};
use auth::Caller;
use model::limits::GLOBAL_INDEXES_MAX;
use tables::rows;
use tables::{
    self, AttributeDefinition, Billing, Definition, IndexDefinition, IndexStatus, IndexThroughput, NameUse, NewIndex,
    NewSchema, PolicyOf, Shown, TableClassChoice, TableStatus, TableThroughput, being_deleted, table_place,
};

use crate::replication::members::check_mode;
use crate::service::Service;

impl Service {
    /// # Errors
    /// DynamoDB's refusals: of the request, because the table exists, or because the account has as many as it may have.
    pub(crate) async fn create_table(
        &self,
        caller: &Caller,
        request: CreateTableInput,
    ) -> Result<CreateTableOutput, Exception> {
        let sse = request.sse_specification.clone();
        let mut definition = self.new_definition(caller, request)?;
        if let Some(document) = &definition.resource_policy {
            let mut policy = tables::check_resource_policy(PolicyOf::Table, document)?;
            definition.resource_policy_principals = self.bind_principals(&mut policy).await?;
        }
        let key = self.new_table_key(caller, sse.as_ref(), &mut definition).await?;
        let table = loop {
            // Locked from the checks to the write: of two requests for one name, or for the last table of a quota, one succeeds.
            let guard = self.catalog.lock().await?;
            if let Some(table) = self.catalog.lookup(definition.place())? {
                return Err(match table.definition.status {
                    TableStatus::Deleting => being_deleted(&definition.name),
                    TableStatus::Creating => {
                        Exception::ResourceInUse(format!("Table is being used: {}", definition.name))
                    }
                    _ => Exception::ResourceInUse(format!("Table already exists: {}", definition.name)),
                });
            }
            self.catalog.check_quota(&self.settings.quotas, &definition)?;
            let mut definition = Definition { table_id: guard.next_table_id(), ..definition.clone() };
            self.begin_creation(&mut definition);
            // Streams of deleted tables of this name can still be read, under their labels.
            let remains = self.catalog.remains_at(definition.place());
            let former = remains.iter().filter_map(|table| table.definition.stream.as_ref());
            if let Some((stream, former)) = definition.stream.as_mut().zip(former.max_by_key(|stream| &stream.label)) {
                tables::not_before(stream, former);
            }
            let mut puts = change_log::follow(&mut definition);
            puts.extend(key.clone().map(|key| (rows::table_key(definition.table_id), key)));
            // Another node may have created a table at the same time: then all checks run again.
            if let Ok(table) = self.catalog.create(&self.engine, guard, definition, puts).await? {
                break table;
            }
        };
        let description = self.describe(&table, Shown::JustCreated).await?;
        Ok(CreateTableOutput { table_description: Some(description) })
    }

    /// The definition that the request asks for, validated; only the id is missing.
    pub(crate) fn new_definition(&self, caller: &Caller, request: CreateTableInput) -> Result<Definition, Exception> {
        let place = table_place(caller, &request.table_name, NameUse::Creation)?;
        let (account, region, name) = (place.account.to_owned(), place.region.to_owned(), place.name.to_owned());
        refuse_unbuilt(&request)?;
        let throughput = TableThroughput::parse(
            request.billing_mode,
            request.provisioned_throughput,
            request.on_demand_throughput,
            request.warm_throughput,
        )?;
        let mut schema = NewSchema::of_table(request.attribute_definitions, request.key_schema)?;
        let (local, global) = (request.local_secondary_indexes.as_deref(), request.global_secondary_indexes.as_deref());
        schema.check_definitions_used(local, global)?;
        schema.add_local(request.local_secondary_indexes)?;
        let global = request.global_secondary_indexes;
        schema.add_global(new_indexes(global, throughput.billing, &schema.attributes)?)?;
        schema.check_whole()?;
        if let Some(policy) = &request.resource_policy {
            tables::check_resource_policy(PolicyOf::Table, policy)?;
        }
        let now_ms = self.clock.now_ms();
        let stream = request.stream_specification.map(|asked| new_stream(&asked, now_ms)).transpose()?;
        let encryption = request.sse_specification.map(|asked| tables::encryption(&asked, &account, &region));
        let encryption = encryption.transpose()?;
        // Ids begin at 1: 0 stands for the table itself.
        let mut ids = 1..;
        let mut numbered = |indexes: Vec<NewIndex>| -> Vec<IndexDefinition> {
            let indexes = indexes.into_iter().zip(ids.by_ref());
            indexes.map(|(index, id)| index.into_definition(id, IndexStatus::Active)).collect()
        };
        let (local_indexes, global_indexes) = (numbered(schema.local), numbered(schema.global));
        Ok(Definition {
            table_id: 0,
            account,
            region,
            name,
            uuid: base::random::uuid_v4(),
            created_ms: now_ms,
            status: TableStatus::Active,
            attributes: schema.attributes,
            key: schema.key,
            next_index_id: 1 + (local_indexes.len() + global_indexes.len()) as u32,
            local_indexes,
            global_indexes,
            billing: throughput.billing,
            on_demand_since_ms: (throughput.billing == Billing::OnDemand).then_some(now_ms),
            on_demand_max: throughput.on_demand_max,
            warm: throughput.warm,
            deletion_protection: request.deletion_protection_enabled.unwrap_or(false),
            table_class: request.table_class.map(|class| TableClassChoice { class: class.into(), changed_ms: None }),
            stream: stream.flatten(),
            encryption: encryption.flatten(),
            resource_policy: request.resource_policy,
            resource_policy_revision: None,
            tags: tables::check_tags(&Default::default(), request.tags.unwrap_or_default())?,
            ..Definition::default()
        })
    }
}

fn new_stream(asked: &api::StreamSpecification, now_ms: u64) -> Result<Option<tables::Stream>, Exception> {
    tables::new_stream(asked, &tables::STREAM_OF_NEW_TABLE, None, now_ms)
}

/// Members that are not implemented are refused, not ignored.
fn refuse_unbuilt(request: &CreateTableInput) -> Result<(), Exception> {
    for (member, given) in [
        ("VectorIndexes", request.vector_indexes.is_some()),
        ("GlobalTableSourceArn", request.global_table_source_arn.is_some()),
    ] {
        if given {
            return Err(tables::not_built(member));
        }
    }
    request.global_table_settings_replication_mode.map_or(Ok(()), |mode| check_mode(mode, false))
}

fn new_indexes(
    asked: Option<Vec<GlobalSecondaryIndex>>,
    billing: Billing,
    attributes: &[AttributeDefinition],
) -> Result<Vec<NewIndex>, Exception> {
    let Some(asked) = asked else { return Ok(Vec::new()) };
    if asked.is_empty() {
        return Err(tables::invalid("List of GlobalSecondaryIndexes is empty"));
    }
    let parse = |index: GlobalSecondaryIndex| {
        let throughput = IndexThroughput::parse(
            &index.index_name,
            billing,
            index.provisioned_throughput,
            index.on_demand_throughput,
            index.warm_throughput,
        )?;
        NewIndex::global(index.index_name, &index.key_schema, index.projection, throughput, attributes)
    };
    // One more than the maximum is enough: it is refused for the number, whatever the rest is.
    asked.into_iter().take(GLOBAL_INDEXES_MAX + 1).map(parse).collect()
}
