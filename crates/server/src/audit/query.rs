//! Events of IAM's and STS's APIs, whose requests are forms: what was asked for, and the names in it.
//!
//! Policies, tokens, external ids and everything else that is no name stays out.
//!
//! Source: IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail".

use serde_json::{Map, Value};

use super::action::{Action, Category};

/// The version that requests to STS name; all others are IAM's.
const STS_VERSION: &str = "2011-06-15";
/// Of a name, an ARN or a path. Unit: bytes.
const NAME_SIZE_MAX: usize = 2048;

/// Members that are names, and what CloudTrail calls them.
const MEMBERS: [(&str, &str); 19] = [
    ("AccessKeyId", "accessKeyId"),
    ("DurationSeconds", "durationSeconds"),
    ("GroupName", "groupName"),
    ("Name", "name"),
    ("NewGroupName", "newGroupName"),
    ("NewPath", "newPath"),
    ("NewUserName", "newUserName"),
    ("OpenIDConnectProviderArn", "openIDConnectProviderArn"),
    ("Path", "path"),
    ("PermissionsBoundary", "permissionsBoundary"),
    ("PolicyArn", "policyArn"),
    ("PolicyName", "policyName"),
    ("RoleArn", "roleArn"),
    ("RoleName", "roleName"),
    ("RoleSessionName", "roleSessionName"),
    ("SetAsDefault", "setAsDefault"),
    ("Status", "status"),
    ("UserName", "userName"),
    ("VersionId", "versionId"),
];

impl Action {
    /// None if no action is named that could be one.
    pub(super) fn of_query(form: &[u8]) -> Option<Action> {
        let (mut name, mut version, mut parameters) = (None, None, Map::new());
        for (member, value) in pairs(form) {
            match member.as_str() {
                "Action" => name = Some(value),
                "Version" => version = Some(value),
                member => {
                    let known = MEMBERS.iter().find(|(known, _)| *known == member);
                    if let Some((_, camel)) = known.filter(|_| is_name(&value)) {
                        parameters.insert((*camel).to_owned(), Value::String(value));
                    }
                }
            }
        }
        let name = name
            .filter(|name| (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
        let sts = version.as_deref() == Some(STS_VERSION);
        let reads = ["Get", "List", "Simulate"].iter().any(|start| name.starts_with(start));
        let role = parameters.get("roleArn").and_then(Value::as_str).map(str::to_owned);
        Some(Action {
            source: if sts { "sts.amazonaws.com" } else { "iam.amazonaws.com" },
            name: name.into(),
            api_version: Some(if sts { STS_VERSION } else { "2010-05-08" }),
            category: Category::Management,
            // Whoever takes a role changes nothing.
            read_only: sts || reads,
            parameters,
            resources: role.into_iter().collect(),
        })
    }
}

fn is_name(text: &str) -> bool {
    let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@-_/:*".contains(&byte);
    (1..=NAME_SIZE_MAX).contains(&text.len()) && text.bytes().all(of_a_name)
}

/// The members of a form. What is no text in UTF-8 is left out.
fn pairs(form: &[u8]) -> impl Iterator<Item = (String, String)> {
    form.split(|byte| *byte == b'&').filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        Some((decoded(&pair[..at])?, decoded(pair.get(at + 1..).unwrap_or_default())?))
    })
}

fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let pair = behind.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_forms() {
        let check = |form: &str, source: &str, name: &str, read_only: bool, parameters: &str| {
            let action = Action::of_query(form.as_bytes()).expect(form);
            let found = (action.source, &*action.name, action.read_only, Value::Object(action.parameters).to_string());
            assert_eq!(found, (source, name, read_only, parameters.to_owned()), "{form}");
        };
        let iam = "iam.amazonaws.com";
        check(
            "Action=CreateUser&Version=2010-05-08&UserName=ann%40example&Path=%2Fteam%2F&Tags.member.1.Key=secret",
            iam,
            "CreateUser",
            false,
            r#"{"path":"/team/","userName":"ann@example"}"#,
        );
        check("Version=2010-05-08&Action=ListUsers", iam, "ListUsers", true, "{}");
        check("Action=PutUserPolicy&PolicyDocument=%7Bsecret&UserName=a+b&%ff", iam, "PutUserPolicy", false, "{}");
        let role = "arn:aws:iam::123456789012:role/r";
        let form = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=s&ExternalId=secret");
        let parameters = format!(r#"{{"roleArn":"{role}","roleSessionName":"s"}}"#);
        check(&form, "sts.amazonaws.com", "AssumeRole", true, &parameters);
        for nothing in ["", "Version=2010-05-08", "Action=", "Action=a%20b", "Action", "&&="] {
            assert_eq!(Action::of_query(nothing.as_bytes()), None, "{nothing}");
        }
    }
}
