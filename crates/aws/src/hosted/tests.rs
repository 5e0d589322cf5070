//! One hosted service: in which order its requests are decoded, named, decided and executed.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use auth::fixture::{caller, user};
use serde_json::{Value as Json, json};

use super::*;
use crate::facts::{Observer, TransportFault};
use crate::fixture::request;
use crate::permission::{RequestKeys, Resource};
use crate::service::Input;
use crate::toy::TOY;

/// The toy under the actions of a real service, since AWS's reference has none of a toy's.
#[derive(Default)]
struct Hosted {
    executed: Mutex<usize>,
}

impl HostedService for Hosted {
    const MODEL: &'static ServiceModel = &TOY;
    type Call = Decoded;
    type Refusal = Refusal;

    async fn decode(&self, _: &Caller, request: Request<'_>) -> Result<Decoded, Refusal> {
        Ok(Decoded::of(&request)?)
    }

    fn names(&self, call: &Decoded) -> Vec<(&'static str, String)> {
        call.names(&[("name", "Name"), ("keys", "Keys"), ("kind", "Kind")])
    }

    fn check_sizes(&self, call: &Decoded) -> Result<(), DecodeError> {
        call.check_sizes()
    }

    async fn permissions<'a>(&'a self, _: &'a Caller, call: &'a Decoded) -> Result<Permissions<'a>, Refusal> {
        let keys = RequestKeys::of_tags(&call.members())
            .with("cloudwatch:namespace", call.members().text("Name"))
            .with_all("cloudwatch:alarmactions", call.members().texts("Keys").into_iter());
        let tags = BTreeMap::from([("team".to_owned(), "a".to_owned())]);
        let resources = ["one", "two"].map(|name| {
            let arn = format!("arn:aws:cloudwatch:us-east-1:111111111111:alarm:{name}");
            if name == "one" { Resource::tagged(arn, BTreeMap::clone(&tags)) } else { Resource::of(arn) }
        });
        let actions = ["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"].map(Into::into);
        Ok(Permissions { actions: actions.into(), resources: resources.into(), keys })
    }

    async fn execute(&self, _: &Caller, call: Decoded) -> Result<Structure, Refusal> {
        let checked = call.checked()?;
        *self.executed.lock().unwrap() += 1;
        Ok(checked)
    }

    fn error(refusal: Refusal, protocol: Protocol) -> ServiceError {
        refusal.error(&TOY, protocol)
    }
}

#[derive(Default)]
struct Observed(Mutex<Vec<RequestFacts>>);

impl Observer for Observed {
    fn asked(&self, facts: RequestFacts) {
        self.0.lock().unwrap().push(facts);
    }

    fn breaks(&self, _: TransportFault) {}
}

struct Outcome {
    status: u16,
    text: String,
    names: Vec<Vec<(&'static str, String)>>,
    executed: usize,
}

fn call(caller: Option<&Caller>, body: &Json) -> Outcome {
    let (service, observed, anyone) = (Hosted::default(), Observed::default(), auth::fixture::caller(ACCOUNT));
    let input = Input::Body(body.to_string().into_bytes().into());
    let operation = TOY.operation("PutThing").unwrap();
    let asked = request(operation, Protocol::AwsJson, &anyone, input);
    let asked = Request { caller, observer: Some(&observed), ..asked };
    let reply = match pin!(service.call(asked)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => reply,
        Poll::Pending => panic!("nothing here waits"),
    };
    let names = observed.0.into_inner().unwrap().into_iter().map(|facts| facts.parameters).collect();
    let executed = *service.executed.lock().unwrap();
    Outcome { status: reply.status, text: String::from_utf8(reply.body).unwrap(), names, executed }
}

fn allow(action: &str, resource: &str, condition: Json) -> Json {
    json!({"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition})
}

const ACCOUNT: &str = "111111111111";
const ALARMS: &str = "arn:aws:cloudwatch:us-east-1:111111111111:alarm:*";

#[test]
fn a_request_is_named_before_it_is_decided_and_decided_before_it_is_executed() {
    let body = json!({"Name": "thing", "Keys": ["a", "b"]});
    let names = vec![vec![("name", "thing".to_owned()), ("keys", "a, b".to_owned())]];
    let allowed = call(Some(&caller(ACCOUNT)), &body);
    assert_eq!((allowed.status, &allowed.names, allowed.executed), (200, &names, 1), "{}", allowed.text);
    let denied = call(Some(&user(ACCOUNT, &[])), &body);
    assert_eq!((denied.status, &denied.names, denied.executed), (400, &names, 0), "{}", denied.text);
    assert!(denied.text.contains("perform: cloudwatch:PutMetricAlarm on resource: arn:aws:cloudwatch:"));
    // A denied caller learns nothing of constraints but of sizes, which bound what is decided.
    let broken = json!({"Name": "THING"});
    assert!(call(Some(&user(ACCOUNT, &[])), &broken).text.contains("AccessDeniedException"));
    assert!(call(Some(&caller(ACCOUNT)), &broken).text.contains("ValidationException"));
    let large = call(Some(&user(ACCOUNT, &[])), &json!({"Name": "thingthing"}));
    assert!(large.text.contains("ValidationException") && large.names.len() == 1, "{}", large.text);
    // What cannot be read has no names.
    let malformed = call(Some(&caller(ACCOUNT)), &json!([]));
    assert!(malformed.names.is_empty() && malformed.executed == 0, "{}", malformed.text);
    let unsigned = call(None, &body);
    assert!(unsigned.text.contains("MissingAuthenticationTokenException") && unsigned.executed == 0);
}

#[test]
fn each_action_is_asked_on_each_resource() {
    let body = json!({"Name": "thing"});
    let both = [allow("cloudwatch:PutMetricAlarm", ALARMS, json!({})), allow("cloudwatch:Tag*", ALARMS, json!({}))];
    assert_eq!(call(Some(&user(ACCOUNT, &both)), &body).status, 200);
    for left_out in 0..2 {
        let one = [both[1 - left_out].clone()];
        assert_eq!(call(Some(&user(ACCOUNT, &one)), &body).executed, 0);
    }
    let on_one = [allow("cloudwatch:*", &ALARMS.replace('*', "one"), json!({}))];
    assert!(call(Some(&user(ACCOUNT, &on_one)), &body).text.contains("alarm:two"));
}

/// A policy sees a key that the action has, and no other one, whatever the service says.
#[test]
fn conditions_see_the_keys_of_the_action() {
    let body = json!({"Name": "thing", "Keys": ["a"], "Tags": [{"Key": "k", "Value": "v"}]});
    let seen = |key: &str, action: &str| {
        let null = allow(action, "*", json!({"Null": {key: "false"}}));
        let others = ["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"];
        let others = others.into_iter().filter(|other| *other != action).map(|other| allow(other, "*", json!({})));
        let statements: Vec<Json> = others.chain([null]).collect();
        let outcome = call(Some(&user(ACCOUNT, &statements)), &body);
        (outcome.executed == 1, outcome.text)
    };
    for (key, on_alarms, on_tags) in [
        ("cloudwatch:AlarmActions", true, false),
        ("cloudwatch:Namespace", false, false),
        ("aws:RequestTag/k", true, true),
        ("aws:TagKeys", true, true),
        ("aws:RequestTag/other", false, false),
        // The second resource has none.
        ("aws:ResourceTag/team", false, false),
    ] {
        for (action, expected) in [("cloudwatch:PutMetricAlarm", on_alarms), ("cloudwatch:TagResource", on_tags)] {
            let (is_seen, text) = seen(key, action);
            assert_eq!(is_seen, expected, "{key} {action} {text}");
        }
    }
    let of_team = json!({"StringEquals": {"aws:ResourceTag/team": "a"}});
    let outcome = call(Some(&user(ACCOUNT, &[allow("cloudwatch:*", "*", of_team)])), &body);
    assert!(outcome.text.contains("alarm:two"), "the first one is of the team: {}", outcome.text);
}
