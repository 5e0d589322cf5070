//! A function's name in all its forms, and what is invoked by it.
//!
//! | form | example |
//! |---|---|
//! | name | `my-function`, `my-function:PROD` |
//! | ARN | `arn:aws:lambda:us-west-2:123456789012:function:my-function:PROD` |
//! | partial ARN | `123456789012:function:my-function` |
//! | URL | `http://127.0.0.1:9000/changes`: Stator's own; the event is posted there |
//!
//! An ARN has the partition of its region (`arn:aws-cn:` of `cn-north-1`), as policies and `--allow-arn` compare letters. `aws` is read
//! for any region, because older versions have stored it, and is not written.

use auth::credential::{is_region, partition_of};
use client::Url;

/// Unit: characters. Source: API Reference, NamespacedFunctionName.
const NAME_LENGTH_MAX: usize = 256;

pub(crate) const PATTERN: &str = "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?\
                                  (function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

/// Which URLs are functions.
pub(crate) const URL_FORM: &str = "an http:// or https:// URL without a user name and a fragment, and in its path without `..`, empty \
                                   segments and percent-encoded slashes, backslashes and controls";

/// What a mapping invokes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Function {
    Lambda { region: String, account: String, name: String, qualifier: Option<String> },
    Url(Url),
}

impl Function {
    /// Whatever the name leaves out is the caller's.
    pub(crate) fn parse(text: &str, account: &str, region: &str) -> Option<Function> {
        if is_url(text) {
            return Url::parse(text).ok().map(Function::Url);
        }
        if text.len() > NAME_LENGTH_MAX {
            return None;
        }
        let (region, account, named) = match text.strip_prefix("arn:") {
            Some(arn) => {
                let mut parts = arn.splitn(5, ':');
                let partition = parts.next()?;
                parts.next().filter(|service| *service == "lambda")?;
                let (region, account) = (parts.next()?, parts.next()?);
                if partition != "aws" && partition != partition_of(region) {
                    return None;
                }
                (region, account, parts.next()?.strip_prefix("function:")?)
            }
            None => match text.split_once(":function:") {
                Some((before, named)) => match before.rsplit_once(':') {
                    Some((region, account)) => (region, account, named),
                    None => (region, before, named),
                },
                None => (region, account, text.strip_prefix("function:").unwrap_or(text)),
            },
        };
        let (name, qualifier) = match named.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (named, None),
        };
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_good = is_account && is_region(region) && is_name(name) && qualifier.is_none_or(is_qualifier);
        is_good.then(|| Function::Lambda {
            region: region.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
            qualifier: qualifier.map(str::to_owned),
        })
    }

    /// The ARN that mappings show; of a URL it is the URL, in its canonical form.
    pub(crate) fn arn(&self) -> String {
        match self {
            Function::Lambda { region, account, name, qualifier } => {
                let qualifier = qualifier.as_ref().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
                let partition = partition_of(region);
                format!("arn:{partition}:lambda:{region}:{account}:function:{name}{qualifier}")
            }
            Function::Url(url) => url.to_string(),
        }
    }

    /// As refusals name it.
    pub(crate) fn name(&self) -> String {
        match self {
            Function::Lambda { name, .. } => name.clone(),
            Function::Url(url) => url.to_string(),
        }
    }

    /// Where Invoke is called. One of another account or region is named whole, and so is every one if `by_arn`.
    pub(crate) fn invoke_path(&self, account: &str, region: &str, by_arn: bool) -> Option<String> {
        let Function::Lambda { region: own_region, account: own_account, name, qualifier } = self else { return None };
        let name = match own_account == account && own_region == region && !by_arn {
            true => name.clone(),
            false => {
                let partition = partition_of(own_region);
                format!("arn%3A{partition}%3Alambda%3A{own_region}%3A{own_account}%3Afunction%3A{name}")
            }
        };
        let query = qualifier.as_ref().map(|qualifier| format!("?Qualifier={}", qualifier.replace('$', "%24")));
        Some(format!("/2015-03-31/functions/{name}/invocations{}", query.unwrap_or_default()))
    }
}

/// Whether a text is meant as a URL: no name and no ARN has these characters.
pub(crate) fn is_url(text: &str) -> bool {
    text.contains("://")
}

fn is_name(text: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    // A name is part of a call's path, where `.` and `..` would change the path.
    text.bytes().all(valid) && text.bytes().any(|byte| byte != b'.')
}

fn is_qualifier(text: &str) -> bool {
    matches!(text, "$LATEST" | "$LATEST.PUBLISHED") || is_name(text) && !text.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "123456789012";
    const REGION: &str = "us-west-2";

    #[test]
    fn names_become_arns() {
        let check = |text: &str, expected: &str, path: &str| {
            let function = Function::parse(text, ACCOUNT, REGION).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(function.arn(), expected);
            assert_eq!(function.invoke_path(ACCOUNT, REGION, false).unwrap_or_default(), path, "{text}");
            assert_eq!(Function::parse(&function.arn(), "000000000000", "x-y-1"), Some(function), "{text}");
        };
        let own = "arn:aws:lambda:us-west-2:123456789012:function:my-function";
        let path = "/2015-03-31/functions/my-function/invocations";
        check("my-function", own, path);
        check(own, own, path);
        let function = Function::parse(own, ACCOUNT, REGION).unwrap();
        assert_eq!(
            function.invoke_path(ACCOUNT, REGION, true).unwrap(),
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A123456789012%3Afunction%3Amy-function/invocations"
        );
        check("123456789012:function:my-function", own, path);
        check("us-west-2:123456789012:function:my-function", own, path);
        check("function:my-function", own, path);
        let version = format!("{own}:PROD");
        for text in ["my-function:PROD", "123456789012:function:my-function:PROD", &version] {
            check(text, &version, &format!("{path}?Qualifier=PROD"));
        }
        check("my-function:$LATEST", &format!("{own}:$LATEST"), &format!("{path}?Qualifier=%24LATEST"));
        check(
            "999999999999:function:f",
            "arn:aws:lambda:us-west-2:999999999999:function:f",
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A999999999999%3Afunction%3Af/invocations",
        );
        // The partition is the region's, also where an older version has stored another one.
        let of_region = "arn:aws-cn:lambda:cn-north-1:999999999999:function:f";
        let path = "/2015-03-31/functions/arn%3Aaws-cn%3Alambda%3Acn-north-1%3A999999999999%3Afunction%3Af/invocations";
        for text in
            [of_region, "arn:aws:lambda:cn-north-1:999999999999:function:f", "cn-north-1:999999999999:function:f"]
        {
            check(text, of_region, path);
        }
        for url in ["http://127.0.0.1:9000/changes?a=b", "https://example.com/"] {
            check(url, url, "");
        }
        // One text for one place, so that conditions and conflicts see what is the same.
        check("HTTPS://Example.com:443", "https://example.com/", "");
        check("http://0x7f.1/x", "http://127.0.0.1/x", "");
        check("http://h/%61dmin/%7e", "http://h/admin/~", "");
    }

    #[test]
    fn what_is_no_name() {
        for text in [
            "",
            "a b",
            "a/b",
            "a:b:c",
            ".",
            "..",
            "function:..",
            "a:",
            ":a",
            "arn:aws:sqs:us-west-2:123456789012:function:f",
            "arn:aws:lambda:us-west-2:123456789012:layer:f",
            "arn:aws:lambda:us-west-2:1234:function:f",
            "arn:aws-cn:lambda:us-west-2:123456789012:function:f",
            "arn:aws-us-gov:lambda:cn-north-1:123456789012:function:f",
            "arn:aws:lambda:US-WEST-2:123456789012:function:f",
            "arn:aws:lambda:us-west-2",
            "1234:function:f",
            "f:$OLDEST",
            "http://a b",
            "http://h/x HTTP/1.1\r\nHost: other",
            "http://me@h/",
            "http://h/#f",
            "http://h/a/../b",
            "http://h//b",
            "http://h/a%2fb",
            "http://h/a/%2e%2e/b",
            "ftp://h/x",
            "gopher://h/x",
            &"x".repeat(NAME_LENGTH_MAX + 1),
        ] {
            assert_eq!(Function::parse(text, ACCOUNT, REGION), None, "{text}");
        }
    }
}
