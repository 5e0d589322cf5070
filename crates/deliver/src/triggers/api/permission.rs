//! Whether a caller may do something with event source mappings, where callers have identities.
//!
//! Actions, resources and condition keys are those of the Service Authorization Reference, "AWS Lambda". On AWS the
//! function's role reads the stream; Stator has no such roles, so a caller that makes a mapping, or changes its function or
//! destination, must be allowed to read the stream itself, and to send to its on-failure queue (`sqs:SendMessage`). A mapping
//! continues whatever its maker's permissions are later, but of another account's stream only while that stream's policy allows
//! it (`reader`). A function or destination that is a URL is its own `lambda:FunctionArn`, in its canonical form.

use std::borrow::Cow;

use auth::{Caller, account_of};
use aws::{Permissions, Refusal as Common, RequestKeys, Resource};

use super::call::Call;
use super::route::Operation;
use super::tags::{Tags, uuid_of};
use super::{Answer, Refusal, find};
use crate::triggers::Triggers;
use crate::triggers::mapping::Mapping;

/// Tags that a request sets, or only keys of those that it removes.
pub(super) type RequestTags<'a> = Vec<(&'a str, Option<&'a str>)>;

/// What a request says of a mapping; of that, conditions see the keys that the action has.
#[derive(Clone, Default)]
pub(super) struct Said<'a> {
    pub function_arn: Option<Cow<'a, str>>,
    /// Of the mapping as it is.
    pub tags: Cow<'a, Tags>,
    pub request_tags: RequestTags<'a>,
}

impl<'a> Said<'a> {
    fn of(mapping: &'a Mapping, request_tags: RequestTags<'a>) -> Said<'a> {
        let function_arn = Some(mapping.function_arn.as_str().into());
        Said { function_arn, tags: Cow::Borrowed(&mapping.tags), request_tags }
    }

    fn requires(self, action: &'a str, arn: Cow<'a, str>) -> Permissions<'a> {
        let tags = self.request_tags.iter().filter_map(|(key, value)| Some((*key, (*value)?))).collect();
        let tag_keys = self.request_tags.iter().map(|(key, _)| *key).collect();
        let keys = RequestKeys { tags, tag_keys, own: Vec::new() }.with("lambda:functionarn", self.function_arn);
        // A queue may be another account's, which a condition sees; the caller's own policies decide nevertheless.
        let account = account_of(&arn).map(|account| account.to_owned().into());
        Permissions { actions: vec![action.into()], resources: vec![Resource { arn, account, tags: self.tags }], keys }
    }
}

/// Decides an action on mappings as a whole (`*`) or on one of them.
///
/// # Errors
/// Lambda's refusal.
pub(super) fn permit(caller: &Caller, action: &str, resource: &str, said: &Said<'_>) -> Answer {
    let required = said.clone().requires(action, resource.into());
    required.ask(caller).map_err(|reason| Common::from(reason).into())
}

/// Decides an action on a mapping as it is.
///
/// # Errors
/// Lambda's refusal.
pub(super) fn permit_one(caller: &Caller, action: &str, mapping: &Mapping, request_tags: RequestTags<'_>) -> Answer {
    permit(caller, action, &mapping.arn(), &Said::of(mapping, request_tags))
}

impl Triggers {
    /// What a request requires before anything is done: its action on the mapping that it names, whether that exists or not.
    pub(super) async fn required<'a>(&self, caller: &Caller, call: &'a Call) -> Answer<Permissions<'a>> {
        let (operation, uuid) = (call.route.operation, uuid_of(&call.route.mapping));
        match operation {
            // What a new mapping requires follows from the function and the destination that it names, which have to be read first.
            Operation::CreateEventSourceMapping => return Ok(Permissions::default()),
            Operation::ListEventSourceMappings => {
                return Ok(Said::default().requires(operation.action(), "*".into()));
            }
            _ => {}
        }
        let mappings = self.mappings().await?;
        let mapping = find(&mappings, caller, uuid).ok();
        let said = Said {
            function_arn: mapping.map(|mapping| mapping.function_arn.clone().into()),
            tags: Cow::Owned(mapping.map(|mapping| mapping.tags.clone()).unwrap_or_default()),
            request_tags: call.request_tags(),
        };
        let arn = format!("arn:aws:lambda:{}:{}:event-source-mapping:{uuid}", caller.region, caller.account);
        Ok(said.requires(operation.action(), arn.into()))
    }

    /// Decides whether a caller may read a stream.
    ///
    /// # Errors
    /// DynamoDB's refusal.
    pub(super) async fn permit_reader(&self, caller: &Caller, stream_arn: &str) -> Result<(), Refusal> {
        let reader = ops::StreamReader { stream_arn: stream_arn.to_owned() };
        self.service.permit(caller, api::Operation::GetRecords, &reader).await.map_err(|refused| match refused {
            // Lambda has no exception of its own for policies that take too much work (see `permit`).
            api::Exception::AccessDenied(text) | api::Exception::LimitExceeded(text) => {
                Refusal::Unsigned("AccessDeniedException", text)
            }
            other => other.into(),
        })
    }
}
