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
mod page;
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
use aws::iam::operations;
use aws::{IAM, Input, Members, OperationId, Protocol, Structure, TypedOperation, codec};
use ops::allowance;
use page::{PAGE_BYTES_MAX, Page};
use target::{RequestAttributes, Target};

use crate::query::{Api, Refusal, Reply, Request};
use crate::store::entity::{Group, ManagedPolicy, OidcProvider, Role, User};
use crate::store::{Account, Draft, Identities};

/// A byte of a document in an answer: percent-encoded.
const ENCODED_PER_BYTE: usize = 3;
/// Of a large answer there are at a time: its structure with encoded documents, its result as XML, and the whole.
const DETAIL_COPIES: usize = 3;
/// Up to here an answer with documents needs no memory or time worth counting. Unit: bytes.
const DETAIL_SMALL_BYTES: usize = 64 * 1024;

/// What an operation answers with; most that write have no result.
type Answer<T = ()> = Result<T, Refusal>;

/// How a request that satisfies its model's constraints is answered.
enum Handler {
    Read(ReadHandler),
    /// Reads documents of many entities: a large answer takes memory and a CPU permit.
    Detail(ReadHandler),
    Write(fn(&Ask<'_>, &mut Draft, Structure) -> Answer<Structure>),
    /// Reads beside the account when a key was last used.
    LastUsed,
    /// Evaluates policies of the request's own, which is work for a thread of its own.
    Simulate(ReadHandler),
}

type ReadHandler = fn(&Ask<'_>, &Account, Structure) -> Answer<Structure>;

struct Operation {
    name: &'static str,
    /// As policies name it.
    action: &'static str,
    handler: Handler,
    target: fn(&RequestAttributes<'_>, &Account) -> Target,
    also: &'static [Also],
}

/// What a caller must be allowed beside the operation itself.
enum Also {
    /// To put tags on something new, if the request gives it some: by the action of the operation that would.
    Tags(&'static str),
    /// To do the same to what the target is to become.
    Becomes(fn(&RequestAttributes<'_>, &Account) -> Target),
}

/// A handler of its operation's own request and answer.
macro_rules! handler {
    (LastUsed $operation:ident) => {
        Handler::LastUsed
    };
    (Write $operation:ident $function:expr) => {
        Handler::Write(|ask, draft, request| {
            let function: fn(&Ask<'_>, &mut Draft, RequestOf<operations::$operation>) -> Answer<_> = $function;
            let answer = function(ask, draft, codec::checked(request)?)?;
            Ok(codec::output(ResponseOf::<operations::$operation>::from(answer)))
        })
    };
    (Absent $operation:ident $function:expr) => {
        Handler::Read(|ask, account, request| {
            let function: fn(&Ask<'_>, &Account, RequestOf<operations::$operation>) -> Refusal = $function;
            Err(function(ask, account, codec::checked(request)?))
        })
    };
    ($kind:ident $operation:ident $function:expr) => {
        Handler::$kind(|ask, account, request| {
            let function: fn(&Ask<'_>, &Account, RequestOf<operations::$operation>) -> Answer<_> = $function;
            let answer = function(ask, account, codec::checked(request)?)?;
            Ok(codec::output(ResponseOf::<operations::$operation>::from(answer)))
        })
    };
}

type RequestOf<O> = <O as TypedOperation>::Request;
type ResponseOf<O> = <O as TypedOperation>::Response;

macro_rules! operations {
    ($($name:ident $kind:ident $($function:expr)?, $target:ident $(, $also:ident($of:expr))?;)+) => {
        /// All that there are.
        pub const OPERATION_NAMES: &[&str] = &[$(stringify!($name),)+];

        const OPERATIONS: &[Operation] = &[$(Operation {
            name: stringify!($name),
            action: concat!("iam:", stringify!($name)),
            handler: handler!($kind $name $($function)?),
            target: target::$target,
            also: &[$(Also::$also($of))?],
        },)+];
    };
}

operations! {
    CreateUser Write user::create, new_user, Tags("iam:TagUser");
    GetUser Read user::get, own_user;
    ListUsers Read |_, account, r| user::list(account, r), users;
    UpdateUser Write |_, draft, r| user::update(draft, r), user, Becomes(target::renamed_user);
    DeleteUser Write |_, draft, r| user::delete(draft, &r.user_name), user;

    CreateGroup Write group::create, new_group;
    GetGroup Read |_, account, r| group::get(account, r), group;
    ListGroups Read |_, account, r| group::list(account, r), groups;
    UpdateGroup Write |_, draft, r| group::update(draft, r), group, Becomes(target::renamed_group);
    DeleteGroup Write |_, draft, r| group::delete(draft, &r.group_name), group;
    AddUserToGroup Write |_, draft, r| group::add_user(draft, r), group;
    RemoveUserFromGroup Write |_, draft, r| group::remove_user(draft, r), group;
    ListGroupsForUser Read |_, account, r| group::list_for_user(account, r), user;

    CreateRole Write role::create, new_role, Tags("iam:TagRole");
    GetRole Read |ask, account, r| role::get(ask, account, &r.role_name), role;
    ListRoles Detail role::list, roles;
    UpdateRole Write |_, draft, r| role::update(draft, r), role;
    UpdateRoleDescription Write role::update_description, role;
    UpdateAssumeRolePolicy Write role::update_trust, role;
    DeleteRole Write |_, draft, r| role::delete(draft, &r.role_name), role;

    CreateAccessKey Write access_key::create, own_user;
    ListAccessKeys Read access_key::list, own_user;
    UpdateAccessKey Write access_key::update, own_user;
    DeleteAccessKey Write access_key::delete, own_user;
    GetAccessKeyLastUsed LastUsed, key_owner;

    CreatePolicy Write policy::create, new_policy, Tags("iam:TagPolicy");
    GetPolicy Read |_, account, r| policy::get(account, &r.policy_arn), policy;
    ListPolicies Read |_, account, r| policy::list(account, r), any;
    DeletePolicy Write |_, draft, r| policy::delete(draft, &r.policy_arn), policy;
    CreatePolicyVersion Write policy::create_version, policy;
    GetPolicyVersion Read |_, account, r| policy::get_version(account, r), policy;
    ListPolicyVersions Read |_, account, r| policy::list_versions(account, r), policy;
    DeletePolicyVersion Write |_, draft, r| policy::delete_version(draft, r), policy;
    SetDefaultPolicyVersion Write policy::set_default_version, policy;
    ListEntitiesForPolicy Read |_, account, r| attachment::list_entities(account, r), policy;

    AttachUserPolicy Write |_, draft, r| attachment::attach::<User>(draft, &r.user_name, &r.policy_arn), user;
    DetachUserPolicy Write |_, draft, r| attachment::detach::<User>(draft, &r.user_name, &r.policy_arn), user;
    ListAttachedUserPolicies Read
        |_, account, r| attachment::list::<User>(account, &r.user_name, &r.path_prefix, (r.marker, r.max_items)), user;
    AttachGroupPolicy Write |_, draft, r| attachment::attach::<Group>(draft, &r.group_name, &r.policy_arn), group;
    DetachGroupPolicy Write |_, draft, r| attachment::detach::<Group>(draft, &r.group_name, &r.policy_arn), group;
    ListAttachedGroupPolicies Read
        |_, account, r| attachment::list::<Group>(account, &r.group_name, &r.path_prefix, (r.marker, r.max_items)), group;
    AttachRolePolicy Write |_, draft, r| attachment::attach::<Role>(draft, &r.role_name, &r.policy_arn), role;
    DetachRolePolicy Write |_, draft, r| attachment::detach::<Role>(draft, &r.role_name, &r.policy_arn), role;
    ListAttachedRolePolicies Read
        |_, account, r| attachment::list::<Role>(account, &r.role_name, &r.path_prefix, (r.marker, r.max_items)), role;

    PutUserPolicy Write
        |_, draft, r| inline::put::<User>(draft, (&r.user_name, &r.policy_name), &r.policy_document), user;
    GetUserPolicy Read |_, account, r| inline::get::<User>(account, (&r.user_name, &r.policy_name)), user;
    DeleteUserPolicy Write |_, draft, r| inline::delete::<User>(draft, (&r.user_name, &r.policy_name)), user;
    ListUserPolicies Read |_, account, r| inline::list::<User>(account, &r.user_name, (r.marker, r.max_items)), user;
    PutGroupPolicy Write
        |_, draft, r| inline::put::<Group>(draft, (&r.group_name, &r.policy_name), &r.policy_document), group;
    GetGroupPolicy Read |_, account, r| inline::get::<Group>(account, (&r.group_name, &r.policy_name)), group;
    DeleteGroupPolicy Write |_, draft, r| inline::delete::<Group>(draft, (&r.group_name, &r.policy_name)), group;
    ListGroupPolicies Read
        |_, account, r| inline::list::<Group>(account, &r.group_name, (r.marker, r.max_items)), group;
    PutRolePolicy Write
        |_, draft, r| inline::put::<Role>(draft, (&r.role_name, &r.policy_name), &r.policy_document), role;
    GetRolePolicy Read |_, account, r| inline::get::<Role>(account, (&r.role_name, &r.policy_name)), role;
    DeleteRolePolicy Write |_, draft, r| inline::delete::<Role>(draft, (&r.role_name, &r.policy_name)), role;
    ListRolePolicies Read |_, account, r| inline::list::<Role>(account, &r.role_name, (r.marker, r.max_items)), role;

    PutUserPermissionsBoundary Write
        |_, draft, r| boundary::put::<User>(draft, &r.user_name, &r.permissions_boundary), user;
    DeleteUserPermissionsBoundary Write |_, draft, r| boundary::delete::<User>(draft, &r.user_name), user;
    PutRolePermissionsBoundary Write
        |_, draft, r| boundary::put::<Role>(draft, &r.role_name, &r.permissions_boundary), role;
    DeleteRolePermissionsBoundary Write |_, draft, r| boundary::delete::<Role>(draft, &r.role_name), role;

    TagUser Write |_, draft, r| tag::add::<User>(draft, &r.user_name, &r.tags), user;
    UntagUser Write |_, draft, r| tag::remove::<User>(draft, &r.user_name, &r.tag_keys), user;
    ListUserTags Read |_, account, r| tag::list::<User>(account, &r.user_name, (r.marker, r.max_items)), user;
    TagRole Write |_, draft, r| tag::add::<Role>(draft, &r.role_name, &r.tags), role;
    UntagRole Write |_, draft, r| tag::remove::<Role>(draft, &r.role_name, &r.tag_keys), role;
    ListRoleTags Read |_, account, r| tag::list::<Role>(account, &r.role_name, (r.marker, r.max_items)), role;
    TagPolicy Write |_, draft, r| tag::add::<ManagedPolicy>(draft, &r.policy_arn, &r.tags), policy;
    UntagPolicy Write |_, draft, r| tag::remove::<ManagedPolicy>(draft, &r.policy_arn, &r.tag_keys), policy;
    ListPolicyTags Read
        |_, account, r| tag::list::<ManagedPolicy>(account, &r.policy_arn, (r.marker, r.max_items)), policy;
    TagOpenIDConnectProvider Write
        |_, draft, r| tag::add::<OidcProvider>(draft, &r.open_id_connect_provider_arn, &r.tags), provider;
    UntagOpenIDConnectProvider Write
        |_, draft, r| tag::remove::<OidcProvider>(draft, &r.open_id_connect_provider_arn, &r.tag_keys), provider;
    ListOpenIDConnectProviderTags Read
        |_, account, r| tag::list::<OidcProvider>(account, &r.open_id_connect_provider_arn, (r.marker, r.max_items)), provider;

    CreateOpenIDConnectProvider Write oidc_provider::create, new_provider, Tags("iam:TagOpenIDConnectProvider");
    GetOpenIDConnectProvider Read
        |_, account, r| oidc_provider::get(account, &r.open_id_connect_provider_arn), provider;
    ListOpenIDConnectProviders Read |_, account, _| oidc_provider::list(account), any;
    DeleteOpenIDConnectProvider Write
        |_, draft, r| oidc_provider::delete(draft, &r.open_id_connect_provider_arn), provider;
    UpdateOpenIDConnectProviderThumbprint Write |_, draft, r| oidc_provider::update_thumbprints(draft, r), provider;
    AddClientIDToOpenIDConnectProvider Write |_, draft, r| oidc_provider::add_client_id(draft, r), provider;
    RemoveClientIDFromOpenIDConnectProvider Write |_, draft, r| oidc_provider::remove_client_id(draft, r), provider;

    SimulateCustomPolicy Simulate |_, account, r| simulate::custom(account, r), any;
    SimulatePrincipalPolicy Simulate |_, account, r| simulate::principal(account, r), source;

    GetAccountSummary Read |_, account, _| account::summary(account), any;
    GetAccountAuthorizationDetails Detail account::authorization_details, any;
    ListAccountAliases Read |_, account, r| account::list_aliases(account, r), any;
    CreateAccountAlias Write account::create_alias, any;
    DeleteAccountAlias Write |_, draft, r| account::delete_alias(draft, r), any;

    ListMFADevices Read |_, account, r| absent::of_user(account, r.user_name.as_deref()), own_user;
    ListSigningCertificates Read |_, account, r| absent::of_user(account, r.user_name.as_deref()), own_user;
    ListSSHPublicKeys Read |_, account, r| absent::of_user(account, r.user_name.as_deref()), own_user;
    ListServiceSpecificCredentials Read |_, account, r| absent::of_user(account, r.user_name.as_deref()), own_user;
    GetLoginProfile Absent |ask, account, r| absent::login_profile(ask, account, r.user_name.as_deref()), own_user;
    DeleteLoginProfile Absent |ask, account, r| absent::login_profile(ask, account, r.user_name.as_deref()), own_user;
    ListVirtualMFADevices Read |_, _, _| Ok(Page::none()), any;
    ListServerCertificates Read |_, _, _| Ok(Page::none()), any;
    ListSAMLProviders Read |_, _, _| Ok(absent::saml_providers()), any;
    ListInstanceProfiles Read |_, _, _| Ok(Page::none()), any;
    ListInstanceProfilesForRole Read |_, account, r| absent::of_role(account, &r.role_name), role;
    GetInstanceProfile Absent |_, _, r| absent::instance_profile(&r.instance_profile_name), instance_profile;
    GetAccountPasswordPolicy Absent |_, account, _| absent::password_policy(account), any;
}

impl Identities {
    /// The answer to a request of IAM's API. Without an identity, the caller may do everything in its account.
    pub async fn answer(&self, caller: &Caller, request: &Request<'_>) -> Reply {
        let name = request.parameters.get("Action").unwrap_or_default();
        let Some((operation, id)) = find(name) else {
            let version = request.parameters.get("Version").unwrap_or(Api::Iam.version());
            return Refusal::unknown_action(name, version).reply(Api::Iam, request.request_id);
        };
        let answered = self.answered(caller, request, operation, id).await;
        answered.unwrap_or_else(|refusal| refusal.reply(Api::Iam, request.request_id))
    }

    async fn answered(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        operation: &Operation,
        id: OperationId,
    ) -> Answer<Reply> {
        // Sizes are checked before policies are evaluated, as AWS does, so that no decision is about a longer ARN than there can be;
        // what else the model asks for, only of callers that are allowed to ask.
        let decoded = codec::decode(id, Protocol::Query, &Input::Form(request.parameters))?;
        codec::check_sizes(id, &decoded)?;
        let attributes = RequestAttributes { caller, members: Members::of_request(id, &decoded) };
        let ask = Ask { identities: self, caller, now_ms: self.clock.now_ms() };
        if matches!(operation.handler, Handler::Write(_)) {
            self.confirm(caller.identity.as_ref().map(|identity| identity.now_ms)).await?;
        }
        let account = self.account(&caller.account);
        permitted(&attributes, operation, &account)?;
        codec::check(id, &decoded)?;
        let encoded = |output: Structure| Reply::encoded(id, &output, request.request_id);
        match operation.handler {
            Handler::Read(read) => read(&ask, &account, decoded).map(encoded),
            Handler::Detail(read) => {
                // A large answer is made and encoded with one CPU permit.
                let answer = || read(&ask, &account, decoded).map(encoded);
                let bytes = account::detail_bytes(&account).min(PAGE_BYTES_MAX) * ENCODED_PER_BYTE;
                if bytes <= DETAIL_SMALL_BYTES {
                    return answer();
                }
                allowance::reserve(bytes * DETAIL_COPIES).await?;
                allowance::heavy(bytes, async { answer() }).await
            }
            Handler::Write(write) => {
                let decide = |draft: &mut Draft| {
                    // What is changed may be newer than what the permission was decided on, after another node's change.
                    permitted(&attributes, operation, draft)?;
                    let before_bytes = quota::white_space_bytes(draft);
                    let answer = write(&ask, draft, decoded.clone())?;
                    quota::refuse_white_space(before_bytes, quota::white_space_bytes(draft)).map(|()| answer)
                };
                self.change(&caller.account, decide).await.map(encoded)
            }
            Handler::LastUsed => {
                let answer = access_key::last_used(&ask, &account, codec::checked(decoded)?).await;
                answer.map(codec::output).map(encoded)
            }
            Handler::Simulate(simulate) => simulate::apart(|| simulate(&ask, &account, decoded).map(encoded)).await,
        }
    }
}

fn find(name: &str) -> Option<(&'static Operation, OperationId)> {
    OPERATIONS.iter().find(|operation| operation.name == name).zip(IAM.operation(name))
}

/// # Errors
/// AWS's refusal, if the caller may not do all that the request needs.
fn permitted(request: &RequestAttributes<'_>, operation: &Operation, account: &Account) -> Result<(), Refusal> {
    let target = (operation.target)(request, account);
    let work = &WorkBudget::default();
    permission::check(request, operation.action, &target, account, work)?;
    operation.also.iter().try_for_each(|also| match also {
        Also::Tags(_) if request.members.structures("Tags").is_empty() => Ok(()),
        Also::Tags(action) => permission::check(request, action, &target, account, work),
        Also::Becomes(becomes) => {
            permission::check(request, operation.action, &becomes(request, account), account, work)
        }
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
