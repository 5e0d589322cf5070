//! What of an HTTP request is signed.

use auth::{Headers, Received, Signed};
use hyper::header;
use hyper::http::request::Parts;

use super::text;

pub(super) fn signed(head: &Parts) -> Signed<'_> {
    Signed {
        authorization: text(head, header::AUTHORIZATION.as_str()),
        query: head.uri.query(),
        date: text(head, "x-amz-date").or_else(|| text(head, header::DATE.as_str())),
        region_set: text(head, "x-amz-region-set"),
        token: text(head, "x-amz-security-token"),
    }
}

/// `body` as it was sent.
pub(super) fn received<'a>(head: &'a Parts, headers: &'a SentHeaders<'a>, body: &'a [u8]) -> Received<'a> {
    Received { method: head.method.as_str(), path: head.uri.path(), query: head.uri.query(), headers, body }
}

pub(super) struct SentHeaders<'a>(pub(super) &'a Parts);

impl SentHeaders<'_> {
    /// HTTP/2 has the host in its request line, and so may HTTP/1.1.
    fn authority(&self) -> Option<&[u8]> {
        self.0.uri.authority().map(|authority| authority.as_str().as_bytes())
    }

    /// Whether request line and header name different hosts.
    fn has_two_hosts(&self) -> bool {
        let host = self.0.headers.get(header::HOST).map(|host| host.as_bytes());
        self.authority().is_some_and(|authority| host.is_some_and(|host| host != authority))
    }
}

impl Headers for SentHeaders<'_> {
    fn values<'a>(&'a self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
        self.0.headers.get_all(name).iter().for_each(|value| each(value.as_bytes()));
        if name == "host"
            && (!self.0.headers.contains_key(header::HOST) || self.has_two_hosts())
            && let Some(authority) = self.authority()
        {
            each(authority);
        }
    }

    fn names<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
        self.0.headers.keys().for_each(|name| each(name.as_str()));
    }

    fn has_repeated(&self) -> bool {
        self.0.headers.len() > self.0.headers.keys_len() || self.has_two_hosts()
    }
}

#[cfg(test)]
mod tests {
    use auth::sigv4::check_once;
    use hyper::Request;

    use super::*;

    #[test]
    fn hosts_of_the_line_and_of_the_header() {
        let check = |line: &str, host: Option<&str>, expected: &[&str], once: bool| {
            let mut request = Request::builder().uri(line);
            if let Some(host) = host {
                request = request.header("host", host);
            }
            let (head, ()) = request.body(()).unwrap().into_parts();
            let headers = SentHeaders(&head);
            let mut values = Vec::new();
            headers.values("host", &mut |value| values.push(String::from_utf8_lossy(value).into_owned()));
            assert_eq!(values, expected, "{line} {host:?}");
            assert_eq!(check_once(&headers).is_ok(), once, "{line} {host:?}");
        };
        check("/", Some("a"), &["a"], true);
        check("http://a/", None, &["a"], true);
        check("http://a/", Some("a"), &["a"], true);
        check("http://a/", Some("b"), &["b", "a"], false);
    }
}
