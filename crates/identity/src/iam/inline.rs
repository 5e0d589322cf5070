//! Inline policies of users, groups and roles.

use auth::iam::PolicyKind;

use super::holder::Holder;
use super::page::{Page, Paging};
use super::{Answer, constraint, quota};
use crate::query::{Code, Refusal, percent_encoded};
use crate::store::{Account, Draft};

/// A holder, and the name of one of its inline policies.
pub(super) type Names<'r> = (&'r str, &'r str);

pub(super) fn put<H: Holder>(draft: &mut Draft, (holder, name): Names<'_>, document: &str) -> Answer {
    constraint::name("PolicyName", name)?;
    let mut holder = H::clone(H::named(draft, holder)?);
    let document = constraint::document(PolicyKind::Identity, document)?;
    let inline = &mut holder.grants_mut().inline;
    inline.insert(name.to_owned(), document);
    let size: usize = inline.values().map(|document| quota::size(document.text())).sum();
    if size > H::INLINE_SIZE_MAX {
        let (word, max, name) = (H::WORD, H::INLINE_SIZE_MAX, holder.name());
        let text = format!("Maximum policy size of {max} bytes exceeded for {word} {name}");
        return Err(Refusal::new(Code::LimitExceeded, text));
    }
    draft.put(holder);
    Ok(())
}

pub(super) fn get<H: Holder>(account: &Account, (holder, name): Names<'_>) -> Answer<InlinePolicy> {
    constraint::name("PolicyName", name)?;
    let holder = H::named(account, holder)?;
    let document = holder.grants().inline.get(name).ok_or_else(|| missing::<H>(name))?;
    let document = percent_encoded(document.text());
    Ok(InlinePolicy { holder: holder.name().to_owned(), name: name.to_owned(), document })
}

/// One policy, as three operations answer with it.
pub(super) struct InlinePolicy {
    /// The holder's own name.
    holder: String,
    name: String,
    document: String,
}

macro_rules! answers {
    ($($answer:ident $holder:ident;)+) => {$(
        impl From<InlinePolicy> for aws::iam::$answer {
            fn from(policy: InlinePolicy) -> aws::iam::$answer {
                let InlinePolicy { holder, name: policy_name, document: policy_document } = policy;
                aws::iam::$answer { $holder: holder, policy_name, policy_document }
            }
        }
    )+};
}

answers! {
    GetUserPolicyResponse user_name;
    GetGroupPolicyResponse group_name;
    GetRolePolicyResponse role_name;
}

pub(super) fn delete<H: Holder>(draft: &mut Draft, (holder, name): Names<'_>) -> Answer {
    constraint::name("PolicyName", name)?;
    let mut holder = H::clone(H::named(draft, holder)?);
    holder.grants_mut().inline.remove(name).ok_or_else(|| missing::<H>(name))?;
    draft.put(holder);
    Ok(())
}

pub(super) fn list<H: Holder>(account: &Account, name: &str, paging: Paging) -> Answer<Page<String>> {
    let holder = H::named(account, name)?;
    Page::of(paging, holder.grants().inline.keys().map(|name| (name.clone(), name.clone())))
}

fn missing<H: Holder>(name: &str) -> Refusal {
    Refusal::no_such_entity(format!("The {} policy with name {name} cannot be found.", H::WORD))
}
