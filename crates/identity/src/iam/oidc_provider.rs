//! OpenID Connect providers, whose tokens AssumeRoleWithWebIdentity takes.

use std::sync::Arc;

use client::Url;

use super::asked::Ask;
use super::{Answer, quota, tag};
use crate::query::{Code, Refusal, Xml, timestamp};
use crate::store::entity::OidcProvider;
use crate::store::{Account, Draft};
use crate::web_identity::is_issuer;

const MEMBER: &str = "OpenIDConnectProviderArn";

pub(super) fn create(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let whole_url = ask.required("Url")?;
    let url = url(whole_url)?.to_owned();
    refuse_closed(ask, whole_url)?;
    let provider = OidcProvider {
        url,
        is_encrypted: Url::parse(whole_url).ok().map(|url| url.is_encrypted()),
        client_ids: client_ids(ask)?,
        thumbprints: thumbprints(ask)?,
        created_ms: ask.now_ms,
        tags: tag::of_new(ask)?,
    };
    if draft.provider(&provider.url).is_some() {
        let text = format!("Provider with url {whole_url} already exists.");
        return Err(Refusal::new(Code::EntityAlreadyExists, text));
    }
    quota::refuse_beyond("OpenIdConnectProvidersPerAccount", draft.providers.len(), quota::OIDC_PROVIDERS_MAX)?;
    let mut xml = Xml::new();
    xml.text(MEMBER, &provider.arn(&draft.id));
    tag::show_some(&mut xml, &provider.tags);
    draft.put(provider);
    Ok(Some(xml))
}

pub(super) fn get(ask: &Ask<'_>, account: &Account) -> Answer {
    let provider = asked(ask, account)?;
    let mut xml = Xml::new();
    xml.text("Url", &provider.url);
    xml.list("ClientIDList", &provider.client_ids, |xml, id| xml.content(id));
    xml.list("ThumbprintList", &provider.thumbprints, |xml, print| xml.content(print));
    xml.text("CreateDate", &timestamp(provider.created_ms));
    tag::show(&mut xml, &provider.tags);
    Ok(Some(xml))
}

pub(super) fn list(_ask: &Ask<'_>, account: &Account) -> Answer {
    let mut xml = Xml::new();
    let providers = account.providers.values();
    xml.list("OpenIDConnectProviderList", providers, |xml, provider| xml.text("Arn", &provider.arn(&account.id)));
    Ok(Some(xml))
}

/// One that is not there is deleted already.
pub(super) fn delete(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let arn = ask.arn(MEMBER)?;
    if let Some(provider) = draft.provider_of_arn(arn).map(|provider| OidcProvider::clone(provider)) {
        draft.remove(&provider);
    }
    Ok(None)
}

pub(super) fn update_thumbprints(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let mut provider = OidcProvider::clone(asked(ask, draft)?);
    provider.thumbprints = thumbprints(ask)?;
    draft.put(provider);
    Ok(None)
}

pub(super) fn add_client_id(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let id = ask.required("ClientID")?;
    let mut provider = OidcProvider::clone(asked(ask, draft)?);
    if !provider.client_ids.iter().any(|other| other == id) {
        quota::refuse_beyond("ClientIdsPerOpenIdConnectProvider", provider.client_ids.len(), quota::CLIENT_IDS_MAX)?;
        provider.client_ids.push(id.to_owned());
        draft.put(provider);
    }
    Ok(None)
}

pub(super) fn remove_client_id(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let id = ask.required("ClientID")?;
    let mut provider = OidcProvider::clone(asked(ask, draft)?);
    provider.client_ids.retain(|other| other != id);
    draft.put(provider);
    Ok(None)
}

/// The provider that a request names.
pub(super) fn asked<'a>(ask: &Ask<'_>, account: &'a Account) -> Result<&'a Arc<OidcProvider>, Refusal> {
    let arn = ask.arn(MEMBER)?;
    let missing = || Refusal::no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}"));
    account.provider_of_arn(arn).ok_or_else(missing)
}

/// Without its `https://`, or, of an issuer on this machine, its `http://`.
fn url(whole: &str) -> Result<&str, Refusal> {
    // Its ARN is made of it, which policies compare: it has one spelling.
    let is_canonical =
        Url::parse(whole).is_ok_and(|url| url.to_string().trim_end_matches('/') == whole.trim_end_matches('/'));
    let url =
        whole.split_once("://").filter(|_| is_issuer(whole) && is_canonical).map(|(_, url)| url.trim_end_matches('/'));
    url.filter(|url| !url.is_empty()).ok_or_else(|| Refusal::invalid_input("Invalid Open ID Connect Provider URL"))
}

/// An address that the server would not ask for keys. Names are resolved when they are asked.
fn refuse_closed(ask: &Ask<'_>, whole_url: &str) -> Result<(), Refusal> {
    let Some((egress, url)) = ask.identities.egress.get().zip(Url::parse(whole_url).ok()) else { return Ok(()) };
    let closed = |closed| Refusal::invalid_input(format!("Invalid Open ID Connect Provider URL: {closed}"));
    egress.check_text(&url).map_err(closed)
}

fn client_ids(ask: &Ask<'_>) -> Result<Vec<String>, Refusal> {
    let ids: Vec<String> = ask.members.texts("ClientIDList").into_iter().map(str::to_owned).collect();
    match ids.len() <= quota::CLIENT_IDS_MAX {
        true => Ok(ids),
        false => Err(quota::exceeded("ClientIdsPerOpenIdConnectProvider", quota::CLIENT_IDS_MAX)),
    }
}

fn thumbprints(ask: &Ask<'_>) -> Result<Vec<String>, Refusal> {
    let prints = ask.members.texts("ThumbprintList");
    for print in &prints {
        if !print.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Refusal::invalid_input(format!("Invalid thumbprint: {print}")));
        }
    }
    if prints.len() > quota::THUMBPRINTS_MAX {
        return Err(Refusal::invalid_input("Thumbprint list must contain fewer than 5 entries."));
    }
    Ok(prints.into_iter().map(str::to_owned).collect())
}
