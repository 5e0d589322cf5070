//! What may be in the head of a request, whatever a caller of this crate gives: nothing that ends a line, a field or the head.
//!
//! A region, a token or a path may come from a request that the server got. Written raw, a line end in one of them would begin
//! another header or another request. Source: RFC 9112, section 3; RFC 9110, sections 5.1, 5.5 and 5.6.2.

use crate::error::Trouble;
use crate::sigv4::Credentials;

/// # Errors
/// [`Trouble::Unusable`] that names the part.
pub(crate) fn check(method: &str, target: &str, headers: &[(&str, &str)]) -> Result<(), Trouble> {
    if !is_token(method) {
        return Err(illegal("the method"));
    }
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(illegal("the path or query"));
    }
    headers.iter().try_for_each(|(name, value)| {
        if !is_token(name) {
            return Err(illegal("the name of a header"));
        }
        check_value(name, value)
    })
}

/// # Errors
/// As for [`check`].
pub(crate) fn check_value(name: &str, value: &str) -> Result<(), Trouble> {
    match is_value(value) {
        true => Ok(()),
        false => Err(illegal(&format!("the header {name}"))),
    }
}

/// # Errors
/// As for [`check`].
pub(crate) fn check_credentials(credentials: &Credentials) -> Result<(), Trouble> {
    let Credentials { access_key, session_token, region, .. } = credentials;
    check_value("authorization (access key)", access_key)?;
    check_value("authorization (region)", region)?;
    check_value("x-amz-security-token", session_token.as_deref().unwrap_or_default())
}

fn illegal(what: &str) -> Trouble {
    Trouble::Unusable(format!("{what} has characters that a request must not have: it was not sent"))
}

fn is_value(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_token(text: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_heads() {
        let headers = [("content-type", "application/json; q=\"a\""), ("x-empty", "")];
        assert_eq!(check("POST", "/a%0d?b=[c]", &headers), Ok(()));
        let illegal = |method: &str, target: &str, headers: &[(&str, &str)]| {
            let found = check(method, target, headers);
            assert!(matches!(found, Err(Trouble::Unusable(_))), "{method:?} {target:?} {headers:?}: {found:?}");
        };
        for method in ["", "GET /", "GET\r\n", "G T", "GÉT"] {
            illegal(method, "/", &[]);
        }
        for target in
            ["", "x", "*", "http://h/", "/a b", "/a\r\n", "/a\n", "/a\r", "/a\t", "/a\0", "/a#b", "/é", "/\u{7f}"]
        {
            illegal("GET", target, &[]);
        }
        for name in ["", "a b", "a:", "a\r\nb", "a\n", " a", "é", "a\0"] {
            illegal("GET", "/", &[("a", "b"), (name, "x")]);
        }
        for value in ["\r", "\n", "a\r\nb: c", "\0", "\u{1}", "\t", "\u{7f}", "é", "\u{85}"] {
            illegal("GET", "/", &[("a", value)]);
        }
    }

    #[test]
    fn legal_credentials() {
        let credentials = |region: &str, token: Option<&str>| Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: "any\n".to_owned(),
            session_token: token.map(str::to_owned),
            region: region.to_owned(),
        };
        assert_eq!(check_credentials(&credentials("eu-west-3", Some("abc+/="))), Ok(()));
        for (region, token) in [("eu-west-3\r\nx: y", None), ("eu-west-3", Some("a\nb")), ("\0", None)] {
            assert!(check_credentials(&credentials(region, token)).is_err(), "{region:?} {token:?}");
        }
    }
}
