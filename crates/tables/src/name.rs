//! Names of tables in requests: a table's name, or its ARN.

use std::fmt::Write;

use api::Exception;
use auth::credential::partition_of;
use auth::{Caller, SHARED_ACCOUNT};
use model::limits::{TABLE_NAME_SIZE_MAX, TABLE_NAME_SIZE_MIN};

/// The lengths of a name that an operation accepts: a new table needs a valid name, other operations only look it up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameUse {
    Lookup,
    Creation,
}

/// The parts of a table's ARN: `arn:aws:dynamodb:<region>:<account>:table/<name>`, and what follows the name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableArn<'a> {
    pub region: &'a str,
    pub account: &'a str,
    pub name: &'a str,
    /// The part behind the table's name, as `index/…` or `stream/…`.
    pub rest: Option<&'a str>,
}

impl<'a> TableArn<'a> {
    pub fn parse(text: &'a str) -> Option<TableArn<'a>> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        // The server's own ARNs have `aws` in every region; another partition than the region's names nothing.
        let is_partition = partition == "aws" || partition == partition_of(region);
        let is_table = arn == "arn" && is_partition && service == "dynamodb" && !region.is_empty();
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if !is_table || !is_account {
            return None;
        }
        let path = resource.strip_prefix("table/")?;
        let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
        Some(TableArn { region, account, name, rest })
    }

    /// Whether the caller's space is the one that the ARN names. The shared space has every account, and every region that it does
    /// not serve apart.
    pub fn is_of(&self, caller: &Caller) -> bool {
        let is_served = |regions: &[String]| regions.is_empty() || regions.iter().any(|region| region == self.region);
        let is_apart = self.region != caller.region && caller.served.as_deref().is_some_and(is_served);
        let is_shared = caller.account == SHARED_ACCOUNT && caller.identity.is_none() && !is_apart;
        is_shared || (self.account == caller.account && self.region == caller.region)
    }

    /// The table that the ARN names, for this caller; `None` in a space that the caller cannot access. Callers with an identity
    /// can access other accounts' tables: policies are evaluated before anything is looked up.
    pub fn place(&self, caller: &'a Caller) -> Option<Place<'a>> {
        if self.is_of(caller) {
            return Some(Place::own(caller, self.name));
        }
        let is_asked = caller.identity.is_some() && self.region == caller.region;
        is_asked.then_some(Place { account: self.account, region: self.region, name: self.name })
    }

    /// The canonical form of the ARN; `None` in a space that the caller cannot access.
    pub fn canonical(&self, caller: &Caller) -> Option<String> {
        let table = self.place(caller)?.arn();
        Some(self.rest.map_or(table.clone(), |rest| format!("{table}/{rest}")))
    }
}

/// The canonical form of an ARN of a table, index or stream; none in a space that the caller cannot access.
pub fn canonical_arn(caller: &Caller, text: &str) -> Option<String> {
    TableArn::parse(text)?.canonical(caller)
}

/// The identity of a table: account, region and name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub name: &'a str,
}

impl<'a> Place<'a> {
    /// Among the caller's own tables.
    pub fn own(caller: &'a Caller, name: &'a str) -> Place<'a> {
        Place { account: &caller.account, region: &caller.region, name }
    }

    pub fn arn(&self) -> String {
        let Place { account, region, name } = self;
        format!("arn:aws:dynamodb:{region}:{account}:table/{name}")
    }
}

/// The table that a request's `TableName` means, be it a name or an ARN.
///
/// # Errors
/// DynamoDB's refusal of a name that no table can have, or of an ARN in a space that the caller cannot access; of a new table, also of
/// one in another account.
pub fn table_place<'a>(caller: &'a Caller, given: &'a str, name_use: NameUse) -> Result<Place<'a>, Exception> {
    if !given.starts_with("arn:") {
        return check(given, name_use).map(|()| Place::own(caller, given));
    }
    let arn = TableArn::parse(given).filter(|arn| arn.rest.is_none() && check(arn.name, name_use).is_ok());
    let arn = arn.ok_or_else(|| Exception::validation(format!("Invalid TableArn: {given}")))?;
    let denied = || {
        let user = caller.arn();
        Exception::AccessDenied(format!(
            "User: {user} is not authorized to perform this operation on resource: {given}"
        ))
    };
    match arn.place(caller) {
        // A policy that allows the caller something is the policy of a table that has the name now, or had it a moment ago. It says
        // nothing about a new table in another account.
        Some(place) if name_use == NameUse::Creation && place.account != caller.account => Err(denied()),
        Some(place) => Ok(place),
        None if arn.account == caller.account || caller.identity.is_some() => Err(Exception::resource_not_found()),
        None => Err(denied()),
    }
}

fn check(name: &str, name_use: NameUse) -> Result<(), Exception> {
    let size_min = if name_use == NameUse::Creation { TABLE_NAME_SIZE_MIN } else { 1 };
    if (size_min..=TABLE_NAME_SIZE_MAX).contains(&name.len()) && name.bytes().all(is_name_byte) {
        return Ok(());
    }
    let mut broken = Vec::new();
    if !name.is_empty() && !name.bytes().all(is_name_byte) {
        broken.push("Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+".to_owned());
    }
    if name.len() < size_min {
        broken.push(format!("Member must have length greater than or equal to {size_min}"));
    }
    if name.len() > TABLE_NAME_SIZE_MAX {
        broken.push(format!("Member must have length less than or equal to {TABLE_NAME_SIZE_MAX}"));
    }
    constraints_broken("tableName", &format!("'{name}'"), &broken)
}

/// DynamoDB's report of the constraints that one member breaks.
///
/// # Errors
/// The report, if there is any such constraint.
pub(crate) fn constraints_broken(member: &str, value: &str, broken: &[String]) -> Result<(), Exception> {
    if broken.is_empty() {
        return Ok(());
    }
    let errors = if broken.len() == 1 { "error" } else { "errors" };
    let mut text = format!("{} validation {errors} detected: ", broken.len());
    for (at, constraint) in broken.iter().enumerate() {
        let separator = if at == 0 { "" } else { "; " };
        let _ = write!(text, "{separator}Value {value} at '{member}' failed to satisfy constraint: {constraint}");
    }
    Err(Exception::validation(text))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(account: &str) -> Caller {
        Caller {
            account: account.to_owned(),
            region: "eu-west-1".to_owned(),
            access_key: "key".to_owned(),
            identity: None,
            served: None,
        }
    }

    #[track_caller]
    fn check_name(account: &str, given: &str, name_use: NameUse, expected: Result<&str, &str>) {
        let caller = caller(account);
        let found = table_place(&caller, given, name_use).map_err(|error| error.to_string());
        let expected = expected.map(|name| Place::own(&caller, name)).map_err(str::to_owned);
        assert_eq!(found, expected, "{given}");
    }

    #[test]
    fn names_and_arns() {
        use NameUse::{Creation, Lookup};
        let own = "123456789012";
        let pattern = "failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
        let bad = format!("1 validation error detected: Value 'a b' at 'tableName' {pattern}");
        let both = format!(
            "2 validation errors detected: Value 'x!' at 'tableName' {pattern}; Value 'x!' at 'tableName' failed to \
             satisfy constraint: Member must have length greater than or equal to 3"
        );
        let cases: &[(&str, &str, NameUse, Result<&str, &str>)] = &[
            (own, "Music", Lookup, Ok("Music")),
            (own, "ab", Lookup, Ok("ab")),
            (own, "a b", Lookup, Err(&bad)),
            (own, "x!", Creation, Err(&both)),
            (own, "arn:aws:dynamodb:eu-west-1:123456789012:table/Music", Lookup, Ok("Music")),
            (own, "arn:aws:dynamodb:us-east-1:123456789012:table/Music", Lookup, Err("Requested resource not found")),
            (
                own,
                "arn:aws:dynamodb:eu-west-1:12:table/Music",
                Lookup,
                Err("Invalid TableArn: arn:aws:dynamodb:eu-west-1:12:table/Music"),
            ),
            (SHARED_ACCOUNT, "arn:aws:dynamodb:us-east-1:123456789012:table/Music", Lookup, Ok("Music")),
            (
                SHARED_ACCOUNT,
                "arn:aws:s3:us-east-1:123456789012:table/Music",
                Lookup,
                Err("Invalid TableArn: arn:aws:s3:us-east-1:123456789012:table/Music"),
            ),
        ];
        for (account, given, name_use, expected) in cases {
            check_name(account, given, *name_use, *expected);
        }
    }

    #[test]
    fn an_arn_of_another_region_that_is_served_is_not_the_callers() {
        let text = "arn:aws:dynamodb:us-east-1:123456789012:table/Music";
        let arn = TableArn::parse(text).unwrap();
        let served = |regions: &[&str]| Some(regions.iter().map(|region| (*region).to_owned()).collect());
        for (served, expected) in [
            (None, true),
            (served(&["eu-west-1", "us-east-1"]), false),
            (served(&["eu-west-1", "ap-south-1"]), true),
            // Each region is a space of its own.
            (served(&[]), false),
        ] {
            let caller = Caller { region: "eu-west-1".to_owned(), served, ..caller(SHARED_ACCOUNT) };
            assert_eq!(arn.is_of(&caller), expected, "{:?}", caller.served);
            let own = Caller { region: "us-east-1".to_owned(), ..caller };
            assert!(arn.is_of(&own));
        }
    }

    #[test]
    fn one_partition_a_region() {
        for (partition, region, expected) in [
            ("aws", "eu-west-1", true),
            ("aws-cn", "eu-west-1", false),
            ("aws-us-gov", "eu-west-1", false),
            ("awsx", "eu-west-1", false),
            ("AWS", "eu-west-1", false),
            ("", "eu-west-1", false),
            ("aws-cn", "cn-north-1", true),
            ("aws", "cn-north-1", true),
            ("aws-us-gov", "cn-north-1", false),
            ("aws-us-gov", "us-gov-west-1", true),
            ("aws", "ddblocal", true),
        ] {
            let text = format!("arn:{partition}:dynamodb:{region}:123456789012:table/Music");
            assert_eq!(TableArn::parse(&text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn arns_have_one_spelling() {
        let own = "arn:aws:dynamodb:eu-west-1:123456789012:table/Music/stream/2026";
        let china = Caller { region: "cn-north-1".to_owned(), ..caller("123456789012") };
        let china_own = "arn:aws:dynamodb:cn-north-1:123456789012:table/Music";
        let shared = "arn:aws:dynamodb:eu-west-1:000000000000:table/Music/index/i";
        for (caller, given, expected) in [
            (&caller("123456789012"), own, Some(own)),
            (&caller("123456789012"), "arn:aws:dynamodb:us-east-1:123456789012:table/Music", None),
            (&caller("123456789012"), "Music", None),
            (&china, china_own, Some(china_own)),
            (&china, "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/Music", Some(china_own)),
            (&caller(SHARED_ACCOUNT), "arn:aws:dynamodb:ddblocal:123456789012:table/Music/index/i", Some(shared)),
        ] {
            assert_eq!(canonical_arn(caller, given).as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn what_follows_the_name() {
        let arn = TableArn::parse("arn:aws:dynamodb:eu-west-1:123456789012:table/Music/index/by:Artist").unwrap();
        assert_eq!((arn.name, arn.rest), ("Music", Some("index/by:Artist")));
    }
}
