//! The service that a request says it is signed for, read without checking anything: for messages only.

use hyper::header;
use hyper::http::request::Parts;

const CREDENTIAL: &str = "Credential=";
const QUERY_CREDENTIAL: &str = "X-Amz-Credential=";
/// AWS's own names are shorter. Unit: bytes.
const SERVICE_SIZE_MAX: usize = 64;

/// Of the header `Authorization`, or of a presigned URL.
pub(crate) fn service(head: &Parts) -> Option<String> {
    let scope = match head.headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let (_, rest) = value.to_str().ok()?.split_once(CREDENTIAL)?;
            rest.split([',', ' ']).next()?.to_owned()
        }
        None => {
            let value = head.uri.query()?.split('&').find_map(|pair| pair.strip_prefix(QUERY_CREDENTIAL))?;
            base::percent_decoded_text(value).into_owned()
        }
    };
    of_scope(&scope)
}

/// A scope ends with the service and `aws4_request`; a region precedes them, but not in SigV4A's.
fn of_scope(scope: &str) -> Option<String> {
    let service = scope.strip_suffix("/aws4_request")?.rsplit('/').next()?;
    let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = !service.is_empty() && service.len() <= SERVICE_SIZE_MAX && service.bytes().all(is_good);
    is_name.then(|| service.to_owned())
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    #[test]
    fn where_scopes_are() {
        let check = |authorization: &str, target: &str, expected: Option<&str>| {
            let mut request = Request::get(target);
            if !authorization.is_empty() {
                request = request.header("authorization", authorization);
            }
            let (head, ()) = request.body(()).expect("a request").into_parts();
            assert_eq!(service(&head).as_deref(), expected, "{authorization} {target}");
        };
        check("AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request, SignedHeaders=host", "/", Some("s3"));
        check(
            "AWS4-ECDSA-P256-SHA256 Credential=k/20260101/dynamodb/aws4_request,SignedHeaders=host",
            "/",
            Some("dynamodb"),
        );
        check("", "/b?X-Amz-Credential=k%2F20260101%2Fus-east-1%2Fsqs%2Faws4_request&X-Amz-Date=d", Some("sqs"));
        check("", "/", None);
        check("Basic dXNlcg==", "/", None);
        check("AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3", "/", None);
        check("AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/<b>/aws4_request", "/", None);
    }
}
