//! DescribeEndpoints: the endpoint of clients that discover endpoints. It is this server itself: with an address of AWS
//! they would not find their tables.

use api::{DescribeEndpointsRequest, DescribeEndpointsResponse, Endpoint, Exception};
use auth::Caller;

use crate::service::Service;

/// How long clients may cache the answer, as on AWS. Unit: minutes.
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
