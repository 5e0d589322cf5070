//! Which operation a request asks for: its method and its path, parsed once. What is no operation's path has no effect.

use super::Refusal;
use super::query::percent_decoded;

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
const TAGS: &str = "/2017-03-31/tags";
/// Of a mapping's UUID or ARN. Unit: bytes.
const NAME_SIZE_MAX: usize = 256;

/// Defines [`Operation`] from rows: a name, and the version that its path begins with.
macro_rules! operations {
    ($($operation:ident $version:literal;)+) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Operation {
            $($operation,)+
        }

        impl Operation {
            pub const ALL: &[Operation] = &[$(Operation::$operation,)+];

            pub const fn name(self) -> &'static str {
                match self {
                    $(Operation::$operation => stringify!($operation),)+
                }
            }

            /// As CloudTrail names it: with the version.
            pub const fn event_name(self) -> &'static str {
                match self {
                    $(Operation::$operation => concat!(stringify!($operation), $version),)+
                }
            }

            /// As policies name it.
            pub const fn action(self) -> &'static str {
                match self {
                    $(Operation::$operation => concat!("lambda:", stringify!($operation)),)+
                }
            }
        }
    };
}

operations! {
    CreateEventSourceMapping "20150331";
    ListEventSourceMappings "20150331";
    GetEventSourceMapping "20150331";
    UpdateEventSourceMapping "20150331";
    DeleteEventSourceMapping "20150331";
    ListTags "20170331";
    TagResource "20170331";
    UntagResource "20170331";
}

impl Operation {
    pub const fn is_read(self) -> bool {
        matches!(self, Operation::ListEventSourceMappings | Operation::GetEventSourceMapping | Operation::ListTags)
    }
}

/// An operation, and the mapping that its path names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    pub operation: Operation,
    /// A UUID, or an ARN where tags are concerned; empty for all mappings.
    pub mapping: String,
}

impl Route {
    /// `None` for a path that is not of this API.
    ///
    /// # Errors
    /// [`Refusal::UnknownOperation`] for one that is, and is no operation's.
    pub fn of(method: &str, path: &str) -> Option<Result<Route, Refusal>> {
        let below = |folder: &str| path.strip_prefix(folder).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let route = match (below(MAPPINGS), below(TAGS)) {
            (Some(rest), _) => mapping(method, rest),
            (_, Some(rest)) => tags(method, rest),
            (None, None) => return None,
        };
        Some(route.ok_or(Refusal::UnknownOperation))
    }
}

fn mapping(method: &str, rest: &str) -> Option<Route> {
    let mapping = name(rest)?;
    let operation = match (method, mapping.is_empty()) {
        ("POST", true) => Operation::CreateEventSourceMapping,
        ("GET", true) => Operation::ListEventSourceMappings,
        ("GET", false) => Operation::GetEventSourceMapping,
        ("PUT", false) => Operation::UpdateEventSourceMapping,
        ("DELETE", false) => Operation::DeleteEventSourceMapping,
        _ => return None,
    };
    (!mapping.contains(':')).then_some(Route { operation, mapping })
}

fn tags(method: &str, rest: &str) -> Option<Route> {
    let operation = match method {
        "GET" => Operation::ListTags,
        "POST" => Operation::TagResource,
        "DELETE" => Operation::UntagResource,
        _ => return None,
    };
    let mapping = name(rest).filter(|name| !name.is_empty())?;
    Some(Route { operation, mapping })
}

/// The only segment behind a folder; older SDKs end their paths with a slash. A second slash, a dot or anything else
/// that could be read in two ways makes it no path of this API.
fn name(rest: &str) -> Option<String> {
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let segment = rest.strip_suffix('/').unwrap_or(rest);
    let name = percent_decoded(segment)?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte);
    // Nothing but a slash is left of `//`.
    let is_empty_twice = segment.is_empty() && !rest.is_empty();
    (!is_empty_twice && name.len() <= NAME_SIZE_MAX && name.bytes().all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, expected: Option<Option<(Operation, &str)>>) {
        let route = Route::of(method, path).map(Result::ok);
        let found = route.as_ref().map(|route| route.as_ref().map(|route| (route.operation, route.mapping.as_str())));
        assert_eq!(found, expected, "{method} {path}");
    }

    #[test]
    fn paths_of_operations() {
        let all = "/2015-03-31/event-source-mappings";
        for path in [all.to_owned(), format!("{all}/")] {
            check("POST", &path, Some(Some((Operation::CreateEventSourceMapping, ""))));
            check("GET", &path, Some(Some((Operation::ListEventSourceMappings, ""))));
        }
        let uuid = "91eaeb7e-c976-4939-9aa5-5ad5dd3b5e5e";
        for path in [format!("{all}/{uuid}"), format!("{all}/{uuid}/"), format!("{all}/%39{}", &uuid[1..])] {
            check("GET", &path, Some(Some((Operation::GetEventSourceMapping, uuid))));
            check("PUT", &path, Some(Some((Operation::UpdateEventSourceMapping, uuid))));
            check("DELETE", &path, Some(Some((Operation::DeleteEventSourceMapping, uuid))));
            check("POST", &path, Some(None));
        }
        let arn = format!("arn:aws:lambda:us-east-1:111111111111:event-source-mapping:{uuid}");
        for path in [format!("/2017-03-31/tags/{arn}"), format!("/2017-03-31/tags/{}", arn.replace(':', "%3A"))] {
            check("GET", &path, Some(Some((Operation::ListTags, &arn))));
            check("POST", &path, Some(Some((Operation::TagResource, &arn))));
            check("DELETE", &path, Some(Some((Operation::UntagResource, &arn))));
        }
    }

    #[test]
    fn other_paths_are_no_operation() {
        let all = "/2015-03-31/event-source-mappings";
        for rest in [
            "//", "///", "//u", "/u//", "/u/v", "/.", "/..", "/../", "/./u", "/%2e%2e", "/%2F", "/%2f%2f", "/%",
            "/%zz", "/u%00", "/u+v", "/u%20", "/a:b", "/;", "/u;x=y", "/*",
        ] {
            for method in ["GET", "PUT", "POST", "DELETE", "PATCH"] {
                check(method, &format!("{all}{rest}"), Some(None));
            }
        }
        for (method, path) in [
            ("post", all),
            ("HEAD", all),
            ("PUT", all),
            ("DELETE", all),
            ("GET", "/2017-03-31/tags"),
            ("GET", "/2017-03-31/tags/"),
            ("PUT", "/2017-03-31/tags/a"),
            ("GET", "/2017-03-31/tags/a/b"),
            ("GET", "/2017-03-31/tags//a"),
            ("GET", "/2017-03-31/tags/%2e"),
        ] {
            check(method, path, Some(None));
        }
        for path in [
            "/",
            "",
            "//2015-03-31/event-source-mappings",
            "/2015-03-31/event-source-mappingsx",
            "/2015-03-31/Event-Source-Mappings",
            "/2015-03-31/event%2Dsource-mappings",
            "/2015-03-31//event-source-mappings",
            "/./2015-03-31/event-source-mappings",
            "/2015-03-31/functions",
            "/2017-03-31/tagsx",
        ] {
            check("GET", path, None);
            check("POST", path, None);
        }
        check("GET", &format!("{all}/{}", "u".repeat(NAME_SIZE_MAX + 1)), Some(None));
    }
}
