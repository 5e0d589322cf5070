//! What cannot be made here, though its lists are asked for: passwords, multi-factor devices, certificates, SSH keys,
//! instance profiles, SAML providers. There are none, and the answers say so.

use super::Answer;
use super::asked::Ask;
use super::holder::Holder;
use crate::query::{Refusal, Xml};
use crate::store::Account;
use crate::store::entity::{Role, User};

fn empty(lists: &str) -> Answer {
    let mut xml = Xml::new();
    xml.within(lists, |_| {});
    xml.value("IsTruncated", false);
    Ok(Some(xml))
}

/// Of a user, if one is named.
fn of_user(ask: &Ask<'_>, account: &Account, list: &str) -> Answer {
    if ask.optional("UserName").is_some() {
        User::asked(ask, account)?;
    }
    empty(list)
}

pub(super) fn mfa_devices(ask: &Ask<'_>, account: &Account) -> Answer {
    of_user(ask, account, "MFADevices")
}

pub(super) fn signing_certificates(ask: &Ask<'_>, account: &Account) -> Answer {
    of_user(ask, account, "Certificates")
}

pub(super) fn ssh_public_keys(ask: &Ask<'_>, account: &Account) -> Answer {
    of_user(ask, account, "SSHPublicKeys")
}

pub(super) fn service_specific_credentials(ask: &Ask<'_>, account: &Account) -> Answer {
    of_user(ask, account, "ServiceSpecificCredentials")
}

pub(super) fn virtual_mfa_devices(_ask: &Ask<'_>, _account: &Account) -> Answer {
    empty("VirtualMFADevices")
}

pub(super) fn server_certificates(_ask: &Ask<'_>, _account: &Account) -> Answer {
    empty("ServerCertificateMetadataList")
}

pub(super) fn saml_providers(_ask: &Ask<'_>, _account: &Account) -> Answer {
    let mut xml = Xml::new();
    xml.within("SAMLProviderList", |_| {});
    Ok(Some(xml))
}

pub(super) fn instance_profiles(_ask: &Ask<'_>, _account: &Account) -> Answer {
    empty("InstanceProfiles")
}

pub(super) fn instance_profiles_of_role(ask: &Ask<'_>, account: &Account) -> Answer {
    Role::asked(ask, account)?;
    empty("InstanceProfiles")
}

pub(super) fn instance_profile(ask: &Ask<'_>, _account: &Account) -> Answer {
    let name = ask.name("InstanceProfileName")?;
    Err(Refusal::no_such_entity(format!("Instance Profile {name} cannot be found.")))
}

pub(super) fn login_profile(ask: &Ask<'_>, account: &Account) -> Answer {
    let name = match ask.user_or_caller()? {
        Some(name) => &User::of_name(account, name)?.name,
        None => "root",
    };
    Err(Refusal::no_such_entity(format!("Login Profile for User {name} cannot be found.")))
}

pub(super) fn password_policy(_ask: &Ask<'_>, account: &Account) -> Answer {
    let text = format!("The Password Policy with domain name {} cannot be found.", account.id);
    Err(Refusal::no_such_entity(text))
}
