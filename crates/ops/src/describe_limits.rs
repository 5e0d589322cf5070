//! DescribeLimits: the account's quotas of throughput, which are AWS's initial ones. Requests for more are refused
//! (`cluster::catalog`).

use api::{DescribeLimitsInput, DescribeLimitsOutput, Exception};
use auth::Caller;

use crate::service::Service;

impl Service {
    /// # Errors
    /// None.
    pub(crate) async fn describe_limits(
        &self,
        _caller: &Caller,
        _request: DescribeLimitsInput,
    ) -> Result<DescribeLimitsOutput, Exception> {
        let (account, table) = (self.settings.quotas.account_units_max, self.settings.quotas.table_units_max);
        Ok(DescribeLimitsOutput {
            account_max_read_capacity_units: Some(account),
            account_max_write_capacity_units: Some(account),
            table_max_read_capacity_units: Some(table),
            table_max_write_capacity_units: Some(table),
        })
    }
}
