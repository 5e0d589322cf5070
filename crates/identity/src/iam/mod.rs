//! IAM's API, version 2010-05-08: what each operation means.
//!
//! There is one list of operations: each names what it does, whether it changes anything, and the resource on which its
//! caller must be allowed to do it. Reading operations are functions of an account, changing ones of a draft.

mod absent;
mod access_key;
mod account;
mod asked;
mod attachment;
mod boundary;
mod constraint;
mod group;
mod holder;
mod inline;
mod oidc_provider;
mod permission;
mod policy;
mod quota;
mod role;
mod simulate;
mod tag;
mod target;
mod user;

use asked::Ask;
use auth::Caller;
use auth::iam::WorkBudget;
use aws::{IAM, Input, Members, Protocol, codec};
use ops::allowance;
use target::Target;

use crate::query::{Api, Refusal, Reply, Request, Xml};
use crate::store::entity::{Group, ManagedPolicy, OidcProvider, Role, User};
use crate::store::{Account, Draft, Identities};

/// A byte of a document in an answer: percent-encoded.
const ENCODED_PER_BYTE: usize = 3;
/// Of a large answer there are at a time: an encoded document, the result, and the whole.
const DETAIL_COPIES: usize = 3;
/// Up to here an answer with documents needs no memory or time worth counting. Unit: bytes.
const DETAIL_SMALL_BYTES: usize = 64 * 1024;

/// What stands in an operation's result, if it has one.
type Answer = Result<Option<Xml>, Refusal>;

enum Handler {
    Read(fn(&Ask<'_>, &Account) -> Answer),
    /// Reads documents of many entities: a large answer takes memory and a CPU permit.
    Detail(fn(&Ask<'_>, &Account) -> Answer),
    Write(fn(&Ask<'_>, &mut Draft) -> Answer),
    /// Asks beside the account when a key was last used.
    LastUsed,
    /// Evaluates policies of the request's own, which is work for a thread of its own.
    Simulate(fn(&Ask<'_>, &Account) -> Answer),
}

struct Operation {
    name: &'static str,
    /// As policies name it.
    action: &'static str,
    handler: Handler,
    target: fn(&Ask<'_>, &Account) -> Target,
    also: &'static [Also],
}

/// What a caller must be allowed beside the operation itself.
enum Also {
    /// To put tags on something new, if the request gives it some: by the action of the operation that would.
    Tags(&'static str),
    /// To do the same to what the target is to become.
    Becomes(fn(&Ask<'_>, &Account) -> Target),
}

macro_rules! operations {
    ($($name:ident $handler:expr, $target:expr $(, $also:expr)?;)+) => {
        /// All that there are.
        pub const OPERATION_NAMES: &[&str] = &[$(stringify!($name),)+];

        const OPERATIONS: &[Operation] = &[$(Operation {
            name: stringify!($name),
            action: concat!("iam:", stringify!($name)),
            handler: $handler,
            target: $target,
            also: &[$($also)?],
        },)+];
    };
}

use Also::{Becomes, Tags};
use Handler::{Detail, LastUsed, Read, Simulate, Write};

operations! {
    CreateUser Write(user::create), target::new_user, Tags("iam:TagUser");
    GetUser Read(user::get), target::own_user;
    ListUsers Read(user::list), target::users;
    UpdateUser Write(user::update), target::user, Becomes(target::renamed_user);
    DeleteUser Write(user::delete), target::user;

    CreateGroup Write(group::create), target::new_group;
    GetGroup Read(group::get), target::group;
    ListGroups Read(group::list), target::groups;
    UpdateGroup Write(group::update), target::group, Becomes(target::renamed_group);
    DeleteGroup Write(group::delete), target::group;
    AddUserToGroup Write(group::add_user), target::group;
    RemoveUserFromGroup Write(group::remove_user), target::group;
    ListGroupsForUser Read(group::list_for_user), target::user;

    CreateRole Write(role::create), target::new_role, Tags("iam:TagRole");
    GetRole Read(role::get), target::role;
    ListRoles Detail(role::list), target::roles;
    UpdateRole Write(role::update), target::role;
    UpdateRoleDescription Write(role::update_description), target::role;
    UpdateAssumeRolePolicy Write(role::update_trust), target::role;
    DeleteRole Write(role::delete), target::role;

    CreateAccessKey Write(access_key::create), target::own_user;
    ListAccessKeys Read(access_key::list), target::own_user;
    UpdateAccessKey Write(access_key::update), target::own_user;
    DeleteAccessKey Write(access_key::delete), target::own_user;
    GetAccessKeyLastUsed LastUsed, target::key_owner;

    CreatePolicy Write(policy::create), target::new_policy, Tags("iam:TagPolicy");
    GetPolicy Read(policy::get), target::policy;
    ListPolicies Read(policy::list), target::any;
    DeletePolicy Write(policy::delete), target::policy;
    CreatePolicyVersion Write(policy::create_version), target::policy;
    GetPolicyVersion Read(policy::get_version), target::policy;
    ListPolicyVersions Read(policy::list_versions), target::policy;
    DeletePolicyVersion Write(policy::delete_version), target::policy;
    SetDefaultPolicyVersion Write(policy::set_default_version), target::policy;
    ListEntitiesForPolicy Read(attachment::list_entities), target::policy;

    AttachUserPolicy Write(attachment::attach::<User>), target::user;
    DetachUserPolicy Write(attachment::detach::<User>), target::user;
    ListAttachedUserPolicies Read(attachment::list::<User>), target::user;
    AttachGroupPolicy Write(attachment::attach::<Group>), target::group;
    DetachGroupPolicy Write(attachment::detach::<Group>), target::group;
    ListAttachedGroupPolicies Read(attachment::list::<Group>), target::group;
    AttachRolePolicy Write(attachment::attach::<Role>), target::role;
    DetachRolePolicy Write(attachment::detach::<Role>), target::role;
    ListAttachedRolePolicies Read(attachment::list::<Role>), target::role;

    PutUserPolicy Write(inline::put::<User>), target::user;
    GetUserPolicy Read(inline::get::<User>), target::user;
    DeleteUserPolicy Write(inline::delete::<User>), target::user;
    ListUserPolicies Read(inline::list::<User>), target::user;
    PutGroupPolicy Write(inline::put::<Group>), target::group;
    GetGroupPolicy Read(inline::get::<Group>), target::group;
    DeleteGroupPolicy Write(inline::delete::<Group>), target::group;
    ListGroupPolicies Read(inline::list::<Group>), target::group;
    PutRolePolicy Write(inline::put::<Role>), target::role;
    GetRolePolicy Read(inline::get::<Role>), target::role;
    DeleteRolePolicy Write(inline::delete::<Role>), target::role;
    ListRolePolicies Read(inline::list::<Role>), target::role;

    PutUserPermissionsBoundary Write(boundary::put::<User>), target::user;
    DeleteUserPermissionsBoundary Write(boundary::delete::<User>), target::user;
    PutRolePermissionsBoundary Write(boundary::put::<Role>), target::role;
    DeleteRolePermissionsBoundary Write(boundary::delete::<Role>), target::role;

    TagUser Write(tag::add::<User>), target::user;
    UntagUser Write(tag::remove::<User>), target::user;
    ListUserTags Read(tag::list::<User>), target::user;
    TagRole Write(tag::add::<Role>), target::role;
    UntagRole Write(tag::remove::<Role>), target::role;
    ListRoleTags Read(tag::list::<Role>), target::role;
    TagPolicy Write(tag::add::<ManagedPolicy>), target::policy;
    UntagPolicy Write(tag::remove::<ManagedPolicy>), target::policy;
    ListPolicyTags Read(tag::list::<ManagedPolicy>), target::policy;
    TagOpenIDConnectProvider Write(tag::add::<OidcProvider>), target::provider;
    UntagOpenIDConnectProvider Write(tag::remove::<OidcProvider>), target::provider;
    ListOpenIDConnectProviderTags Read(tag::list::<OidcProvider>), target::provider;

    CreateOpenIDConnectProvider Write(oidc_provider::create), target::new_provider, Tags("iam:TagOpenIDConnectProvider");
    GetOpenIDConnectProvider Read(oidc_provider::get), target::provider;
    ListOpenIDConnectProviders Read(oidc_provider::list), target::any;
    DeleteOpenIDConnectProvider Write(oidc_provider::delete), target::provider;
    UpdateOpenIDConnectProviderThumbprint Write(oidc_provider::update_thumbprints), target::provider;
    AddClientIDToOpenIDConnectProvider Write(oidc_provider::add_client_id), target::provider;
    RemoveClientIDFromOpenIDConnectProvider Write(oidc_provider::remove_client_id), target::provider;

    SimulateCustomPolicy Simulate(simulate::custom), target::any;
    SimulatePrincipalPolicy Simulate(simulate::principal), target::source;

    GetAccountSummary Read(account::summary), target::any;
    GetAccountAuthorizationDetails Detail(account::authorization_details), target::any;
    ListAccountAliases Read(account::list_aliases), target::any;
    CreateAccountAlias Write(account::create_alias), target::any;
    DeleteAccountAlias Write(account::delete_alias), target::any;

    ListMFADevices Read(absent::mfa_devices), target::own_user;
    ListSigningCertificates Read(absent::signing_certificates), target::own_user;
    ListSSHPublicKeys Read(absent::ssh_public_keys), target::own_user;
    ListServiceSpecificCredentials Read(absent::service_specific_credentials), target::own_user;
    GetLoginProfile Read(absent::login_profile), target::own_user;
    DeleteLoginProfile Read(absent::login_profile), target::own_user;
    ListVirtualMFADevices Read(absent::virtual_mfa_devices), target::any;
    ListServerCertificates Read(absent::server_certificates), target::any;
    ListSAMLProviders Read(absent::saml_providers), target::any;
    ListInstanceProfiles Read(absent::instance_profiles), target::any;
    ListInstanceProfilesForRole Read(absent::instance_profiles_of_role), target::role;
    GetInstanceProfile Read(absent::instance_profile), target::instance_profile;
    GetAccountPasswordPolicy Read(absent::password_policy), target::any;
}

impl Identities {
    /// The answer to a request of IAM's API. Without an identity, the caller may do everything in its account.
    pub async fn answer(&self, caller: &Caller, request: &Request<'_>) -> Reply {
        let name = request.parameters.get("Action").unwrap_or_default();
        match self.answered(caller, request, name).await {
            Ok(result) => Reply::answer(Api::Iam, name, result.as_ref(), request.request_id),
            Err(refusal) => refusal.reply(Api::Iam, request.request_id),
        }
    }

    async fn answered(&self, caller: &Caller, request: &Request<'_>, name: &str) -> Answer {
        let found = OPERATIONS.iter().find(|operation| operation.name == name).zip(IAM.operation(name));
        let Some((operation, id)) = found else {
            let version = request.parameters.get("Version").unwrap_or(Api::Iam.version());
            return Err(Refusal::unknown_action(name, version));
        };
        // Sizes are checked before policies are evaluated, as AWS does, so that no decision is about a longer ARN than there can be;
        // what else the model asks for, only of callers that are allowed to ask.
        let decoded = codec::decode(id, Protocol::Query, &Input::Form(request.parameters))?;
        codec::check_sizes(id, &decoded)?;
        let members = Members::of_request(id, &decoded);
        let ask = Ask { identities: self, caller, members, now_ms: self.clock.now_ms() };
        if matches!(operation.handler, Write(_)) {
            self.confirm(caller.identity.as_ref().map(|identity| identity.now_ms)).await?;
        }
        let account = self.account(&caller.account);
        permitted(&ask, operation, &account)?;
        codec::check(id, &decoded)?;
        match operation.handler {
            Read(read) => read(&ask, &account),
            Detail(read) => {
                let bytes = account::detail_bytes(&account).min(asked::PAGE_BYTES_MAX) * ENCODED_PER_BYTE;
                if bytes <= DETAIL_SMALL_BYTES {
                    return read(&ask, &account);
                }
                allowance::reserve(bytes * DETAIL_COPIES).await?;
                allowance::heavy(bytes, async { read(&ask, &account) }).await
            }
            Write(write) => {
                let decide = |draft: &mut Draft| {
                    // What is changed may be newer than what the permission was decided on, after another node's change.
                    permitted(&ask, operation, draft)?;
                    let before_bytes = quota::white_space_bytes(draft);
                    let answer = write(&ask, draft)?;
                    quota::refuse_white_space(before_bytes, quota::white_space_bytes(draft)).map(|()| answer)
                };
                self.change(&caller.account, decide).await
            }
            LastUsed => access_key::last_used(&ask, &account).await,
            Simulate(simulate) => simulate::apart(|| simulate(&ask, &account)).await,
        }
    }
}

/// # Errors
/// AWS's refusal, if the caller may not do all that the request needs.
fn permitted(ask: &Ask<'_>, operation: &Operation, account: &Account) -> Result<(), Refusal> {
    let target = (operation.target)(ask, account);
    let work = &WorkBudget::default();
    permission::check(ask, operation.action, &target, account, work)?;
    operation.also.iter().try_for_each(|also| match also {
        Tags(_) if ask.members.structures("Tags").is_empty() => Ok(()),
        Tags(action) => permission::check(ask, action, &target, account, work),
        Becomes(becomes) => permission::check(ask, operation.action, &becomes(ask, account), account, work),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::names;

    /// Every operation is in the model, and those that name an entity have its name in the audit log.
    #[test]
    fn operations_without_names_are_known() {
        let model = |name: &str| IAM.operation(name).expect(name).model();
        let without = OPERATION_NAMES.iter().filter(|name| names::members(model(name)).next().is_none());
        let expected = [
            "ListUsers",
            "ListGroups",
            "ListRoles",
            "ListPolicies",
            "ListOpenIDConnectProviders",
            "GetAccountSummary",
            "GetAccountAuthorizationDetails",
            "ListAccountAliases",
            "ListVirtualMFADevices",
            "ListServerCertificates",
            "ListSAMLProviders",
            "ListInstanceProfiles",
            "GetAccountPasswordPolicy",
        ];
        assert_eq!(without.copied().collect::<Vec<_>>(), expected);
    }
}
