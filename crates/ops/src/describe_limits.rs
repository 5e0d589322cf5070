//! DescribeLimits: the account's initial quotas, as on AWS. They limit nothing here.

use api::{DescribeLimitsInput, DescribeLimitsOutput, Exception};
use auth::Caller;

use crate::service::Service;

/// Unit: capacity units. Source: Developer Guide, "Quotas", "Initial throughput default quotas".
const ACCOUNT_UNITS_MAX: i64 = 80_000;
const TABLE_UNITS_MAX: i64 = 40_000;

impl Service {
    /// # Errors
    /// None.
    pub(crate) async fn describe_limits(
        &self,
        _caller: &Caller,
        _request: DescribeLimitsInput,
    ) -> Result<DescribeLimitsOutput, Exception> {
        Ok(DescribeLimitsOutput {
            account_max_read_capacity_units: Some(ACCOUNT_UNITS_MAX),
            account_max_write_capacity_units: Some(ACCOUNT_UNITS_MAX),
            table_max_read_capacity_units: Some(TABLE_UNITS_MAX),
            table_max_write_capacity_units: Some(TABLE_UNITS_MAX),
        })
    }
}
