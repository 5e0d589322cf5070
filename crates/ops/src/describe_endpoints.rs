//! DescribeEndpoints: where clients that discover endpoints send their requests from now on. It is this server itself:
//! an address of AWS would lead them away from their tables.

use api::{DescribeEndpointsRequest, DescribeEndpointsResponse, Endpoint, Exception};
use auth::Caller;

use crate::service::Service;

/// How long clients may remember the answer, as on AWS. Unit: minutes.
const CACHE_PERIOD: i64 = 1440;

impl Service {
    /// # Errors
    /// None.
    pub(crate) async fn describe_endpoints(
        &self,
        _caller: &Caller,
        _request: DescribeEndpointsRequest,
    ) -> Result<DescribeEndpointsResponse, Exception> {
        let endpoint = Endpoint { address: self.settings.endpoint.clone(), cache_period_in_minutes: CACHE_PERIOD };
        Ok(DescribeEndpointsResponse { endpoints: vec![endpoint] })
    }
}
