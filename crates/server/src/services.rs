//! The AWS APIs that this server has, and how a request finds its own. A service is added to this list, and nowhere else.

use std::ops::Index;
use std::sync::Arc;

use ::aws::{
    AwsService, CLOUDWATCH, DYNAMODB, DYNAMODB_STREAMS, IAM, LAMBDA, Protocol, STS, ServiceModel, ServiceName,
};
use ::identity::{Api, Authority, QueryService};
use cloudwatch::{CloudWatch, InsightRules};
use deliver::triggers::Triggers;
use hyper::Method;
use hyper::http::request::Parts;
use wire::DynamoDb;

/// The models of all services, whose requests are counted.
pub(crate) const HOSTED: [&ServiceModel; 6] = [&DYNAMODB, &DYNAMODB_STREAMS, &LAMBDA, &IAM, &STS, &CLOUDWATCH];

/// Whether a path is one of a service whose operations have paths. Browsers' preflights have no service.
pub(crate) fn has_rest_path(head: &Parts) -> bool {
    let found = || ::aws::by_path(HOSTED, head.method.as_str(), head.uri.path());
    head.method != Method::OPTIONS && found().is_some()
}

/// The services, the first of which answers what names none.
pub(crate) struct Services(Vec<Arc<dyn AwsService>>);

/// The place of a service in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ServiceId(usize);

impl ServiceId {
    /// DynamoDB.
    pub(crate) const FIRST: ServiceId = ServiceId(0);
}

impl Services {
    /// There is no authority where callers have no identities.
    pub(crate) fn new(
        service: &Arc<ops::Service>,
        triggers: Arc<Triggers>,
        authority: Option<&Arc<Authority>>,
        metrics: &Arc<cloudwatch::Metrics>,
    ) -> Services {
        let rules: Arc<dyn InsightRules> = Arc::<ops::Service>::clone(service);
        let query = |api| Arc::new(QueryService::new(api, authority.cloned()));
        Services(vec![
            Arc::new(DynamoDb::new(service)),
            Arc::new(DynamoDb::streams(service)),
            triggers,
            query(Api::Iam),
            query(Api::Sts),
            Arc::new(CloudWatch::new(Arc::clone(metrics)).with_rules(rules)),
        ])
    }

    #[cfg(test)]
    pub(crate) fn of(services: Vec<Arc<dyn AwsService>>) -> Services {
        Services(services)
    }

    pub(crate) fn models(&self) -> impl Iterator<Item = &'static ServiceModel> {
        self.0.iter().map(|service| service.model())
    }

    pub(crate) fn of_model(&self, model: &'static ServiceModel) -> Option<ServiceId> {
        self.position(|own| std::ptr::eq(own, model))
    }

    /// The first service that a request names so.
    pub(crate) fn find(&self, name: ServiceName<'_>) -> Option<ServiceId> {
        self.position(|own| own.is_named(name))
    }

    /// The service of a form; the first one of the Query protocol if it names none.
    pub(crate) fn of_form(&self, name: Option<ServiceName<'_>>) -> ServiceId {
        let first = || self.position(|own| own.speaks(Protocol::Query));
        name.and_then(|name| self.find(name)).or_else(first).unwrap_or(ServiceId::FIRST)
    }

    /// Whether requests to an operation of this name, of any service of the Query protocol, need no signature.
    pub(crate) fn is_unsigned(&self, name: &str) -> bool {
        let mut query = self.models().filter(|model| model.speaks(Protocol::Query));
        query.any(|model| model.operation(name).is_some_and(|operation| !operation.model().is_signed))
    }

    fn position(&self, is_it: impl Fn(&'static ServiceModel) -> bool) -> Option<ServiceId> {
        self.0.iter().position(|service| is_it(service.model())).map(ServiceId)
    }
}

impl Index<ServiceId> for Services {
    type Output = Arc<dyn AwsService>;

    fn index(&self, id: ServiceId) -> &Arc<dyn AwsService> {
        &self.0[id.0]
    }
}
