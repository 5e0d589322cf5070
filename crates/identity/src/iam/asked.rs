//! A request as operations see it: who asks, when, and its parameters, each checked as it is taken.

use auth::Caller;
use auth::iam::{Malformed, PolicyKind, PrincipalKind};

use super::constraint;
use crate::query::{Code, Parameters, Refusal, Xml};
use crate::store::{Identities, PolicyDocument};

/// Source: IAM API Reference, MaxItems.
const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1_000;
/// What a page of documents shows, at most, beyond its first entity; AWS's pages may be shorter than `MaxItems`, too. Unit: bytes,
/// of which each is up to three in the answer.
pub(super) const PAGE_BYTES_MAX: usize = 512 * 1024;
/// Unit: characters.
const MARKER_LENGTH_MAX: usize = 320;
/// Before quotas are asked. Unit: characters.
const DOCUMENT_LENGTH_MAX: usize = 131_072;

pub(super) struct Ask<'a> {
    pub identities: &'a Identities,
    pub caller: &'a Caller,
    pub parameters: &'a Parameters,
    pub now_ms: u64,
}

impl<'a> Ask<'a> {
    pub(super) fn optional(&self, member: &str) -> Option<&'a str> {
        self.parameters.get(member)
    }

    pub(super) fn required(&self, member: &str) -> Result<&'a str, Refusal> {
        self.optional(member).ok_or_else(|| Refusal::missing(member))
    }

    /// The name of something new.
    pub(super) fn new_name(&self, member: &str, length_max: usize) -> Result<&'a str, Refusal> {
        let name = self.required(member)?;
        constraint::name(member, name, length_max).map(|()| name)
    }

    /// The name of something that should be there; it may be longer than new ones.
    pub(super) fn name(&self, member: &str) -> Result<&'a str, Refusal> {
        self.new_name(member, 128)
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
    pub(super) fn other_name(&self, member: &str, length_max: usize) -> Result<Option<&'a str>, Refusal> {
        self.optional(member).map(|_| self.new_name(member, length_max)).transpose()
    }

    /// A policy's document.
    pub(super) fn document(&self, member: &str, kind: PolicyKind) -> Result<PolicyDocument, Refusal> {
        let text = self.required(member)?;
        constraint::length(member, text, 1, DOCUMENT_LENGTH_MAX)?;
        let malformed = |error: Malformed| Refusal::new(Code::MalformedPolicyDocument, error.0);
        PolicyDocument::parse(kind, text).map_err(malformed)
    }

    /// One of a few words.
    pub(super) fn one_of(&self, member: &str, words: &[&str]) -> Result<Option<&'a str>, Refusal> {
        let Some(word) = self.optional(member).filter(|word| !word.is_empty()) else { return Ok(None) };
        match words.contains(&word) {
            true => Ok(Some(word)),
            false => {
                let constraint = format!("Member must satisfy enum value set: [{}]", words.join(", "));
                Err(Refusal::broken(member, word, &constraint))
            }
        }
    }

    /// What listed paths begin with.
    pub(super) fn path_prefix(&self) -> Result<&'a str, Refusal> {
        let prefix = self.optional("PathPrefix").unwrap_or("/");
        constraint::path_prefix(prefix).map(|()| prefix)
    }

    pub(super) fn arn(&self, member: &str) -> Result<&'a str, Refusal> {
        let arn = self.required(member)?;
        constraint::arn(member, arn).map(|()| arn)
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

    /// A number between two bounds.
    pub(super) fn integer(&self, member: &str, min: u32, max: u32) -> Result<Option<u32>, Refusal> {
        let Some(text) = self.optional(member) else { return Ok(None) };
        let value: i64 = text.parse().map_err(|_| Refusal::validation(format!("{member} is no number")))?;
        if value < i64::from(min) {
            let constraint = format!("Member must have value greater than or equal to {min}");
            return Err(Refusal::broken(member, text, &constraint));
        }
        let too_large =
            || Refusal::broken(member, text, &format!("Member must have value less than or equal to {max}"));
        u32::try_from(value).ok().filter(|value| *value <= max).map(Some).ok_or_else(too_large)
    }

    pub(super) fn boolean(&self, member: &str) -> Result<Option<bool>, Refusal> {
        match self.optional(member) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::validation(format!("{member} must be true or false"))),
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
        let length = self.integer("MaxItems", 1, PAGE_MAX as u32)?.map_or(PAGE_DEFAULT, |length| length as usize);
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
    constraint::length("Marker", marker, 1, MARKER_LENGTH_MAX)?;
    let key = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(marker).ok().and_then(|key| String::from_utf8(key).ok());
    key.ok_or_else(|| Refusal::validation(format!("Invalid Marker: {marker}")))
}
