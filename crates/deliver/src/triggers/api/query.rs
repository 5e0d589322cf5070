//! The query of ListEventSourceMappings.

use aws::Members;

use super::refusal::broken;
use crate::triggers::function;

/// Source: API Reference, ListEventSourceMappings.
const ITEMS_MAX: usize = 10_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    pub function_name: Option<String>,
    pub event_source_arn: Option<String>,
    pub marker: Option<String>,
    pub items_max: usize,
}

impl Asked {
    pub(super) fn read(members: Members<'_>) -> Asked {
        let text = |name: &str| members.text(name).map(str::to_owned);
        let items_max = members.integer("MaxItems").and_then(|number| usize::try_from(number).ok());
        Asked {
            function_name: text("FunctionName"),
            event_source_arn: text("EventSourceArn"),
            marker: text("Marker"),
            items_max: items_max.unwrap_or(ITEMS_MAX),
        }
    }
}

/// A broken constraint of a function's name.
pub(super) fn bad_function(name: &str) -> String {
    let constraint = format!("Member must satisfy regular expression pattern: {}", function::PATTERN);
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
        };
        Call::read(&caller, Route::at("GET", "/2015-03-31/event-source-mappings"), query, b"").map(|call| call.input)
    }

    #[test]
    fn parameters() {
        let expected = Asked {
            function_name: Some("f:P".to_owned()),
            event_source_arn: Some("arn:aws x".to_owned()),
            marker: Some("m".to_owned()),
            items_max: 7,
        };
        for query in [
            "FunctionName=f%3AP&EventSourceArn=arn%3aaws+x&MaxItems=7&Marker=m&Other=%",
            "%46unctionName=f%3AP&Event%53ource%41rn=arn%3aaws+x&M%61xItems=7&M%61rker=m",
        ] {
            assert_eq!(read(query), Ok(Input::List(expected.clone())), "{query}");
        }
        let Ok(Input::List(asked)) = read("") else { panic!("a list") };
        assert_eq!(asked.items_max, ITEMS_MAX);
        for (query, name) in [
            ("MaxItems=0", "ValidationException"),
            ("MaxItems=10001", "ValidationException"),
            ("MaxItems=", "SerializationException"),
        ] {
            assert_eq!(read(query).unwrap_err().name(), name, "{query}");
        }
    }
}
