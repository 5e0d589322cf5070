//! Requests, good and tricky, and the one thing that each of them is.

use std::sync::Arc;

use ::aws::{Answering, AwsService, CLOUDWATCH, Reply, ServiceModel};
use hyper::Request;

use super::*;
use crate::services::HOSTED;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/x-amz-json-1.0";

/// The routes need the models of the services alone.
struct Modelled(&'static ServiceModel);

impl AwsService for Modelled {
    fn model(&self) -> &'static ServiceModel {
        self.0
    }

    fn call<'a>(&'a self, _: ::aws::Request<'a>) -> Answering<'a> {
        panic!("a call")
    }

    fn refuse(&self, fault: Fault, _: Protocol, _: &str) -> Reply {
        panic!("{fault:?}")
    }
}

fn route(method: &str, target: &str, headers: &[(&str, &str)]) -> Route {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let services = HOSTED.iter().map(|model| Arc::new(Modelled(model)) as Arc<dyn AwsService>);
    let services = Services::of(services.chain([Arc::new(Modelled(&CLOUDWATCH)) as Arc<dyn AwsService>]).collect());
    let pages = Pages { operator: true, console: Some(Console::for_tests()) };
    Route::of(&request.body(()).expect("a request").into_parts().0, &services, &pages, "eu-west-3")
}

fn name(route: &Route) -> String {
    match route {
        Route::Page(page) => format!("{page:?}"),
        Route::Admin => "admin".to_owned(),
        Route::Console(_) => "console".to_owned(),
        Route::Operation(asked) => match &asked.operation {
            Ok(operation) if asked.protocol == Protocol::RestJson => {
                let label = asked.labels.first().map_or("", |(_, value)| value.as_str());
                format!("{operation} {label}")
            }
            Ok(operation) => operation.name().to_owned(),
            Err(_) if asked.protocol == Protocol::RestJson => "UnknownOperationException".to_owned(),
            Err(_) => "unknown operation".to_owned(),
        },
        Route::Form(form) => format!("{form:?}"),
        Route::Answered(answer) if answer.is_refusal() => "refused".to_owned(),
        Route::Answered(_) => "answered".to_owned(),
    }
}

#[track_caller]
fn check(method: &str, target: &str, headers: &[(&str, &str)], expected: &str) {
    assert_eq!(name(&route(method, target, headers)), expected, "{method} {target} {headers:?}");
}

#[test]
fn operations_of_dynamodb() {
    let json = |target| [("content-type", JSON), ("x-amz-target", target)];
    check("POST", "/", &json("DynamoDB_20120810.PutItem"), "PutItem");
    check("POST", "/?Action=DeleteUser", &json("DynamoDB_20120810.PutItem"), "PutItem");
    check("POST", "/", &json("DynamoDB_20120810.putItem"), "unknown operation");
    check("POST", "/", &[("content-type", "application/json; charset=utf-8")], "unknown operation");
    let target = [("x-amz-target", "DynamoDB_20120810.PutItem")];
    for (method, path) in [("PUT", "/"), ("POST", "//"), ("POST", "/."), ("POST", "/%2f"), ("POST", "/table")] {
        check(method, path, &[("content-type", JSON), target[0]], "refused");
    }
    check("POST", "/", &target, "refused");
    check("POST", "/", &[("content-type", "text/plain"), target[0]], "refused");
}

/// A path of an operation has one spelling. Only the name in it may be percent-encoded, as SDKs do, and is read decoded.
#[test]
fn other_spellings_of_paths_are_no_operation() {
    let all = "/2015-03-31/event-source-mappings";
    check("GET", &format!("{all}/%39a"), &[], "GetEventSourceMapping 9a");
    for path in [
        "/%68ealthz",
        "//healthz",
        "/./healthz",
        "/x/../healthz",
        "/healthz/",
        "/%2e",
        "//",
        "/2015-03-31/%65vent-source-mappings/",
        "/2015-03-31%2fevent-source-mappings/",
        "//2015-03-31/event-source-mappings/",
        "/2015-03-31//event-source-mappings/",
        "/2015-03-31/./event-source-mappings/",
        "/x/../2015-03-31/event-source-mappings/",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            check(method, path, &[("content-type", JSON), ("x-amz-target", "DynamoDB_20120810.PutItem")], "refused");
            check(method, &format!("{path}?Action=ListUsers"), &[("content-type", FORM)], "refused");
        }
    }
    for rest in ["//", "/..", "/.", "/%2e%2e/", "/a/../b", "/%2f", "/a%2Fb", "/a//"] {
        check("GET", &format!("{all}{rest}"), &[], "UnknownOperationException");
    }
}

#[test]
fn forms() {
    for content_type in [FORM, "Application/X-WWW-Form-Urlencoded ; charset=utf-8"] {
        check("POST", "/?Action=DeleteUser", &[("content-type", content_type)], "Body");
    }
    for query in ["Action=ListUsers", "Version=x&%41ction=ListUsers", "Action"] {
        check("GET", &format!("/?{query}"), &[("content-type", FORM)], "Query");
        check("GET", &format!("/x?{query}"), &[], "refused");
        check("GET", &format!("//?{query}"), &[], "refused");
        check("PUT", &format!("/?{query}"), &[("content-type", FORM)], "refused");
    }
    check("GET", "/?action=ListUsers", &[], "answered");
    check("GET", "/", &[("content-type", FORM)], "answered");
    check("POST", "/x", &[("content-type", FORM)], "refused");
}

#[test]
fn event_source_mappings() {
    let all = "/2015-03-31/event-source-mappings";
    check("POST", &format!("{all}/"), &[], "CreateEventSourceMapping ");
    check("GET", &format!("{all}/u?MaxItems=1"), &[("content-type", FORM)], "GetEventSourceMapping u");
    for path in ["//", "/u/v", "/..", "/%2e%2e/", "/u%2fv"] {
        check("POST", &format!("{all}{path}"), &[], "UnknownOperationException");
        check("DELETE", &format!("{all}{path}"), &[], "UnknownOperationException");
    }
    check("OPTIONS", all, &[], "answered");
    check("POST", "//2015-03-31/event-source-mappings", &[], "refused");
    check("POST", "/2015-03-31/Event-Source-Mappings", &[("content-type", FORM)], "refused");
}

#[test]
fn pages() {
    check("GET", "/healthz", &[], "Health");
    check("HEAD", "/readyz?x", &[], "Ready");
    check("GET", "/metrics", &[("x-amz-target", "DynamoDB_20120810.PutItem")], "Metrics");
    check("POST", "/metrics", &[], "refused");
    check("GET", "/metrics/", &[], "refused");
    check("GET", "/", &[], "answered");
}

/// The target decides before the content type: a form cannot be in its place.
#[test]
fn targets_decide_first() {
    let target = ("x-amz-target", "DynamoDB_20120810.PutItem");
    check("POST", "/", &[("content-type", FORM), target], "refused");
    check("GET", "/?Action=ListUsers", &[target], "answered");
    check("PUT", "/2015-03-31/event-source-mappings/u", &[target], "refused");
    check(
        "POST",
        "/",
        &[("content-type", JSON), ("x-amz-target", "GraniteServiceVersion20100801.PutMetricData")],
        "PutMetricData",
    );
}

#[test]
fn operations_of_rpc() {
    let path = "/service/GraniteServiceVersion20100801/operation/";
    let cbor = [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")];
    check("POST", &format!("{path}PutMetricData"), &cbor, "PutMetricData");
    check("POST", &format!("{path}Nope"), &cbor, "unknown operation");
    check("GET", &format!("{path}PutMetricData"), &cbor, "refused");
    check("POST", "/service/Other/operation/PutMetricData", &cbor, "refused");
    check("POST", &format!("{path}PutMetricData"), &cbor[..1], "unknown operation");
    let other = [cbor[0], ("smithy-protocol", "rpc-v2-json")];
    check("POST", &format!("{path}PutMetricData"), &other, "unknown operation");
}
