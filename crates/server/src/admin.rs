//! What a test may change while the server runs: the rules of faults. JSON over HTTP, without credentials, on the operator's address;
//! on the main address only where its callers need none either. Without the flag that enables it a path refuses.
//!
//! | request | does |
//! |---|---|
//! | `GET /admin/faults` | lists the rules, with how often each has fired |
//! | `POST /admin/faults` | adds a rule, or `{"rules": [...]}` |
//! | `DELETE /admin/faults` | deletes all rules |
//! | `DELETE /admin/faults/ID` | deletes a rule |

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use ops::faults::{AddError, Faults};
use serde_json::{Value, json};

use crate::answer::{Answer, ContentType};
use crate::faults;
use crate::log;

const PREFIX: &str = "/admin/";
const FAULTS: &str = "/admin/faults";

/// A hundred rules are smaller. Unit: bytes.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 16;

/// What is enabled.
#[derive(Default)]
pub(crate) struct Admin {
    pub(crate) faults: Option<Arc<Faults>>,
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
    pub(crate) fn is_enabled(&self) -> bool {
        self.faults.is_some()
    }

    /// `body` is absent if it was not received whole.
    pub(crate) fn answer(&self, head: &Parts, body: Option<&[u8]>) -> Answer {
        let Some(body) = body else {
            let message = format!("the body has more than {BODY_BYTES_MAX} bytes, or did not arrive");
            return refused(&Refused { status: StatusCode::PAYLOAD_TOO_LARGE, member: None, message });
        };
        match self.done(head, body) {
            Ok(value) => json(StatusCode::OK, &value),
            Err(refusal) => refused(&refusal),
        }
    }

    fn done(&self, head: &Parts, body: &[u8]) -> Done {
        let path = head.uri.path();
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        match (path, path.strip_prefix(FAULTS).and_then(|rest| rest.strip_prefix('/'))) {
            (FAULTS, _) if is_read => Ok(listed(self.enabled()?)),
            (FAULTS, _) if head.method == Method::POST => add(self.enabled()?, body),
            (FAULTS, _) if head.method == Method::DELETE => {
                let deleted = self.enabled()?.reset();
                log::info("fault_rules_changed", &format!("all {deleted} fault rules are deleted"), &[]);
                Ok(json!({"deleted": deleted}))
            }
            (_, Some(id)) if head.method == Method::DELETE => delete(self.enabled()?, id),
            (FAULTS, _) | (_, Some(_)) => Err(Refused {
                status: StatusCode::METHOD_NOT_ALLOWED,
                member: None,
                message: "GET, POST and DELETE /admin/faults, and DELETE /admin/faults/ID".to_owned(),
            }),
            _ => Err(not_found("no such path")),
        }
    }

    fn enabled(&self) -> Result<&Faults, Refused> {
        self.faults.as_deref().ok_or_else(|| Refused {
            status: StatusCode::FORBIDDEN,
            member: None,
            message: "faults are not enabled; start the server with --faults".to_owned(),
        })
    }
}

fn listed(faults: &Faults) -> Value {
    let rules: Vec<Value> = faults.list().iter().map(faults::shown).collect();
    json!({"rules": rules})
}

fn add(faults: &Faults, body: &[u8]) -> Done {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| bad("", format!("the body is no JSON: {error}")))?;
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
        let answer = admin.answer(&head, Some(body.as_bytes()));
        (answer.status(), serde_json::from_slice(answer.body()).expect("JSON"))
    }

    #[test]
    fn rules_are_added_listed_and_deleted() {
        let admin = Admin { faults: Some(Arc::default()) };
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

    #[tokio::test]
    async fn a_body_is_bounded() {
        let body = |bytes: usize| http_body_util::Full::new(Bytes::from(vec![b' '; bytes]));
        assert!(read(body(BODY_BYTES_MAX)).await.is_some());
        assert!(read(body(BODY_BYTES_MAX + 1)).await.is_none());
    }
}
