//! OpenID Connect providers, whose tokens AssumeRoleWithWebIdentity takes.

use std::sync::Arc;

use aws::iam::{
    AddClientIDToOpenIDConnectProviderRequest, CreateOpenIDConnectProviderRequest, CreateOpenIDConnectProviderResponse,
    GetOpenIDConnectProviderResponse, ListOpenIDConnectProvidersResponse, OpenIDConnectProviderListEntry,
    RemoveClientIDFromOpenIDConnectProviderRequest, UpdateOpenIDConnectProviderThumbprintRequest,
};
use client::Url;

use super::asked::Ask;
use super::{Answer, constraint, quota, tag};
use crate::query::{Code, Refusal, timestamp};
use crate::store::entity::OidcProvider;
use crate::store::{Account, Draft};
use crate::web_identity::is_issuer;

pub(super) fn create(
    ask: &Ask<'_>,
    draft: &mut Draft,
    request: CreateOpenIDConnectProviderRequest,
) -> Answer<CreateOpenIDConnectProviderResponse> {
    let whole_url = &*request.url;
    let url = url(whole_url)?.to_owned();
    refuse_closed(ask, whole_url)?;
    let provider = OidcProvider {
        url,
        is_encrypted: Url::parse(whole_url).ok().map(|url| url.is_encrypted()),
        client_ids: client_ids(request.client_id_list.as_deref())?,
        thumbprints: thumbprints(request.thumbprint_list.as_deref())?,
        created_ms: ask.now_ms,
        tags: tag::asked(request.tags.iter().flatten())?,
    };
    if draft.provider(&provider.url).is_some() {
        let text = format!("Provider with url {whole_url} already exists.");
        return Err(Refusal::new(Code::EntityAlreadyExists, text));
    }
    quota::refuse_beyond("OpenIdConnectProvidersPerAccount", draft.providers.len(), quota::OIDC_PROVIDERS_MAX)?;
    let open_id_connect_provider_arn = Some(provider.arn(&draft.id));
    let tags = tag::some(&provider.tags);
    draft.put(provider);
    Ok(CreateOpenIDConnectProviderResponse { open_id_connect_provider_arn, tags })
}

pub(super) fn get(account: &Account, arn: &str) -> Answer<GetOpenIDConnectProviderResponse> {
    let provider = named(account, arn)?;
    Ok(GetOpenIDConnectProviderResponse {
        url: Some(provider.url.clone()),
        client_id_list: Some(provider.client_ids.clone()),
        thumbprint_list: Some(provider.thumbprints.clone()),
        create_date: Some(timestamp(provider.created_ms)),
        tags: Some(tag::all(&provider.tags)),
        ..GetOpenIDConnectProviderResponse::default()
    })
}

pub(super) fn list(account: &Account) -> Answer<ListOpenIDConnectProvidersResponse> {
    let entry = |provider: &Arc<OidcProvider>| OpenIDConnectProviderListEntry {
        arn: Some(provider.arn(&account.id)),
        ..OpenIDConnectProviderListEntry::default()
    };
    let open_id_connect_provider_list = Some(account.providers.values().map(entry).collect());
    Ok(ListOpenIDConnectProvidersResponse { open_id_connect_provider_list })
}

/// One that is not there is deleted already.
pub(super) fn delete(draft: &mut Draft, arn: &str) -> Answer {
    constraint::arn(arn)?;
    if let Some(provider) = draft.provider_of_arn(arn).map(|provider| OidcProvider::clone(provider)) {
        draft.remove(&provider);
    }
    Ok(())
}

pub(super) fn update_thumbprints(draft: &mut Draft, request: UpdateOpenIDConnectProviderThumbprintRequest) -> Answer {
    let mut provider = OidcProvider::clone(named(draft, &request.open_id_connect_provider_arn)?);
    provider.thumbprints = thumbprints(Some(&request.thumbprint_list))?;
    draft.put(provider);
    Ok(())
}

pub(super) fn add_client_id(draft: &mut Draft, request: AddClientIDToOpenIDConnectProviderRequest) -> Answer {
    let id = &request.client_id;
    let mut provider = OidcProvider::clone(named(draft, &request.open_id_connect_provider_arn)?);
    if !provider.client_ids.contains(id) {
        quota::refuse_beyond("ClientIdsPerOpenIdConnectProvider", provider.client_ids.len(), quota::CLIENT_IDS_MAX)?;
        provider.client_ids.push(id.clone());
        draft.put(provider);
    }
    Ok(())
}

pub(super) fn remove_client_id(draft: &mut Draft, request: RemoveClientIDFromOpenIDConnectProviderRequest) -> Answer {
    let mut provider = OidcProvider::clone(named(draft, &request.open_id_connect_provider_arn)?);
    provider.client_ids.retain(|other| *other != request.client_id);
    draft.put(provider);
    Ok(())
}

/// The provider that a request names.
pub(super) fn named<'a>(account: &'a Account, arn: &str) -> Answer<&'a Arc<OidcProvider>> {
    let arn = constraint::arn(arn)?;
    let missing = || Refusal::no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}"));
    account.provider_of_arn(arn).ok_or_else(missing)
}

/// Without its `https://`, or, of an issuer on this machine, its `http://`.
fn url(whole: &str) -> Answer<&str> {
    // Its ARN is made of it, which policies compare: it has one spelling.
    let is_canonical =
        Url::parse(whole).is_ok_and(|url| url.to_string().trim_end_matches('/') == whole.trim_end_matches('/'));
    let url =
        whole.split_once("://").filter(|_| is_issuer(whole) && is_canonical).map(|(_, url)| url.trim_end_matches('/'));
    url.filter(|url| !url.is_empty()).ok_or_else(|| Refusal::invalid_input("Invalid Open ID Connect Provider URL"))
}

/// An address that the server would not ask for keys. Names are resolved when they are asked.
fn refuse_closed(ask: &Ask<'_>, whole_url: &str) -> Answer {
    let Some((egress, url)) = ask.identities.egress.get().zip(Url::parse(whole_url).ok()) else { return Ok(()) };
    let closed = |closed| Refusal::invalid_input(format!("Invalid Open ID Connect Provider URL: {closed}"));
    egress.check_text(&url).map_err(closed)
}

fn client_ids(ids: Option<&[String]>) -> Answer<Vec<String>> {
    let ids = ids.unwrap_or_default();
    match ids.len() <= quota::CLIENT_IDS_MAX {
        true => Ok(ids.to_owned()),
        false => Err(quota::exceeded("ClientIdsPerOpenIdConnectProvider", quota::CLIENT_IDS_MAX)),
    }
}

fn thumbprints(prints: Option<&[String]>) -> Answer<Vec<String>> {
    let prints = prints.unwrap_or_default();
    for print in prints {
        if !print.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Refusal::invalid_input(format!("Invalid thumbprint: {print}")));
        }
    }
    if prints.len() > quota::THUMBPRINTS_MAX {
        return Err(Refusal::invalid_input("Thumbprint list must contain fewer than 5 entries."));
    }
    Ok(prints.to_owned())
}
