//! A request of this API, decoded once: what is permitted, done and audited is read from it.

use auth::Caller;
use aws::{Members, codec};
use ops::allowance;

use super::Refusal;
use super::query;
use super::request::Asked;
use super::route::{Operation, Route};
use super::tags::{self, Tags};

/// The largest body: ten filters and fifty tags, each as long as it may be, fit with a percent of their letters escaped.
/// Unit: bytes. AWS documents none for these operations.
pub(super) const BODY_SIZE_BYTES_MAX: usize = 256 * 1024;
/// Up to here a body needs no memory or time worth counting. Unit: bytes.
const BODY_SMALL_BYTES: usize = 16 * 1024;
/// What a byte of a body may come to as values, and more: an empty structure in a list is three bytes of text, and a value of 32
/// bytes in a list that grows by doubling.
/// Unit: bytes.
const MEMORY_PER_BYTE: usize = 100;
/// A byte of a body is as much work as so many that are only looked at.
const WORK_PER_BYTE: usize = 8;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Call {
    pub(super) route: Route,
    pub(super) input: Input,
}

/// What a request says beside its path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Input {
    Nothing,
    Mapping(Box<Asked>),
    List(query::Asked),
    Tags(Tags),
    TagKeys(Vec<String>),
}

impl Input {
    fn event_source_arn(&mut self) -> Option<&mut String> {
        match self {
            Input::Mapping(asked) => asked.event_source_arn.as_mut(),
            Input::List(asked) => asked.event_source_arn.as_mut(),
            Input::Nothing | Input::Tags(_) | Input::TagKeys(_) => None,
        }
    }
}

impl Call {
    /// As [`Call::read`]. A large body is decoded with a share of the memory and a CPU permit of the request that it belongs
    /// to (`ops::allowance`).
    ///
    /// # Errors
    /// As for [`Call::read`], and [`Refusal::TooManyRequests`] if there was no memory for too long.
    pub(super) async fn decode(caller: &Caller, route: Route, query: &str, body: &[u8]) -> Result<Call, Refusal> {
        if body.len() <= BODY_SMALL_BYTES {
            return Call::read(caller, route, query, body);
        }
        allowance::reserve(body.len() * MEMORY_PER_BYTE).await?;
        let read = async { Call::read(caller, route, query, body) };
        allowance::heavy(body.len() * WORK_PER_BYTE, read).await
    }

    /// A stream's ARN gets its one spelling, so that permissions, quotas, filters and the audit log see what is the same.
    ///
    /// # Errors
    /// Lambda's refusal of a body or a query that cannot be read.
    pub(super) fn read(caller: &Caller, route: Route, query: &str, body: &[u8]) -> Result<Call, Refusal> {
        let labels = [(route.label, route.mapping.clone())];
        let decoded = codec::decode_rest(route.id, &labels, query, body)?;
        let members = Members::of_request(route.id, &decoded);
        let checked = || codec::check(route.id, &decoded);
        let mut input = match route.operation {
            Operation::CreateEventSourceMapping | Operation::UpdateEventSourceMapping => {
                Input::Mapping(Box::new(Asked::read(members, checked())?))
            }
            Operation::ListEventSourceMappings => {
                checked()?;
                Input::List(query::Asked::read(members))
            }
            Operation::TagResource => {
                checked()?;
                Input::Tags(tags::tags(&members.entries("Tags").unwrap_or_default())?)
            }
            Operation::UntagResource => {
                Input::TagKeys(members.texts("TagKeys").into_iter().map(str::to_owned).collect())
            }
            Operation::GetEventSourceMapping | Operation::DeleteEventSourceMapping | Operation::ListTags => {
                Input::Nothing
            }
        };
        if let Some(arn) = input.event_source_arn()
            && let Some(canonical) = ops::canonical_arn(caller, arn)
        {
            *arn = canonical;
        }
        Ok(Call { route, input })
    }

    /// The names in the request, under CloudTrail's names of its members; `destination` is that of failures. A function and
    /// a destination may be URLs.
    pub(super) fn names(&self) -> Vec<(&'static str, &str)> {
        let (function_name, event_source_arn) = match &self.input {
            Input::Mapping(asked) => (asked.function_name.as_deref(), asked.event_source_arn.as_deref()),
            Input::List(asked) => (asked.function_name.as_deref(), asked.event_source_arn.as_deref()),
            Input::Nothing | Input::Tags(_) | Input::TagKeys(_) => (None, None),
        };
        let of_tags =
            matches!(self.route.operation, Operation::ListTags | Operation::TagResource | Operation::UntagResource);
        let mapping = Some(self.route.mapping.as_str()).filter(|mapping| !mapping.is_empty());
        let destination = match &self.input {
            Input::Mapping(asked) => asked.destination(),
            Input::Nothing | Input::List(_) | Input::Tags(_) | Input::TagKeys(_) => None,
        };
        let all = [
            ("destination", destination),
            ("eventSourceArn", event_source_arn),
            ("functionName", function_name),
            (if of_tags { "resource" } else { "uUID" }, mapping),
        ];
        all.into_iter().filter_map(|(member, name)| Some((member, name?))).collect()
    }
}
