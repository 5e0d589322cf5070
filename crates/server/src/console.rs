//! The web console's files over HTTP. They hold no secret and can do nothing: each action of a page is a signed request of one of the
//! services, which knows no difference between the console and any other client.
//!
//! | request | answer |
//! |---|---|
//! | `GET /console/` | the page; revalidated with each visit |
//! | `GET /console/config.json` | what the page needs to know before anything is signed: [`Setup`] |
//! | `GET /console/assets-…/…` | a file, cached for good |
//! | `GET /` with `Accept: text/html` | a redirection to the page; any other client gets the health check |
//! | `GET /shell`, `GET /console` | the same, for habits of DynamoDB Local's users |

use ::console::{File, MediaType};
use clap::ValueEnum;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode, header};

use crate::answer::{Answer, ContentType};

const HOME: &str = "/console/";

/// No script, style or connection of another origin, none that is written into the page, and no text that becomes script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ConsoleMode {
    Off,
    On,
    ReadOnly,
}

impl ConsoleMode {
    /// `is_local`: whether only this machine reaches the address.
    pub(crate) fn or_default(mode: Option<ConsoleMode>, is_local: bool) -> ConsoleMode {
        mode.unwrap_or(if is_local { ConsoleMode::On } else { ConsoleMode::Off })
    }
}

/// How callers are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CallerCheck {
    /// Any access key will do; its account and region have tables of their own, or not.
    Open { isolated: bool },
    /// The keys of a file.
    Keys,
    /// Users and roles.
    Identities,
}

/// What the page knows of its server.
pub(crate) struct Setup<'a> {
    /// The first one is the default.
    pub(crate) regions: &'a [String],
    pub(crate) callers: CallerCheck,
}

pub(crate) struct Console {
    /// The content of `config.json`.
    config: String,
}

impl Console {
    /// `None` if it is off.
    pub(crate) fn new(mode: ConsoleMode, setup: &Setup<'_>) -> Option<Console> {
        if mode == ConsoleMode::Off {
            return None;
        }
        let callers = match setup.callers {
            CallerCheck::Open { .. } => "any",
            CallerCheck::Keys => "keys",
            CallerCheck::Identities => "identities",
        };
        let config = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "region": setup.regions.first(),
            "regions": setup.regions,
            "callers": callers,
            "isolated": setup.callers == CallerCheck::Open { isolated: true },
            "readOnly": mode == ConsoleMode::ReadOnly,
        });
        Some(Console { config: config.to_string() })
    }

    /// `None` for a request that is not the console's.
    pub(crate) fn answer(&self, head: &Parts) -> Option<Answer> {
        if !matches!(head.method, Method::GET | Method::HEAD) || head.headers.contains_key("x-amz-target") {
            return None;
        }
        let path = head.uri.path();
        if path == "/shell" || path == "/shell/" || path == "/console" || path == "/" && wants_page(head) {
            let answer = Answer::empty(StatusCode::FOUND);
            return Some(answer.with_headers([("location", HOME.to_owned()), ("vary", "accept".to_owned())]));
        }
        Some(match path.strip_prefix(HOME)? {
            "" => file(head, ::console::page(), "no-cache"),
            "config.json" => {
                Answer::text(StatusCode::OK, ContentType::Json, self.config.clone()).with_headers(headers("no-store"))
            }
            path => match ::console::asset(path) {
                Some(asset) => file(head, asset, "public, max-age=31536000, immutable"),
                None => Answer::text(StatusCode::NOT_FOUND, ContentType::Text, "no such file\n")
                    .with_headers(headers("no-store")),
            },
        })
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Console {
        let setup = Setup { regions: &["eu-west-3".to_owned()], callers: CallerCheck::Open { isolated: false } };
        Console::new(ConsoleMode::On, &setup).expect("it is on")
    }
}

/// Browsers name `text/html` when they open a page; scripts and load balancers do not.
fn wants_page(head: &Parts) -> bool {
    head.uri.query().is_none()
        && head
            .headers
            .get(header::ACCEPT)
            .is_some_and(|accept| accept.to_str().is_ok_and(|text| text.contains("text/html")))
}

fn file(head: &Parts, file: &'static File, cached: &str) -> Answer {
    let headers = || {
        headers(cached).into_iter().chain([("etag", file.etag().to_owned()), ("vary", "accept-encoding".to_owned())])
    };
    let known = head.headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == file.etag())) {
        return Answer::empty(StatusCode::NOT_MODIFIED).with_headers(headers());
    }
    let content_type = match file.media_type() {
        MediaType::Css => ContentType::Css,
        MediaType::Html => ContentType::Html,
        MediaType::JavaScript => ContentType::JavaScript,
        MediaType::Svg => ContentType::Svg,
    };
    Answer::file(head, content_type, file.bytes(), file.gzip()).with_headers(headers())
}

fn headers(cached: &str) -> Vec<(&'static str, String)> {
    let fixed = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
        ("cache-control", cached),
    ];
    fixed.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

#[cfg(test)]
mod tests;
