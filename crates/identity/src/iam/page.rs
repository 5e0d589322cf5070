//! Pages of lists: which part of a list a request asks for, and where the next part begins.

use aws::iam::*;

use crate::query::Refusal;

/// Source: IAM API Reference, MaxItems.
const PAGE_DEFAULT: usize = 100;
/// What a page of documents shows, at most, beyond its first entity; AWS's pages may be shorter than `MaxItems`, too. Unit: bytes,
/// of which each is up to three in the answer.
pub(super) const PAGE_BYTES_MAX: usize = 512 * 1024;

/// `Marker` and `MaxItems` of a request.
pub(super) type Paging = (Option<String>, Option<i32>);

/// A part of a list, as the answer has it.
pub(super) struct Page<T> {
    pub items: Vec<T>,
    pub is_truncated: Option<bool>,
    /// Where the next page begins.
    pub marker: Option<String>,
}

impl<T> Page<T> {
    /// All of a list that is always empty.
    pub(super) fn none() -> Page<T> {
        Page { items: Vec::new(), is_truncated: Some(false), marker: None }
    }

    /// The page of `items`, which are in the order of their keys.
    pub(super) fn of(paging: Paging, items: impl IntoIterator<Item = (String, T)>) -> Result<Page<T>, Refusal> {
        Page::within(paging, items, |_| 0)
    }

    /// A page that ends before it has more bytes than [`PAGE_BYTES_MAX`].
    pub(super) fn within(
        (marker, max_items): Paging,
        items: impl IntoIterator<Item = (String, T)>,
        shown_bytes: impl Fn(&T) -> usize,
    ) -> Result<Page<T>, Refusal> {
        let length = max_items.and_then(|length| usize::try_from(length).ok()).unwrap_or(PAGE_DEFAULT);
        let after = marker.map(marker_key).transpose()?;
        let mut rest = items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).peekable();
        let (mut items, mut last_key, mut bytes) = (Vec::new(), None, 0);
        while let Some((key, item)) = rest.next_if(|(_, item)| {
            bytes += shown_bytes(item);
            items.is_empty() || (items.len() < length && bytes <= PAGE_BYTES_MAX)
        }) {
            items.push(item);
            last_key = Some(key);
        }
        let is_truncated = rest.peek().is_some();
        let marker = last_key.filter(|_| is_truncated).map(|key| base64_simd::URL_SAFE_NO_PAD.encode_to_string(key));
        Ok(Page { items, is_truncated: Some(is_truncated), marker })
    }

    pub(super) fn map<U>(self, show: impl FnMut(T) -> U) -> Page<U> {
        let Page { items, is_truncated, marker } = self;
        Page { items: items.into_iter().map(show).collect(), is_truncated, marker }
    }
}

fn marker_key(marker: String) -> Result<String, Refusal> {
    let key = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(&marker).ok().and_then(|key| String::from_utf8(key).ok());
    key.ok_or_else(|| Refusal::validation(format!("Invalid Marker: {marker}")))
}

/// From rows: an answer that is a page of a list, its member with the items, and their type.
macro_rules! answers {
    ($($answer:ident $items:ident $item:ty;)+) => {$(
        impl From<Page<$item>> for $answer {
            fn from(page: Page<$item>) -> $answer {
                $answer { $items: page.items.into(), is_truncated: page.is_truncated, marker: page.marker }
            }
        }
    )+};
}

answers! {
    ListAccessKeysResponse access_key_metadata AccessKeyMetadata;
    ListAccountAliasesResponse account_aliases String;
    ListAttachedGroupPoliciesResponse attached_policies AttachedPolicy;
    ListAttachedRolePoliciesResponse attached_policies AttachedPolicy;
    ListAttachedUserPoliciesResponse attached_policies AttachedPolicy;
    ListGroupPoliciesResponse policy_names String;
    ListGroupsForUserResponse groups Group;
    ListGroupsResponse groups Group;
    ListInstanceProfilesForRoleResponse instance_profiles InstanceProfile;
    ListInstanceProfilesResponse instance_profiles InstanceProfile;
    ListMFADevicesResponse mfa_devices MFADevice;
    ListOpenIDConnectProviderTagsResponse tags Tag;
    ListPoliciesResponse policies Policy;
    ListPolicyTagsResponse tags Tag;
    ListPolicyVersionsResponse versions PolicyVersion;
    ListRolePoliciesResponse policy_names String;
    ListRoleTagsResponse tags Tag;
    ListRolesResponse roles Role;
    ListSSHPublicKeysResponse ssh_public_keys SSHPublicKeyMetadata;
    ListServerCertificatesResponse server_certificate_metadata_list ServerCertificateMetadata;
    ListServiceSpecificCredentialsResponse service_specific_credentials ServiceSpecificCredentialMetadata;
    ListSigningCertificatesResponse certificates SigningCertificate;
    ListUserPoliciesResponse policy_names String;
    ListUserTagsResponse tags Tag;
    ListUsersResponse users User;
    ListVirtualMFADevicesResponse virtual_mfa_devices VirtualMFADevice;
    SimulatePolicyResponse evaluation_results EvaluationResult;
}
