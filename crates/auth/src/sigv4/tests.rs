//! Signed requests and AWS's answers, as data.

use super::*;

const HEADER: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-3/dynamodb/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=abc";

fn header(authorization: &str) -> Signed<'_> {
    Signed { authorization: Some(authorization), dated: true, ..Signed::default() }
}

fn query(query: &str) -> Signed<'_> {
    Signed { query: Some(query), ..Signed::default() }
}

#[test]
fn accepted() {
    let check = |signed: Signed<'_>, expected: [&str; 4]| {
        let credential = signed.credential().unwrap_or_else(|refusal| panic!("{signed:?}: {refusal}"));
        let Credential { access_key, date, region, service } = credential;
        assert_eq!([&*access_key, &*date, &*region, &*service], expected);
    };
    check(header(HEADER), ["AKID", "20260101", "eu-west-3", "dynamodb"]);
    // Without spaces, as some signers write it, and in another order.
    check(
        header("AWS4-HMAC-SHA256 Signature=a,SignedHeaders=host,Credential=k/20260101/local/dax/aws4_request"),
        ["k", "20260101", "local", "dax"],
    );
    let asymmetric = "AWS4-ECDSA-P256-SHA256 Credential=k/20260101/dynamodb/aws4_request, SignedHeaders=h, Signature=a";
    check(header(asymmetric), ["k", "20260101", "*", "dynamodb"]);
    check(
        Signed { region_set: Some("us-west-2,us-east-1"), ..header(asymmetric) },
        ["k", "20260101", "us-west-2", "dynamodb"],
    );
    check(
        query(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20260101%2Fus-east-1%2fdynamodb%2Faws4_request\
             &X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=abc",
        ),
        ["k", "20260101", "us-east-1", "dynamodb"],
    );
}

#[test]
fn refused() {
    let check = |signed: Signed<'_>, expected: &str| {
        let refusal = signed.credential().expect_err(expected);
        assert_eq!(refusal.to_string(), expected, "{signed:?}");
    };
    let missing = "Request is missing Authentication Token";
    check(Signed::default(), missing);
    check(header(""), missing);
    check(header("Bearer abc"), missing);
    check(query("a=b"), missing);
    check(
        header("AWS4-HMAC-SHA256"),
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
         Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256",
    );
    check(
        Signed { dated: false, ..header("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b") },
        "Authorization header requires 'Signature' parameter. Authorization header requires existence of either a \
         'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b",
    );
    for credential in [
        "a",
        "a/20260101/us-east-1/dynamodb",
        "a/2026/us-east-1/dynamodb/aws4_request",
        "/20260101/us-east-1/dynamodb/aws4_request",
        "a/20260101//dynamodb/aws4_request",
        "b/a/20260101/us-east-1/dynamodb/aws4_request",
    ] {
        check(
            header(&format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=b, Signature=c")),
            &format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, \
                 got '{credential}'"
            ),
        );
    }
    check(
        query("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=%zz&X-Amz-Date="),
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include \
         'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string \
         parameters.",
    );
    check(
        Signed { query: Some("X-Amz-Algorithm=AWS4-HMAC-SHA256"), ..header(HEADER) },
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
}

#[test]
fn strange_queries_do_not_panic() {
    for text in ["", "&", "=", "%", "X-Amz-Credential=%", "X-Amz-Credential=%4", "X-Amz-Credential=%4é", "é=%C3%"] {
        let _ = query(text).credential();
    }
}
