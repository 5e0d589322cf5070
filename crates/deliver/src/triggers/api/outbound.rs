//! Whether a caller may have the server call what a mapping names: its function and its on-failure destination.
//!
//! Three things are asked: the caller's policies, the operator's rule for ARNs (the server's own keys sign the call) and the one
//! for addresses (the server calls from inside its network).

use std::borrow::Cow;

use auth::Caller;
use client::Url;

use super::permission::{Said, permit, permit_one};
use super::{Operation, Refusal};

const UPDATE: &str = Operation::UpdateEventSourceMapping.action();
use crate::triggers::function::Function;
use crate::triggers::mapping::{Mapping, Settings, queue_region};
use crate::triggers::{Triggers, queue_place};

impl Triggers {
    /// Decides an update on the mapping as it is when it is changed, and on what it becomes: the function that it has, another
    /// one that the request names, and another destination.
    pub(super) fn permit_update(
        &self,
        caller: &Caller,
        before: &Mapping,
        function: Option<&Function>,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        permit_one(caller, UPDATE, before, Vec::new())?;
        let said = Said { tags: Cow::Borrowed(&before.tags), ..Said::default() };
        if let Some(function) = function {
            permit(caller, UPDATE, &before.arn(), &Said { function_arn: Some(function.arn().into()), ..said.clone() })?;
            self.check_function(caller, UPDATE, function)?;
        }
        match &settings.on_failure {
            Some(destination) if before.settings.on_failure.as_ref() != Some(destination) => {
                self.check_destination(caller, UPDATE, &before.arn(), destination, &said)
            }
            _ => Ok(()),
        }
    }

    /// Whether a caller may have a function called: the operator's keys sign the call, or the server makes it from inside its
    /// network.
    pub(super) fn check_function(&self, caller: &Caller, action: &str, function: &Function) -> Result<(), Refusal> {
        match function {
            Function::Url(url) => self.check_url("function", url),
            Function::Lambda { .. } => self.check_arn(caller, action, &function.arn()),
        }
    }

    fn check_arn(&self, caller: &Caller, action: &str, arn: &str) -> Result<(), Refusal> {
        let checked = self.service.service_arns().check(caller, action, arn);
        checked.map_err(|text| Refusal::Unsigned("AccessDeniedException", text))
    }

    fn check_url(&self, what: &str, url: &Url) -> Result<(), Refusal> {
        let checked = self.places.egress.check_text(url);
        checked.map_err(|closed| Refusal::invalid(format!("The {what} {url} cannot be called: {closed}")))
    }

    /// Whether a caller may have failures sent to a destination. On AWS the function's role needs `sqs:SendMessage`; here the
    /// caller does. A URL is posted to as one that is a function, so it is decided as that: by the action on the mapping, under
    /// its `lambda:FunctionArn`.
    pub(super) fn check_destination(
        &self,
        caller: &Caller,
        action: &str,
        mapping: &str,
        destination: &str,
        said: &Said<'_>,
    ) -> Result<(), Refusal> {
        if let Ok(url) = Url::parse(destination) {
            let said = Said { function_arn: Some(destination.into()), ..said.clone() };
            permit(caller, action, mapping, &said)?;
            return self.check_url("destination", &url);
        }
        let invalid = |why: &str| {
            Refusal::invalid(format!(
                "The provided destination config DestinationConfig(onFailure={destination}) is invalid: {why}"
            ))
        };
        let (region, _) = queue_place(destination).ok_or_else(|| invalid("name an SQS queue or an HTTP URL"))?;
        if queue_region(&caller.account, &caller.region).is_some_and(|own| own != region) {
            return Err(invalid("the queue is in another region than the stream"));
        }
        permit(caller, "sqs:SendMessage", destination, &Said::default())?;
        self.check_arn(caller, "sqs:SendMessage", destination)?;
        match &self.places.sqs {
            Some(_) => Ok(()),
            None => Err(Refusal::invalid(format!(
                "The destination {destination} cannot be reached: this server has no SQS endpoint; start it with --sqs-endpoint"
            ))),
        }
    }
}
