//! Whether a caller may do something with event source mappings, where callers have identities.
//!
//! Actions, resources and condition keys are those of the Service Authorization Reference, "AWS Lambda". On AWS the
//! function's role reads the stream; Stator has no such roles, so a caller that makes a mapping, or changes its function or
//! destination, must be allowed to read the stream itself, and to send to its on-failure queue (`sqs:SendMessage`). A mapping
//! continues whatever its maker's permissions are later, but of another account's stream only while that stream's policy allows
//! it (`reader`). A function or destination that is a URL is its own `lambda:FunctionArn`, in its canonical form.

use std::borrow::Cow;

use auth::iam::{Context, Decision, Globals, Question, Values, WorkBudget, decide_within, tag_value};
use auth::{Caller, account_of};

use super::tags::Tags;
use super::{Refusal, find};
use crate::triggers::Triggers;
use crate::triggers::mapping::Mapping;

const REQUEST_TAG: &str = "aws:requesttag/";
const RESOURCE_TAG: &str = "aws:resourcetag/";

/// What a request says of a mapping; of that, conditions see the keys that the action has.
#[derive(Clone, Default)]
pub(super) struct Said<'a> {
    pub function_arn: Option<&'a str>,
    /// Of the mapping as it is.
    pub tags: Option<&'a Tags>,
    /// Tags that are set, or only keys that are removed.
    pub request_tags: Vec<(&'a str, Option<&'a str>)>,
}

impl Context for Said<'_> {
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        let one = |text| Some(Values::One(Cow::Borrowed(text)));
        match key {
            "lambda:functionarn" => one(self.function_arn?),
            "aws:tagkeys" if !self.request_tags.is_empty() => {
                Some(Values::Many(self.request_tags.iter().map(|(key, _)| Cow::Borrowed(*key)).collect()))
            }
            _ => match (key.strip_prefix(REQUEST_TAG), key.strip_prefix(RESOURCE_TAG)) {
                (Some(tag), _) => {
                    tag_value(self.request_tags.iter().filter_map(|(own, value)| Some((*own, (*value)?))), tag, work)
                }
                (_, Some(tag)) => {
                    tag_value(self.tags?.iter().map(|(own, value)| (own.as_str(), value.as_str())), tag, work)
                }
                (None, None) => None,
            },
        }
    }
}

/// Decides an action on mappings as a whole (`*`) or on one of them.
///
/// # Errors
/// Lambda's refusal.
pub(super) fn permit(caller: &Caller, action: &str, resource: &str, said: &Said<'_>) -> Result<(), Refusal> {
    let Some(identity) = &caller.identity else { return Ok(()) };
    // A queue may be another account's, which a condition sees; the caller's own policies decide nevertheless.
    let resource_account = account_of(resource).unwrap_or(&caller.account);
    let context = Globals { identity, region: &caller.region, resource_account, own: said };
    let question = Question {
        principal: &identity.principal,
        action,
        resource,
        resource_account: &caller.account,
        resource_policy: None,
        context: &context,
    };
    let work = WorkBudget::default();
    match decide_within(&question, &work) {
        _ if work.is_exhausted() => Err(Refusal::Unsigned("AccessDeniedException", WorkBudget::REFUSAL.to_owned())),
        Decision::Allowed => Ok(()),
        Decision::Denied(denial) => Err(Refusal::Unsigned("AccessDeniedException", question.refusal(denial))),
    }
}

/// Decides an action on a mapping as it is.
///
/// # Errors
/// Lambda's refusal.
pub(super) fn permit_one(
    caller: &Caller,
    action: &str,
    mapping: &Mapping,
    request_tags: Vec<(&str, Option<&str>)>,
) -> Result<(), Refusal> {
    let said = Said { function_arn: Some(&mapping.function_arn), tags: Some(&mapping.tags), request_tags };
    permit(caller, action, &mapping.arn(), &said)
}

impl Triggers {
    /// Decides an action on one mapping, whether it exists or not. Returns the ARN of its stream.
    ///
    /// # Errors
    /// Lambda's refusal.
    pub(super) async fn permit_mapping(
        &self,
        caller: &Caller,
        action: &str,
        uuid: &str,
        request_tags: Vec<(&str, Option<&str>)>,
    ) -> Result<Option<String>, Refusal> {
        if caller.identity.is_none() {
            return Ok(None);
        }
        let mappings = self.mappings().await?;
        let mapping = find(&mappings, caller, uuid).ok();
        let said = Said {
            function_arn: mapping.map(|mapping| mapping.function_arn.as_str()),
            tags: mapping.map(|mapping| &mapping.tags),
            request_tags,
        };
        let arn = format!("arn:aws:lambda:{}:{}:event-source-mapping:{uuid}", caller.region, caller.account);
        permit(caller, action, &arn, &said)?;
        Ok(mapping.map(|mapping| mapping.event_source_arn.clone()))
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
