//! What cannot be made here, though it is asked for: passwords, multi-factor devices, certificates, SSH keys, instance profiles, SAML
//! providers. There are none, and the answers say so.

use aws::iam::ListSAMLProvidersResponse;

use super::asked::{Ask, user_or_caller};
use super::holder::Holder;
use super::page::Page;
use super::{Answer, constraint};
use crate::query::Refusal;
use crate::store::Account;
use crate::store::entity::{Role, User};

/// The list of a user, if one is named.
pub(super) fn of_user<T>(account: &Account, name: Option<&str>) -> Answer<Page<T>> {
    name.map(|name| User::named(account, name)).transpose()?;
    Ok(Page::none())
}

pub(super) fn of_role<T>(account: &Account, name: &str) -> Answer<Page<T>> {
    Role::named(account, name)?;
    Ok(Page::none())
}

pub(super) fn saml_providers() -> ListSAMLProvidersResponse {
    ListSAMLProvidersResponse { saml_provider_list: Some(Vec::new()) }
}

pub(super) fn instance_profile(name: &str) -> Refusal {
    let missing = || Refusal::no_such_entity(format!("Instance Profile {name} cannot be found."));
    constraint::name("InstanceProfileName", name).err().unwrap_or_else(missing)
}

pub(super) fn login_profile(ask: &Ask<'_>, account: &Account, name: Option<&str>) -> Refusal {
    let user = user_or_caller(ask.caller, name);
    let user = user.and_then(|name| name.map(|name| User::of_name(account, name)).transpose());
    match user {
        Ok(user) => {
            let name = user.map_or("root", |user| &user.name);
            Refusal::no_such_entity(format!("Login Profile for User {name} cannot be found."))
        }
        Err(refusal) => refusal,
    }
}

pub(super) fn password_policy(account: &Account) -> Refusal {
    Refusal::no_such_entity(format!("The Password Policy with domain name {} cannot be found.", account.id))
}
