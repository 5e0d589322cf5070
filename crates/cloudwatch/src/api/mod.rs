//! CloudWatch's API: version 2010-08-01, in AWS JSON, RPC v2 CBOR and Query.

mod list;
mod permission;
mod put;
mod query;
mod refusal;
mod statistic;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use auth::Caller;
use aws::cloudwatch::Dimension;
use aws::{Answering, AwsService, CLOUDWATCH, Fault, Protocol, Reply, Request, RequestFacts, ServiceModel, Structure};
use aws::{ServiceError, codec};

use crate::metrics::Metrics;
use refusal::Refusal;

type Answer<T> = Result<T, Refusal>;

/// CloudWatch as a service of the handler.
pub struct CloudWatch {
    metrics: Arc<Metrics>,
}

impl CloudWatch {
    pub fn new(metrics: Arc<Metrics>) -> CloudWatch {
        CloudWatch { metrics }
    }

    async fn called(&self, request: &Request<'_>) -> Answer<Reply> {
        let Request { operation, protocol, .. } = *request;
        let caller = request.caller.ok_or(Refusal::Unsigned)?;
        let decoded = codec::decode(operation, protocol, &request.input)?;
        if let Some(observer) = request.observer {
            observer.asked(RequestFacts { accesses: Vec::new(), parameters: refusal::names(operation, &decoded) });
        }
        // Policies are about a namespace alone, which is no longer than a request.
        permission::permit(caller, operation, &decoded)?;
        let output = self.execute(caller, operation.name(), codec_request(operation, decoded)?).await?;
        Ok(codec::answer(operation, protocol, &output, request.request_id))
    }

    async fn execute(&self, caller: &Caller, operation: &'static str, request: Structure) -> Answer<Structure> {
        match operation {
            "GetMetricData" => self.get_metric_data(caller, codec::checked(request)?).await.map(codec::output),
            "GetMetricStatistics" => {
                self.get_metric_statistics(caller, codec::checked(request)?).await.map(codec::output)
            }
            "ListMetrics" => self.list_metrics(caller, codec::checked(request)?).await.map(codec::output),
            "PutMetricData" => self.put_metric_data(caller, codec::checked(request)?).map(codec::output),
            other => Err(Refusal::NotBuilt(other)),
        }
    }
}

/// The request, if it satisfies its constraints.
fn codec_request(operation: aws::OperationId, decoded: Structure) -> Answer<Structure> {
    codec::check(operation, &decoded)?;
    Ok(decoded)
}

impl AwsService for CloudWatch {
    fn model(&self) -> &'static ServiceModel {
        &CLOUDWATCH
    }

    fn call<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let (protocol, request_id) = (request.protocol, request.request_id);
            self.called(&request)
                .await
                .unwrap_or_else(|refusal| codec::refuse(&CLOUDWATCH, protocol, refusal.error(protocol), request_id))
        })
    }

    fn refuse(&self, fault: Fault, protocol: Protocol, request_id: &str) -> Reply {
        codec::refuse(&CLOUDWATCH, protocol, ServiceError::common(&CLOUDWATCH, fault, protocol), request_id)
    }
}

fn dimensions(asked: Option<Vec<Dimension>>) -> Vec<crate::Dimension> {
    asked.unwrap_or_default().into_iter().map(|dimension| (dimension.name, dimension.value)).collect()
}
