//! What a test may change while the server runs: the rules of faults, and the clock. JSON over HTTP, without credentials, on the operator's address;
//! on the main address only where its callers need none either. Without the flag that enables it a path refuses.
//!
//! | request | does |
//! |---|---|
//! | `GET /admin/faults` | lists the rules, with how often each has fired |
//! | `POST /admin/faults` | adds a rule, or `{"rules": [...]}` |
//! | `DELETE /admin/faults` | deletes all rules |
//! | `DELETE /admin/faults/ID` | deletes a rule |
//! | `GET /admin/clock` | shows the time, and its offset |
//! | `POST /admin/clock` | moves the time on, by `{"advance": "1d"}` or `{"advance_ms": 1500}` |
//! | `/admin/reset`, `/admin/snapshots` | delete, copy and restore all state ([`state`]) |

pub(crate) mod state;

use std::sync::Arc;

use base::{Clock, ClockOffset, utc};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use jobs::Jobs;
use ops::faults::{AddError, Faults};
use serde_json::{Value, json};

use crate::answer::{Answer, ContentType};
use crate::faults;
use crate::log;
use crate::value_parsers::time_ago;

const PREFIX: &str = "/admin/";
const FAULTS: &str = "/admin/faults";
const CLOCK: &str = "/admin/clock";

/// A hundred rules are smaller. Unit: bytes.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 16;

/// The furthest move at once. Unit: milliseconds.
const ADVANCE_MS_MAX: u64 = 36_500 * 86_400_000;

/// What is enabled.
pub(crate) struct Admin {
    pub(crate) faults: Option<Arc<Faults>>,
    /// Of all of the server but signatures, leases, and its log.
    pub(crate) clock: Clock,
    pub(crate) offset: Option<ClockOffset>,
    /// Whether all state may be replaced ([`state`]).
    pub(crate) state: bool,
}

impl Default for Admin {
    fn default() -> Admin {
        Admin { faults: None, clock: Clock::system(), offset: None, state: false }
    }
}

/// Why a request changes nothing.
struct Refused {
    status: StatusCode,
    /// That is wrong in its body, if one is.
    member: Option<String>,
    message: String,
}

type Done = Result<Value, Refused>;

/// Whether a request is one of these.
pub(crate) fn is_path(head: &Parts) -> bool {
    head.uri.path().starts_with(PREFIX) && head.method != Method::OPTIONS
}

/// A whole body; `None` if it is too large or does not arrive.
pub(crate) async fn read<B>(body: B) -> Option<Bytes>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    Limited::new(body, BODY_BYTES_MAX).collect().await.ok().map(|body| body.to_bytes())
}

impl Admin {
    /// `offset_ms` is absent unless the clock may be moved; `state` is whether all state may be replaced.
    pub(crate) fn new(faults: Option<Arc<Faults>>, offset_ms: Option<i64>, state: bool) -> Admin {
        match offset_ms.map(Clock::with_offset) {
            None => Admin { faults, state, ..Admin::default() },
            Some((clock, offset)) => Admin { faults, clock, offset: Some(offset), state },
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.faults.is_some() || self.offset.is_some() || self.state
    }

    /// `body` is absent if it was not received whole; `jobs` are hurried when the clock is moved.
    pub(crate) fn answer(&self, head: &Parts, body: Option<&[u8]>, jobs: Option<&Jobs>) -> Answer {
        let Some(body) = body else {
            let message = format!("the body has more than {BODY_BYTES_MAX} bytes, or did not arrive");
            return refused(&Refused { status: StatusCode::PAYLOAD_TOO_LARGE, member: None, message });
        };
        match self.done(head, body, jobs) {
            Ok(value) => json(StatusCode::OK, &value),
            Err(refusal) => refused(&refusal),
        }
    }

    fn done(&self, head: &Parts, body: &[u8], jobs: Option<&Jobs>) -> Done {
        let path = head.uri.path();
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        if path == CLOCK {
            let offset =
                self.offset.as_ref().ok_or_else(|| disabled("the clock is not to be moved", "--clock-offset 0"))?;
            return match &head.method {
                _ if is_read => Ok(self.time(offset)),
                &Method::POST => self.advance(offset, body, jobs),
                _ => Err(not_allowed("GET and POST /admin/clock")),
            };
        }
        match (path, path.strip_prefix(FAULTS).and_then(|rest| rest.strip_prefix('/'))) {
            (FAULTS, _) if is_read => Ok(listed(self.enabled()?)),
            (FAULTS, _) if head.method == Method::POST => add(self.enabled()?, body),
            (FAULTS, _) if head.method == Method::DELETE => {
                let deleted = self.enabled()?.reset();
                log::info("fault_rules_changed", &format!("all {deleted} fault rules are deleted"), &[]);
                Ok(json!({"deleted": deleted}))
            }
            (_, Some(id)) if head.method == Method::DELETE => delete(self.enabled()?, id),
            (FAULTS, _) | (_, Some(_)) => {
                Err(not_allowed("GET, POST and DELETE /admin/faults, and DELETE /admin/faults/ID"))
            }
            _ => Err(not_found("no such path")),
        }
    }

    fn enabled(&self) -> Result<&Faults, Refused> {
        self.faults.as_deref().ok_or_else(|| disabled("faults are not enabled", "--faults"))
    }

    fn time(&self, offset: &ClockOffset) -> Value {
        let now_ms = self.clock.now_ms();
        json!({"now": utc::rfc3339_ms(now_ms), "now_ms": now_ms, "offset_ms": offset.ms()})
    }

    fn advance(&self, offset: &ClockOffset, body: &[u8], jobs: Option<&Jobs>) -> Done {
        let by_ms = advance_ms(&parsed(body)?)?;
        offset.advance_ms(by_ms);
        // After the move, so that each run sees the new time.
        jobs.into_iter().for_each(Jobs::hurry);
        let time = self.time(offset);
        let message = format!("the clock is advanced by {by_ms} ms, to {}", time["now"].as_str().unwrap_or_default());
        log::warning("clock_advanced", &message, &[("offset_ms", log::Value::Text(&offset.ms().to_string()))]);
        Ok(time)
    }
}

/// What a body moves the clock by. Unit: milliseconds.
fn advance_ms(body: &Value) -> Result<u64, Refused> {
    let members = body.as_object().filter(|members| members.len() == 1);
    let (name, value) = members.and_then(|members| members.iter().next()).ok_or_else(|| {
        bad("", r#"{"advance": "1d"}, or s, m and h in place of d, or {"advance_ms": 1500}"#.to_owned())
    })?;
    let by_ms = match name.as_str() {
        "advance" => value.as_str().and_then(time_ago),
        "advance_ms" => value.as_u64(),
        _ => {
            return Err(bad(
                name,
                "no such member; there are advance and advance_ms. The clock does not go back".to_owned(),
            ));
        }
    };
    let by_ms = by_ms.filter(|by_ms| *by_ms <= ADVANCE_MS_MAX);
    by_ms.ok_or_else(|| {
        bad(name, "a time ahead, up to 36500d, as 90s, 10m, 2h or 1d; the clock does not go back".to_owned())
    })
}

fn listed(faults: &Faults) -> Value {
    let rules: Vec<Value> = faults.list().iter().map(faults::shown).collect();
    json!({"rules": rules})
}

fn add(faults: &Faults, body: &[u8]) -> Done {
    let value = parsed(body)?;
    let rules = faults::rules(&value).map_err(|error| bad(&error.member, error.message))?;
    let is_list = value.get("rules").is_some();
    let added = faults.add(rules).map_err(|error| match error {
        AddError::TooMany => bad(if is_list { "rules" } else { "" }, error.to_string()),
        AddError::SameId(at) if is_list => bad(&format!("rules[{at}].id"), error.to_string()),
        AddError::SameId(_) => bad("id", error.to_string()),
    })?;
    let ids: Vec<&str> = added.iter().map(|armed| armed.id.as_str()).collect();
    let message = format!("{} fault rules are added: {}", ids.len(), ids.join(", "));
    log::info("fault_rules_changed", &message, &[]);
    let rules: Vec<Value> = added.iter().map(faults::shown).collect();
    Ok(json!({"rules": rules}))
}

fn parsed(body: &[u8]) -> Result<Value, Refused> {
    serde_json::from_slice(body).map_err(|error| bad("", format!("the body is no JSON: {error}")))
}

fn delete(faults: &Faults, id: &str) -> Done {
    if !faults.delete(id) {
        return Err(not_found("no rule has this id"));
    }
    log::info("fault_rules_changed", &format!("the fault rule {id} is deleted"), &[]);
    Ok(json!({"deleted": 1}))
}

fn bad(member: &str, message: String) -> Refused {
    let member = (!member.is_empty()).then(|| member.to_owned());
    Refused { status: StatusCode::BAD_REQUEST, member, message }
}

fn disabled(what: &str, flag: &str) -> Refused {
    let message = format!("{what}; start the server with {flag}");
    Refused { status: StatusCode::FORBIDDEN, member: None, message }
}

/// Of requests for all state, without `--test-state`.
pub(crate) fn state_disabled() -> Answer {
    refused(&disabled("the state is not to be replaced", "--test-state"))
}

fn not_allowed(message: &str) -> Refused {
    Refused { status: StatusCode::METHOD_NOT_ALLOWED, member: None, message: message.to_owned() }
}

fn not_found(message: &str) -> Refused {
    Refused { status: StatusCode::NOT_FOUND, member: None, message: message.to_owned() }
}

fn refused(refusal: &Refused) -> Answer {
    let mut value = json!({"message": refusal.message});
    if let Some(member) = &refusal.member {
        value["member"] = json!(member);
    }
    json(refusal.status, &value)
}

fn json(status: StatusCode, value: &Value) -> Answer {
    Answer::text(status, ContentType::Json, format!("{value}\n"))
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn answered(admin: &Admin, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (head, ()) = Request::builder().method(method).uri(path).body(()).expect("a request").into_parts();
        assert!(is_path(&head));
        let answer = admin.answer(&head, Some(body.as_bytes()), None);
        (answer.status(), serde_json::from_slice(answer.body()).expect("JSON"))
    }

    #[test]
    fn rules_are_added_listed_and_deleted() {
        let admin = Admin { faults: Some(Arc::default()), ..Admin::default() };
        let ask = |method: &str, path: &str, body: &str| answered(&admin, method, path, body);
        assert_eq!(ask("GET", FAULTS, ""), (200, json!({"rules": []})));
        let (status, added) = ask("POST", FAULTS, r#"{"table": "t", "latency": 5, "seed": 1}"#);
        let rule = json!({"id": "rule-1", "table": "t", "latency": {"ms": 5, "jitter_ms": 0}, "probability": 1.0, "seed": 1,
            "injected": 0});
        assert_eq!((status, &added["rules"][0]), (200, &rule));
        let two = r#"{"rules": [{"id": "a", "latency": 5}, {"id": "a", "latency": 5}]}"#;
        let same = json!({"member": "rules[1].id", "message": "another rule has this id"});
        assert_eq!(ask("POST", FAULTS, two), (400, same));
        assert_eq!(ask("POST", FAULTS, "{").0, 400);
        assert_eq!(ask("POST", FAULTS, r#"{"latency": -1}"#).1["member"], "latency");
        assert_eq!(ask("GET", FAULTS, "").1["rules"].as_array().map(Vec::len), Some(1));
        assert_eq!(ask("DELETE", "/admin/faults/rule-2", "").0, 404);
        assert_eq!(ask("DELETE", "/admin/faults/rule-1", ""), (200, json!({"deleted": 1})));
        assert_eq!(ask("DELETE", FAULTS, ""), (200, json!({"deleted": 0})));
        assert_eq!(ask("PUT", FAULTS, "").0, 405);
        assert_eq!(ask("GET", "/admin/nothing", "").0, 404);
    }

    #[test]
    fn nothing_is_changed_unless_it_is_enabled() {
        for (method, path) in [("GET", FAULTS), ("POST", FAULTS), ("DELETE", FAULTS), ("DELETE", "/admin/faults/a")] {
            let (status, refusal) = answered(&Admin::default(), method, path, r#"{"latency": 5}"#);
            assert_eq!(
                (status, &refusal["message"]),
                (403, &json!("faults are not enabled; start the server with --faults"))
            );
        }
    }

    #[test]
    fn the_clock_goes_forward_alone() {
        let (clock, offset) = Clock::with_offset(0);
        let admin = Admin { clock, offset: Some(offset), ..Admin::default() };
        let before_ms = admin.clock.now_ms();
        let (status, time) = answered(&admin, "POST", CLOCK, r#"{"advance": "1d"}"#);
        assert_eq!((status, &time["offset_ms"]), (200, &json!(86_400_000)));
        assert!(time["now_ms"].as_u64().is_some_and(|now_ms| now_ms >= before_ms + 86_400_000));
        assert_eq!(answered(&admin, "POST", CLOCK, r#"{"advance_ms": 500}"#).1["offset_ms"], 86_400_500);
        for body in [
            r#"{"advance": "-1d"}"#,
            r#"{"advance_ms": -1}"#,
            r#"{"offset": 1}"#,
            r#"{"advance": "40000d"}"#,
            "{}",
            "x",
        ] {
            assert_eq!(answered(&admin, "POST", CLOCK, body).0, 400, "{body}");
        }
        assert_eq!(answered(&admin, "GET", CLOCK, "").1["offset_ms"], 86_400_500);
        assert_eq!(answered(&admin, "DELETE", CLOCK, "").0, 405);
        assert_eq!(answered(&Admin::default(), "POST", CLOCK, r#"{"advance": "1d"}"#).0, 403);
    }

    #[tokio::test]
    async fn a_body_is_bounded() {
        let body = |bytes: usize| http_body_util::Full::new(Bytes::from(vec![b' '; bytes]));
        assert!(read(body(BODY_BYTES_MAX)).await.is_some());
        assert!(read(body(BODY_BYTES_MAX + 1)).await.is_none());
    }
}
