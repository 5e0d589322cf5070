//! Global tables of version 2017.11.29, which DynamoDB does not make any more: its six operations answer as they do today.
//! Source: captures of October 2026. Global tables of the current version are UpdateTable's, and these operations see none of them.

use api::{
    CreateGlobalTableInput, CreateGlobalTableOutput, DescribeGlobalTableInput, DescribeGlobalTableOutput,
    DescribeGlobalTableSettingsInput, DescribeGlobalTableSettingsOutput, Exception, ListGlobalTablesInput,
    ListGlobalTablesOutput, UpdateGlobalTableInput, UpdateGlobalTableOutput, UpdateGlobalTableSettingsInput,
    UpdateGlobalTableSettingsOutput,
};
use auth::Caller;

use crate::service::Service;

impl Service {
    /// # Errors
    /// Always.
    pub(crate) async fn create_global_table(
        &self,
        _: &Caller,
        _: CreateGlobalTableInput,
    ) -> Result<CreateGlobalTableOutput, Exception> {
        Err(version_is_over())
    }

    /// # Errors
    /// Always.
    pub(crate) async fn describe_global_table(
        &self,
        _: &Caller,
        request: DescribeGlobalTableInput,
    ) -> Result<DescribeGlobalTableOutput, Exception> {
        let name = request.global_table_name;
        Err(Exception::GlobalTableNotFound(format!(
            "Global table not found: Global table with name: '{name}' does not exist."
        )))
    }

    /// # Errors
    /// Always.
    pub(crate) async fn describe_global_table_settings(
        &self,
        _: &Caller,
        request: DescribeGlobalTableSettingsInput,
    ) -> Result<DescribeGlobalTableSettingsOutput, Exception> {
        Err(not_there(&request.global_table_name))
    }

    /// # Errors
    /// None: there is no such table.
    pub(crate) async fn list_global_tables(
        &self,
        _: &Caller,
        _: ListGlobalTablesInput,
    ) -> Result<ListGlobalTablesOutput, Exception> {
        Ok(ListGlobalTablesOutput { global_tables: Some(Vec::new()), last_evaluated_global_table_name: None })
    }

    /// # Errors
    /// Always.
    pub(crate) async fn update_global_table(
        &self,
        _: &Caller,
        request: UpdateGlobalTableInput,
    ) -> Result<UpdateGlobalTableOutput, Exception> {
        if request.replica_updates.is_empty() {
            return Err(Exception::validation("One or more parameter values were invalid"));
        }
        // The version is refused before the table is looked for.
        match request.replica_updates.iter().any(|update| update.create.is_some()) {
            true => Err(version_is_over()),
            false => Err(not_there(&request.global_table_name)),
        }
    }

    /// # Errors
    /// Always.
    pub(crate) async fn update_global_table_settings(
        &self,
        _: &Caller,
        request: UpdateGlobalTableSettingsInput,
    ) -> Result<UpdateGlobalTableSettingsOutput, Exception> {
        Err(not_there(&request.global_table_name))
    }
}

fn version_is_over() -> Exception {
    tables::invalid(
        "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version \
         2019.11.21, instead of version 2017.11.29 (Legacy).",
    )
}

fn not_there(name: &str) -> Exception {
    Exception::GlobalTableNotFound(format!("Global table with name: '{name}' does not exist."))
}
