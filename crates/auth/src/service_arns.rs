//! Which resources of other AWS services a caller may have called.
//!
//! The server calls functions, queues, data streams and keys with credentials of its operator, whichever account asked (a
//! confused deputy, if it asked for another account's). Where callers are known, an account names its own resources only, and
//! those that the operator has added for it.

use std::str::FromStr;

use crate::caller::Caller;

/// Unit: digits.
const ACCOUNT_DIGITS: usize = 12;

/// The decision for every resource; the default allows all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceArns(Option<Vec<ArnRule>>);

/// An entry of `--allow-arn`: `ACCOUNT=PATTERN`. A `*` in the pattern is any text; `*` as the account is every account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArnRule {
    account: Option<String>,
    pattern: String,
}

impl ServiceArns {
    /// Every resource, for every caller.
    pub fn open() -> ServiceArns {
        ServiceArns(None)
    }

    /// An account's own resources, and those of the rules.
    pub fn of_own_account(rules: Vec<ArnRule>) -> ServiceArns {
        ServiceArns(Some(rules))
    }

    /// Whether no account is asked for. If not, a resource is always called by its whole ARN: a name alone is of the account
    /// that the server's credentials have.
    pub fn is_open(&self) -> bool {
        self.0.is_none()
    }

    /// Whether an account may name a resource, by its ARN or, as a KMS has them, by another name.
    pub fn allows(&self, account: &str, name: &str) -> bool {
        let Some(rules) = &self.0 else { return true };
        account_of(name) == Some(account) || rules.iter().any(|rule| rule.allows(account, name))
    }

    /// # Errors
    /// The sentence of an `AccessDeniedException`, if the caller may not name the resource.
    pub fn check(&self, caller: &Caller, action: &str, name: &str) -> Result<(), String> {
        self.check_for(caller, &caller.account, action, name)
    }

    /// As [`ServiceArns::check`], for something that belongs to an account, perhaps not the caller's: what is called later is
    /// called for that account.
    ///
    /// # Errors
    /// The sentence of an `AccessDeniedException`, if the account may not name the resource.
    pub fn check_for(&self, caller: &Caller, account: &str, action: &str, name: &str) -> Result<(), String> {
        if self.allows(account, name) {
            return Ok(());
        }
        Err(format!(
            "User: {} is not authorized to perform: {action} on resource: {name} because it is not known to be account \
             {account}'s own, and this server's operator has not allowed it to that account with --allow-arn",
            caller.arn()
        ))
    }
}

/// The account in an ARN: `arn:partition:service:region:account:resource`.
pub fn account_of(name: &str) -> Option<&str> {
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, _, _, account, _] => Some(*account).filter(|account| is_account(account)),
        _ => None,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl ArnRule {
    fn allows(&self, account: &str, name: &str) -> bool {
        self.account.as_deref().is_none_or(|own| own == account) && fits(&self.pattern, name)
    }
}

impl FromStr for ArnRule {
    type Err = String;

    fn from_str(text: &str) -> Result<ArnRule, String> {
        let (account, pattern) = text.split_once('=').unwrap_or_default();
        let is_every = account == "*";
        if pattern.is_empty() || !is_every && !is_account(account) {
            return Err(format!(
                "{text} is not an account and a pattern, such as 111122223333=arn:aws:sqs:eu-west-3:444455556666:failed-*"
            ));
        }
        Ok(ArnRule { account: (!is_every).then(|| account.to_owned()), pattern: pattern.to_owned() })
    }
}

/// Whether a text fits a pattern with `*`. Each piece between two of them is taken where it fits first.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = text.strip_prefix(start).and_then(|inner| inner.strip_suffix(end));
    let mut left = match inner {
        Some(inner) => inner,
        None => return false,
    };
    middle.split('*').all(|piece| match left.split_once(piece) {
        Some((_, behind)) => {
            left = behind;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "111122223333";
    const OTHER: &str = "444455556666";

    fn caller(account: &str) -> Caller {
        let (region, access_key) = ("us-east-1".to_owned(), "AKIDEXAMPLE".to_owned());
        Caller { account: account.to_owned(), region, access_key, identity: None, served: None }
    }

    #[test]
    fn accounts_name_their_own() {
        let arns = ServiceArns::of_own_account(Vec::new());
        for (name, expected) in [
            ("arn:aws:lambda:us-east-1:111122223333:function:f", true),
            ("arn:aws-cn:kinesis:cn-north-1:111122223333:stream/s", true),
            ("arn:aws:sqs:eu-west-3:111122223333:q", true),
            ("arn:aws:kms:eu-west-3:111122223333:key/1234", true),
            ("arn:aws:lambda:us-east-1:444455556666:function:f", false),
            ("arn:aws:lambda:us-east-1:444455556666:function:111122223333", false),
            ("arn:aws:lambda:111122223333:444455556666:function:f", false),
            ("arn:aws:lambda:us-east-1:111122223333", false),
            ("arn:aws:s3:::111122223333", false),
            ("alias/own", false),
            ("1234abcd", false),
            ("", false),
        ] {
            assert_eq!(arns.allows(OWN, name), expected, "{name}");
            assert!(ServiceArns::open().allows(OWN, name), "{name}");
        }
        // An account without digits has nothing.
        assert!(!arns.allows("", "arn:aws:sqs:eu-west-3::q"));
    }

    #[test]
    fn rules_add_to_them() {
        let check = |rule: &str, account: &str, name: &str, expected: bool| {
            let arns = ServiceArns::of_own_account(vec![rule.parse().unwrap()]);
            assert_eq!(arns.allows(account, name), expected, "{rule} {account} {name}");
        };
        let queue = "arn:aws:sqs:eu-west-3:444455556666:failed-orders";
        check("111122223333=arn:aws:sqs:eu-west-3:444455556666:failed-orders", OWN, queue, true);
        check("111122223333=arn:aws:sqs:*:444455556666:failed-*", OWN, queue, true);
        check("111122223333=arn:aws:sqs:*:failed-*s", OWN, queue, true);
        check("111122223333=arn:aws:sqs:*:failed-*x", OWN, queue, false);
        check("111122223333=arn:aws:sqs:*", "999999999999", queue, false);
        check("*=arn:aws:sqs:*", "999999999999", queue, true);
        check("111122223333=*", OWN, "alias/any", true);
        check("111122223333=alias/tables-*", OWN, "alias/tables-1", true);
        check("111122223333=alias/tables-*", OWN, "alias/other", false);
        check("111122223333=1234abcd", OWN, "1234abcd", true);
        check("111122223333=a*b", OWN, "ab", true);
        check("111122223333=ab*b", OWN, "ab", false);
        check("111122223333=a*b*c*d", OWN, "abxbcxcd", true);
        check("111122223333=a*bb*d", OWN, "abd", false);
        for wrong in ["", "=", "=a", "111122223333", "111122223333=", "1=a", "11112222333x=a", "**=a", "arn:aws:sqs:*"]
        {
            assert!(wrong.parse::<ArnRule>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_says_who_what_and_why() {
        let arns = ServiceArns::of_own_account(Vec::new());
        let name = format!("arn:aws:lambda:us-east-1:{OTHER}:function:f");
        let said = arns.check(&caller(OWN), "lambda:CreateEventSourceMapping", &name).unwrap_err();
        assert!(said.contains("arn:aws:iam::111122223333:user/AKIDEXAMPLE is not authorized"), "{said}");
        assert!(said.contains(&name) && said.contains("--allow-arn"), "{said}");
        assert_eq!(arns.check(&caller(OTHER), "lambda:CreateEventSourceMapping", &name), Ok(()));
        // Of something that belongs to another account.
        let said = arns.check_for(&caller(OTHER), OWN, "lambda:CreateEventSourceMapping", &name).unwrap_err();
        assert!(said.contains("user/AKIDEXAMPLE") && said.contains(&format!("account {OWN}'s own")), "{said}");
    }
}
