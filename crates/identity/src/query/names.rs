//! The parameters of each operation that are names, which the audit log may have. Policies, tokens, tags, external ids
//! and free text are none, and a parameter that an operation does not have is ignored by it. No name is left out for its
//! letters: the caller chooses them.
//!
//! Source: the service models of IAM (2010-05-08) and STS (2011-06-15).

use super::{Api, Parameters};

/// Of an operation's name. Unit: bytes.
const ACTION_SIZE_MAX: usize = 128;

impl Parameters {
    /// The operation that is asked for, if the text can be an operation's name.
    pub fn action(&self) -> Option<&str> {
        let action = self.get("Action")?;
        let is_name = action.bytes().all(|byte| byte.is_ascii_alphanumeric());
        ((1..=ACTION_SIZE_MAX).contains(&action.len()) && is_name).then_some(action)
    }

    /// The names among the parameters that the operation has, as they were sent. A list has a pair for each of its values.
    pub fn names(&self) -> Vec<(&'static str, &str)> {
        let action = self.action().unwrap_or_default();
        let members = match Api::of(self) {
            Api::Iam => iam_names(action),
            Api::Sts => of(STS, action),
        };
        let names = members.iter().flat_map(|member| self.values(member).into_iter().map(|value| (*member, value)));
        names.filter(|(_, value)| !value.is_empty()).collect()
    }

    fn values(&self, member: &str) -> Vec<&str> {
        match member {
            "ClientIDList" => self.list(member),
            "PolicyArns" => self.members(member).values().filter_map(|policy| policy.get("arn").copied()).collect(),
            _ => self.get(member).into_iter().collect(),
        }
    }
}

type Members = &'static [&'static str];
type Actions = &'static [&'static str];

const IAM: &[(Members, Actions)] = &[
    (&["Path", "PermissionsBoundary", "UserName"], &["CreateUser"]),
    (
        &["UserName"],
        &[
            "GetUser",
            "DeleteUser",
            "ListGroupsForUser",
            "CreateAccessKey",
            "ListAccessKeys",
            "ListAttachedUserPolicies",
            "ListUserPolicies",
            "DeleteUserPermissionsBoundary",
            "TagUser",
            "UntagUser",
            "ListUserTags",
            "ListMFADevices",
            "ListSigningCertificates",
            "ListSSHPublicKeys",
            "ListServiceSpecificCredentials",
            "GetLoginProfile",
            "DeleteLoginProfile",
        ],
    ),
    (&["NewPath", "NewUserName", "UserName"], &["UpdateUser"]),
    (&["GroupName", "Path"], &["CreateGroup"]),
    (&["GroupName"], &["GetGroup", "DeleteGroup", "ListAttachedGroupPolicies", "ListGroupPolicies"]),
    (&["GroupName", "NewGroupName", "NewPath"], &["UpdateGroup"]),
    (&["GroupName", "UserName"], &["AddUserToGroup", "RemoveUserFromGroup"]),
    (&["Path", "PermissionsBoundary", "RoleName"], &["CreateRole"]),
    (
        &["RoleName"],
        &[
            "GetRole",
            "UpdateRole",
            "UpdateRoleDescription",
            "UpdateAssumeRolePolicy",
            "DeleteRole",
            "ListAttachedRolePolicies",
            "ListRolePolicies",
            "DeleteRolePermissionsBoundary",
            "TagRole",
            "UntagRole",
            "ListRoleTags",
            "ListInstanceProfilesForRole",
        ],
    ),
    (&["AccessKeyId", "Status", "UserName"], &["UpdateAccessKey"]),
    (&["AccessKeyId", "UserName"], &["DeleteAccessKey"]),
    (&["AccessKeyId"], &["GetAccessKeyLastUsed"]),
    (&["Path", "PolicyName"], &["CreatePolicy"]),
    (
        &["PolicyArn"],
        &[
            "GetPolicy",
            "DeletePolicy",
            "ListPolicyVersions",
            "ListEntitiesForPolicy",
            "TagPolicy",
            "UntagPolicy",
            "ListPolicyTags",
        ],
    ),
    (&["PolicyArn", "SetAsDefault"], &["CreatePolicyVersion"]),
    (&["PolicyArn", "VersionId"], &["GetPolicyVersion", "DeletePolicyVersion", "SetDefaultPolicyVersion"]),
    (&["PolicyArn", "UserName"], &["AttachUserPolicy", "DetachUserPolicy"]),
    (&["GroupName", "PolicyArn"], &["AttachGroupPolicy", "DetachGroupPolicy"]),
    (&["PolicyArn", "RoleName"], &["AttachRolePolicy", "DetachRolePolicy"]),
    (&["PolicyName", "UserName"], &["PutUserPolicy", "GetUserPolicy", "DeleteUserPolicy"]),
    (&["GroupName", "PolicyName"], &["PutGroupPolicy", "GetGroupPolicy", "DeleteGroupPolicy"]),
    (&["PolicyName", "RoleName"], &["PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy"]),
    (&["PermissionsBoundary", "UserName"], &["PutUserPermissionsBoundary"]),
    (&["PermissionsBoundary", "RoleName"], &["PutRolePermissionsBoundary"]),
    (
        &["OpenIDConnectProviderArn"],
        &[
            "TagOpenIDConnectProvider",
            "UntagOpenIDConnectProvider",
            "ListOpenIDConnectProviderTags",
            "GetOpenIDConnectProvider",
            "DeleteOpenIDConnectProvider",
            "UpdateOpenIDConnectProviderThumbprint",
        ],
    ),
    (
        &["ClientID", "OpenIDConnectProviderArn"],
        &["AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"],
    ),
    (&["ClientIDList", "Url"], &["CreateOpenIDConnectProvider"]),
    (&["CallerArn", "PolicySourceArn"], &["SimulatePrincipalPolicy"]),
    (&["AccountAlias"], &["CreateAccountAlias", "DeleteAccountAlias"]),
    (&["InstanceProfileName"], &["GetInstanceProfile"]),
];

const STS: &[(Members, Actions)] = &[
    (&["DurationSeconds", "PolicyArns", "RoleArn", "RoleSessionName", "SourceIdentity"], &["AssumeRole"]),
    (&["DurationSeconds", "PolicyArns", "RoleArn", "RoleSessionName"], &["AssumeRoleWithWebIdentity"]),
    (&["AccessKeyId"], &["GetAccessKeyInfo"]),
    (&["DurationSeconds", "Name", "PolicyArns"], &["GetFederationToken"]),
    (&["DurationSeconds"], &["GetSessionToken"]),
];

/// The parameters of an operation of IAM that are names.
pub(crate) fn iam_names(action: &str) -> Members {
    of(IAM, action)
}

fn of(table: &[(Members, Actions)], action: &str) -> Members {
    let row = table.iter().find(|(_, actions)| actions.contains(&action));
    row.map_or(&[], |(members, _)| members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_requests() {
        let check = |form: &str, expected: &[(&str, &str)]| {
            assert_eq!(Parameters::parse(form.as_bytes()).expect(form).names(), expected, "{form}");
        };
        check(
            "Action=CreateUser&UserName=ann%40example&Path=%2Fteam%2F&Tags.member.1.Key=secret&PolicyDocument=secret",
            &[("Path", "/team/"), ("UserName", "ann@example")],
        );
        // What the operation ignores is not there, and of two values the one is that it takes.
        check("Action=CreateUser&PolicyArn=arn:a&RoleName=r&UserName=a&User%4eame=b", &[("UserName", "b")]);
        check("Action=AttachUserPolicy&PermissionsBoundary=arn:b&PolicyArn=arn:a", &[("PolicyArn", "arn:a")]);
        check("Action=CreateUser&Action=DeleteRole&UserName=a&RoleName=r", &[("RoleName", "r")]);
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
        check(sts, &[("Name", "n"), ("PolicyArns", "arn:p")]);
        let sts = "Version=2011-06-15&RoleArn=arn:r&ExternalId=secret&UserName=u";
        check(&format!("Action=AssumeRole&{sts}"), &[("RoleArn", "arn:r")]);
        check(&format!("Action=CreateUser&{sts}"), &[]);
        for nothing in ["", "Version=2010-05-08", "Action=", "Action=a%20b", "Action", "&&=", "UserName=a"] {
            let parameters = Parameters::parse(nothing.as_bytes()).expect(nothing);
            assert_eq!((parameters.action(), parameters.names()), (None, Vec::new()), "{nothing}");
        }
    }
}
