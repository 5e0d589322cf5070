//! What a browser and what other clients get.

use http_body_util::BodyExt;
use hyper::{Request, Response};

use super::*;
use crate::connection_states::ConnectionState;
use crate::unsent::{AnswerBody, Unsent};

fn answer(method: &str, target: &str, headers: &[(&str, &str)]) -> Option<Response<AnswerBody>> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let head = request.body(()).expect("a request").into_parts().0;
    let answer = Console::for_tests().answer(&head)?;
    let state = ConnectionState::new(crate::transport::local());
    let unsent = Unsent::new(&state, 0, None);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    Some(runtime.block_on(answer.into_response(&head, &base::random::request_id(), unsent)))
}

fn text(response: Response<AnswerBody>) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let bytes = runtime.block_on(response.into_body().collect()).expect("a body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn header<'a>(response: &'a Response<AnswerBody>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

#[test]
fn a_browser_is_led_to_the_page_and_others_are_not() {
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let led = answer("GET", "/", &browser).expect("a redirection");
    assert_eq!((led.status(), header(&led, "location")), (StatusCode::FOUND, "/console/"));
    assert_eq!(answer("GET", "/shell", &[]).expect("a redirection").status(), StatusCode::FOUND);
    assert!(answer("GET", "/", &[("accept", "*/*")]).is_none(), "the health check");
    assert!(answer("GET", "/?Action=ListUsers&Version=2010-05-08", &browser).is_none(), "an operation");
    assert!(answer("POST", "/", &browser).is_none());
    assert!(answer("GET", "/console/", &[("x-amz-target", "DynamoDB_20120810.ListTables")]).is_none());
}

#[test]
fn the_page_has_its_guards_and_is_revalidated() {
    let page = answer("GET", "/console/", &[]).expect("the page");
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&page, "cache-control"), "no-cache");
    for directive in
        ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'", "frame-ancestors 'none'"]
    {
        assert!(header(&page, "content-security-policy").contains(directive), "{directive}");
    }
    assert_eq!(header(&page, "x-content-type-options"), "nosniff");
    let tag = header(&page, "etag").to_owned();
    let again = answer("GET", "/console/", &[("if-none-match", &tag)]).expect("the page");
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(text(again), "");
}

#[test]
fn assets_are_found_by_the_names_of_the_page() {
    let page = text(answer("GET", "/console/", &[]).expect("the page"));
    let script = page.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a script");
    let target = format!("/console/{script}");
    let script = answer("GET", &target, &[]).expect("a script");
    assert_eq!(header(&script, "content-type"), "text/javascript; charset=utf-8");
    assert!(header(&script, "cache-control").contains("immutable"));
    let packed = answer("GET", &target, &[("accept-encoding", "gzip, deflate, br")]).expect("a script");
    assert_eq!(header(&packed, "content-encoding"), "gzip");
    let missing = answer("GET", "/console/assets-0/js/main.js", &[]).expect("an answer");
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[test]
fn the_setup_says_how_callers_are_checked() {
    let text = text(answer("GET", "/console/config.json", &[]).expect("the setup"));
    let setup: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(setup["callers"], "any");
    assert_eq!((&setup["region"], &setup["regions"]), (&"eu-west-3".into(), &serde_json::json!(["eu-west-3"])));
    assert_eq!(setup["readOnly"], false);
    assert!(Console::new(ConsoleMode::Off, &Setup { regions: &[], callers: CallerCheck::Keys }).is_none());
}

#[test]
fn it_is_on_by_itself_only_on_this_machine() {
    assert_eq!(ConsoleMode::or_default(None, true), ConsoleMode::On);
    assert_eq!(ConsoleMode::or_default(None, false), ConsoleMode::Off);
    assert_eq!(ConsoleMode::or_default(Some(ConsoleMode::ReadOnly), false), ConsoleMode::ReadOnly);
}
