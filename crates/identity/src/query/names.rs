//! The parameters of a request that are names, which the audit log may have. Policies, tokens, tags, external ids and free
//! text are none, and a parameter that an operation does not have is ignored by it. No name is left out for its letters: the
//! caller chooses them.
//!
//! Source: the service models of IAM (2010-05-08) and STS (2011-06-15).

use aws::{OperationModel, Parameters};

const NAMES: [&str; 28] = [
    "AccessKeyId",
    "AccountAlias",
    "CallerArn",
    "ClientID",
    "ClientIDList",
    "DurationSeconds",
    "GroupName",
    "InstanceProfileName",
    "Name",
    "NewGroupName",
    "NewPath",
    "NewUserName",
    "OpenIDConnectProviderArn",
    "Path",
    "PermissionsBoundary",
    "PolicyArn",
    "PolicyArns",
    "PolicyName",
    "PolicySourceArn",
    "RoleArn",
    "RoleName",
    "RoleSessionName",
    "SetAsDefault",
    "SourceIdentity",
    "Status",
    "Url",
    "UserName",
    "VersionId",
];

/// The names among the parameters that the operation has, as they were sent. A list has a pair for each of its values.
pub(crate) fn names<'p>(operation: &OperationModel, parameters: &'p Parameters) -> Vec<(&'static str, &'p str)> {
    let pairs =
        members(operation).flat_map(|member| values(parameters, member).into_iter().map(move |it| (member, it)));
    pairs.filter(|(_, value)| !value.is_empty()).collect()
}

/// The members of an operation's input that are names.
pub(crate) fn members(operation: &OperationModel) -> impl Iterator<Item = &'static str> {
    operation.members.iter().copied().filter(|member| NAMES.contains(member))
}

fn values<'p>(parameters: &'p Parameters, member: &str) -> Vec<&'p str> {
    match member {
        "ClientIDList" => parameters.list(member),
        "PolicyArns" => parameters.members(member).values().filter_map(|policy| policy.get("arn").copied()).collect(),
        _ => parameters.get(member).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use aws::{IAM, STS, ServiceModel};

    use super::*;

    #[test]
    fn names_of_requests() {
        let check_in = |service: &'static ServiceModel, form: &str, expected: &[(&str, &str)]| {
            let parameters = Parameters::parse(form.as_bytes()).expect(form);
            let operation = service.operation(parameters.action().expect(form)).expect(form).model();
            assert_eq!(names(operation, &parameters), expected, "{form}");
        };
        let check = |form: &str, expected: &[(&str, &str)]| check_in(&IAM, form, expected);
        check(
            "Action=CreateUser&UserName=ann%40example&Path=%2Fteam%2F&Tags.member.1.Key=secret&PolicyDocument=secret",
            &[("Path", "/team/"), ("UserName", "ann@example")],
        );
        // What the operation ignores is not there.
        check("Action=CreateUser&PolicyArn=arn:a&RoleName=r&User%4eame=b", &[("UserName", "b")]);
        check("Action=AttachUserPolicy&PermissionsBoundary=arn:b&PolicyArn=arn:a", &[("PolicyArn", "arn:a")]);
        check("%41ction=DeleteUser&username=x&UserName=", &[]);
        // The letters of a name hide it from nothing.
        let every: String = (0u8..=0x7f).map(char::from).chain("\u{e9}\u{1f600}".chars()).collect();
        let encoded: String = every.bytes().map(|byte| format!("%{byte:02x}")).collect();
        check(&format!("Action=UpdateUser&NewPath={encoded}"), &[("NewPath", &every)]);
        check(&format!("Action=AttachUserPolicy&PolicyArn={encoded}"), &[("PolicyArn", &every)]);
        check(
            "Action=CreateOpenIDConnectProvider&Url=https%3A%2F%2Fidp%2F%7Ea&ClientIDList.member.1=a&ClientIDList.member.2=b~",
            &[("ClientIDList", "a"), ("ClientIDList", "b~"), ("Url", "https://idp/~a")],
        );
        let sts = "Action=GetFederationToken&Version=2011-06-15&Name=n&PolicyArns.member.1.arn=arn:p&Policy=secret";
        check_in(&STS, sts, &[("Name", "n"), ("PolicyArns", "arn:p")]);
        let sts = "Version=2011-06-15&RoleArn=arn:r&ExternalId=secret&UserName=u";
        check_in(&STS, &format!("Action=AssumeRole&{sts}"), &[("RoleArn", "arn:r")]);
    }
}
