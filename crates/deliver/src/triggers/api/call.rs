//! A request of this API, decoded once: what is permitted, done and audited is read from it.

use auth::Caller;
use aws::lambda::{
    CreateEventSourceMappingRequest, ListEventSourceMappingsRequest, TagResourceRequest, UntagResourceRequest,
    UpdateEventSourceMappingRequest,
};
use aws::{DecodeError, OperationId, Structure, Typed, codec};
use ops::allowance::BodyCost;

use super::Refusal;
use super::permission::RequestTags;
use super::request::{Asked, MappingRequest};
use super::route::{Operation, Route};
use super::tags::{self, Tags};

/// The largest body: ten filters and fifty tags, each as long as it may be, fit with a percent of their letters escaped.
/// Unit: bytes. AWS documents none for these operations.
pub(super) const BODY_SIZE_BYTES_MAX: usize = 256 * 1024;
/// What a byte of a body may come to as values, and more: an empty structure in a list is three bytes of text, and a value of 32
/// bytes in a list that grows by doubling.
/// Unit: bytes.
const MEMORY_PER_BYTE: usize = 100;

const BODY: BodyCost =
    BodyCost { small_bytes: 16 * 1024, memory: |body| body.len() * MEMORY_PER_BYTE, work_per_byte: 8 };

#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    pub(super) route: Route,
    pub(super) input: Input,
}

/// What a request says beside its path.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Input {
    Nothing,
    Mapping(Box<Asked>),
    List(ListEventSourceMappingsRequest),
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
        BODY.admit(body).await?.run(async { Call::read(caller, route, query, body) }).await
    }

    /// A stream's ARN gets its one spelling, so that permissions, quotas, filters and the audit log see what is the same.
    ///
    /// # Errors
    /// Lambda's refusal of a body or a query that cannot be read.
    pub(super) fn read(caller: &Caller, route: Route, query: &str, body: &[u8]) -> Result<Call, Refusal> {
        let labels = [(route.label, route.mapping.clone())];
        let decoded = codec::decode_rest(route.id, &labels, query, body)?;
        let mut input = match route.operation {
            Operation::CreateEventSourceMapping => {
                Input::Mapping(Box::new(mapping::<CreateEventSourceMappingRequest>(route.id, decoded)?))
            }
            Operation::UpdateEventSourceMapping => {
                Input::Mapping(Box::new(mapping::<UpdateEventSourceMappingRequest>(route.id, decoded)?))
            }
            Operation::ListEventSourceMappings => Input::List(codec::typed(route.id, decoded)?),
            Operation::TagResource => {
                let request: TagResourceRequest = codec::typed(route.id, decoded)?;
                Input::Tags(tags::checked(request.tags)?)
            }
            Operation::UntagResource => {
                let request: UntagResourceRequest = codec::typed(route.id, decoded)?;
                Input::TagKeys(request.tag_keys)
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

    /// The tags that conditions see of a request about one mapping.
    pub(super) fn request_tags(&self) -> RequestTags<'_> {
        match &self.input {
            Input::Tags(tags) => tags.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect(),
            Input::TagKeys(keys) => keys.iter().map(|key| (key.as_str(), None)).collect(),
            Input::Nothing | Input::Mapping(_) | Input::List(_) => Vec::new(),
        }
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

/// A request for a mapping, with all constraints that it breaks in one refusal.
pub(super) fn mapping<T: Typed + Into<MappingRequest>>(
    operation: OperationId,
    decoded: Structure,
) -> Result<Asked, Refusal> {
    let mut broken = match codec::check(operation, &decoded) {
        Ok(()) => Vec::new(),
        Err(DecodeError::Broken(broken)) => broken.into_sentences(),
        Err(error) => return Err(error.into()),
    };
    // Without a member that it requires, a request has no type.
    let request = codec::checked::<T>(decoded).map(Into::<MappingRequest>::into);
    if let Ok(request) = &request {
        broken.extend(request.broken());
    }
    match broken.is_empty() {
        true => Asked::of(request?),
        false => Err(Refusal::Validation(broken)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untagging_names_its_keys() {
        let caller = auth::fixture::caller("1");
        let read = |query| Call::read(&caller, Route::at("DELETE", "/2017-03-31/tags/arn:m"), query, b"");
        let keys = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(read("tagKeys=a&tagKeys=b").map(|call| call.input), Ok(Input::TagKeys(keys)));
        let missing = "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null";
        assert_eq!(read(""), Err(Refusal::Validation(vec![missing.to_owned()])));
    }
}
