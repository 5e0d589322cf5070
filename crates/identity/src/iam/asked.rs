//! A request as operations see it: its caller, its time, and its members, which satisfy the model's constraints. What IAM says of
//! them in other words is checked as they are taken.

use auth::Caller;
use auth::iam::{Malformed, PolicyKind, PrincipalKind};
use aws::Members;

use super::constraint;
use crate::query::{Code, Refusal, Xml};
use crate::store::{Identities, PolicyDocument};

/// Source: IAM API Reference, MaxItems.
const PAGE_DEFAULT: usize = 100;
/// What a page of documents shows, at most, beyond its first entity; AWS's pages may be shorter than `MaxItems`, too. Unit: bytes,
/// of which each is up to three in the answer.
pub(super) const PAGE_BYTES_MAX: usize = 512 * 1024;

pub(super) struct Ask<'a> {
    pub identities: &'a Identities,
    pub caller: &'a Caller,
    pub members: Members<'a>,
    pub now_ms: u64,
}

impl<'a> Ask<'a> {
    pub(super) fn optional(&self, member: &str) -> Option<&'a str> {
        self.members.text(member)
    }

    pub(super) fn required(&self, member: &str) -> Result<&'a str, Refusal> {
        self.optional(member).ok_or_else(|| Refusal::missing(member))
    }

    pub(super) fn name(&self, member: &str) -> Result<&'a str, Refusal> {
        let name = self.required(member)?;
        constraint::name(member, name).map(|()| name)
    }

    pub(super) fn path(&self) -> Result<&'a str, Refusal> {
        let path = self.optional("Path").unwrap_or("/");
        constraint::path(path).map(|()| path)
    }

    /// The path that something is to have from now on.
    pub(super) fn new_path(&self) -> Result<Option<&'a str>, Refusal> {
        let path = self.optional("NewPath");
        path.map(|path| constraint::path(path).map(|()| path)).transpose()
    }

    /// The name that something is to have from now on.
    pub(super) fn other_name(&self, member: &str) -> Result<Option<&'a str>, Refusal> {
        self.optional(member).map(|_| self.name(member)).transpose()
    }

    /// A policy's document.
    pub(super) fn document(&self, member: &str, kind: PolicyKind) -> Result<PolicyDocument, Refusal> {
        let text = self.required(member)?;
        let malformed = |error: Malformed| Refusal::new(Code::MalformedPolicyDocument, error.0);
        PolicyDocument::parse(kind, text).map_err(malformed)
    }

    /// What listed paths begin with.
    pub(super) fn path_prefix(&self) -> Result<&'a str, Refusal> {
        let prefix = self.optional("PathPrefix").unwrap_or("/");
        constraint::path_prefix(prefix).map(|()| prefix)
    }

    pub(super) fn arn(&self, member: &str) -> Result<&'a str, Refusal> {
        let arn = self.required(member)?;
        constraint::arn(arn).map(|()| arn)
    }

    /// The user that a request names, or else the one that makes it; none for the account itself.
    pub(super) fn user_or_caller(&self) -> Result<Option<&'a str>, Refusal> {
        if self.optional("UserName").is_some() {
            return self.name("UserName").map(Some);
        }
        let Some(identity) = &self.caller.identity else { return Ok(None) };
        match identity.principal.kind {
            PrincipalKind::Root => Ok(None),
            PrincipalKind::User => Ok(identity.principal.username.as_deref()),
            PrincipalKind::AssumedRole | PrincipalKind::FederatedUser => {
                Err(Refusal::validation("Must specify userName when calling with non-User credentials"))
            }
        }
    }

    /// One page of `items`, which stand in the order of their keys: `<Name><member>…</member></Name>`, and how to go on.
    pub(super) fn page<T>(
        &self,
        xml: &mut Xml,
        name: &str,
        items: impl IntoIterator<Item = (String, T)>,
        show: impl Fn(&mut Xml, &T),
    ) -> Result<(), Refusal> {
        let page = self.items_of_page(items)?;
        xml.list(name, &page.items, |xml, (_, item)| show(xml, item));
        page.end(xml);
        Ok(())
    }

    pub(super) fn items_of_page<T>(&self, items: impl IntoIterator<Item = (String, T)>) -> Result<Page<T>, Refusal> {
        self.items_of_page_within(items, |_| 0)
    }

    /// A page that ends before it has more bytes than [`PAGE_BYTES_MAX`].
    pub(super) fn items_of_page_within<T>(
        &self,
        items: impl IntoIterator<Item = (String, T)>,
        shown_bytes: impl Fn(&T) -> usize,
    ) -> Result<Page<T>, Refusal> {
        let length = self.members.integer("MaxItems").and_then(|length| usize::try_from(length).ok());
        let length = length.unwrap_or(PAGE_DEFAULT);
        let after = self.optional("Marker").map(marker_key).transpose()?;
        let mut rest = items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).peekable();
        let (mut items, mut bytes) = (Vec::new(), 0);
        while let Some((_, item)) = rest.peek().filter(|_| items.len() < length) {
            bytes += shown_bytes(item);
            if bytes > PAGE_BYTES_MAX && !items.is_empty() {
                break;
            }
            items.extend(rest.next());
        }
        let more = rest.peek().is_some();
        Ok(Page { items, more })
    }
}

pub(super) struct Page<T> {
    pub items: Vec<(String, T)>,
    pub more: bool,
}

impl<T> Page<T> {
    /// Whether there is more, and where.
    pub(super) fn end(&self, xml: &mut Xml) {
        xml.value("IsTruncated", self.more);
        if let Some((last, _)) = self.items.last().filter(|_| self.more) {
            xml.text("Marker", &base64_simd::URL_SAFE_NO_PAD.encode_to_string(last));
        }
    }
}

fn marker_key(marker: &str) -> Result<String, Refusal> {
    let key = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(marker).ok().and_then(|key| String::from_utf8(key).ok());
    key.ok_or_else(|| Refusal::validation(format!("Invalid Marker: {marker}")))
}
