//! ListEventSourceMappings: its request, and what the model does not say of it.

use aws::lambda::ListEventSourceMappingsRequest;

use super::refusal::broken;
use crate::triggers::function;

/// Of an answer, whatever `MaxItems` says. Source: API Reference, ListEventSourceMappings.
const PAGE_MAX: usize = 100;

/// The number of mappings that an answer has at most.
pub(super) fn items_max(request: &ListEventSourceMappingsRequest) -> usize {
    request.max_items.and_then(|number| usize::try_from(number).ok()).map_or(PAGE_MAX, |number| number.min(PAGE_MAX))
}

/// A broken constraint of a function's name, or of a URL in its place, which no pattern of Lambda fits.
pub(super) fn bad_function(name: &str) -> String {
    let constraint = match function::is_url(name) {
        true => format!("Member must be {}", function::URL_FORM),
        false => format!("Member must satisfy regular expression pattern: {}", function::PATTERN),
    };
    broken("FunctionName", name, &constraint)
}

#[cfg(test)]
mod tests {
    use super::super::Refusal;
    use super::super::call::{Call, Input};
    use super::super::route::Route;
    use super::*;

    fn read(query: &str) -> Result<Input, Refusal> {
        let caller = auth::Caller {
            account: "1".to_owned(),
            region: "x".to_owned(),
            access_key: "k".to_owned(),
            identity: None,
            served: None,
        };
        Call::read(&caller, Route::at("GET", "/2015-03-31/event-source-mappings"), query, b"").map(|call| call.input)
    }

    #[test]
    fn a_bad_url_is_refused_as_one() {
        let refused = bad_function("http://u:p@h/x");
        assert!(
            refused.contains("at 'functionName' failed to satisfy constraint: Member must be an http://"),
            "{refused}"
        );
        assert!(bad_function("a b").ends_with(function::PATTERN));
    }

    #[test]
    fn parameters() {
        let expected = ListEventSourceMappingsRequest {
            function_name: Some("f:P".to_owned()),
            event_source_arn: Some("arn:aws x".to_owned()),
            marker: Some("m".to_owned()),
            max_items: Some(7),
        };
        assert_eq!(items_max(&expected), 7);
        for query in [
            "FunctionName=f%3AP&EventSourceArn=arn%3aaws+x&MaxItems=7&Marker=m&Other=%",
            "%46unctionName=f%3AP&Event%53ource%41rn=arn%3aaws+x&M%61xItems=7&M%61rker=m",
        ] {
            assert_eq!(read(query), Ok(Input::List(expected.clone())), "{query}");
        }
        let Ok(Input::List(asked)) = read("") else { panic!("a list") };
        assert_eq!(items_max(&asked), PAGE_MAX);
        for (query, name) in [
            ("MaxItems=0", "ValidationException"),
            ("MaxItems=10001", "ValidationException"),
            ("MaxItems=", "SerializationException"),
        ] {
            assert_eq!(read(query).unwrap_err().name(), name, "{query}");
        }
    }
}
