//! Inline policies of users, groups and roles.

use auth::iam::PolicyKind;

use super::asked::Ask;
use super::holder::Holder;
use super::{Answer, quota};
use crate::query::{Code, Refusal, Xml, percent_encoded};
use crate::store::{Account, Draft};

pub(super) fn put<H: Holder>(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let name = ask.name("PolicyName")?;
    let mut holder = H::clone(H::asked(ask, draft)?);
    let document = ask.document("PolicyDocument", PolicyKind::Identity)?;
    let inline = &mut holder.grants_mut().inline;
    inline.insert(name.to_owned(), document);
    let size: usize = inline.values().map(|document| quota::size(document.text())).sum();
    if size > H::INLINE_SIZE_MAX {
        let (word, max, name) = (H::WORD, H::INLINE_SIZE_MAX, holder.name());
        let text = format!("Maximum policy size of {max} bytes exceeded for {word} {name}");
        return Err(Refusal::new(Code::LimitExceeded, text));
    }
    draft.put(holder);
    Ok(None)
}

pub(super) fn get<H: Holder>(ask: &Ask<'_>, account: &Account) -> Answer {
    let name = ask.name("PolicyName")?;
    let holder = H::asked(ask, account)?;
    let document = holder.grants().inline.get(name).ok_or_else(|| missing::<H>(name))?;
    let mut xml = Xml::new();
    xml.text(H::MEMBER, holder.name());
    xml.text("PolicyName", name);
    xml.text("PolicyDocument", &percent_encoded(document.text()));
    Ok(Some(xml))
}

pub(super) fn delete<H: Holder>(ask: &Ask<'_>, draft: &mut Draft) -> Answer {
    let name = ask.name("PolicyName")?;
    let mut holder = H::clone(H::asked(ask, draft)?);
    holder.grants_mut().inline.remove(name).ok_or_else(|| missing::<H>(name))?;
    draft.put(holder);
    Ok(None)
}

pub(super) fn list<H: Holder>(ask: &Ask<'_>, account: &Account) -> Answer {
    let holder = H::asked(ask, account)?;
    let names = holder.grants().inline.keys().map(|name| (name.clone(), name));
    let mut xml = Xml::new();
    ask.page(&mut xml, "PolicyNames", names, |xml, name| xml.content(name))?;
    Ok(Some(xml))
}

fn missing<H: Holder>(name: &str) -> Refusal {
    Refusal::no_such_entity(format!("The {} policy with name {name} cannot be found.", H::WORD))
}
