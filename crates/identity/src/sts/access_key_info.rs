//! GetAccessKeyInfo: the account of an access key, which stands in the key's id.

use super::Answer;
use super::asked::Ask;
use crate::query::{Refusal, Xml};

pub(super) fn answer(ask: &Ask<'_>) -> Answer {
    let id = ask.text("AccessKeyId", 16, 128)?;
    ask.allowed("sts:GetAccessKeyInfo", "*")?;
    let account = auth::issued_account(id);
    let account = account.ok_or_else(|| Refusal::validation(format!("Invalid access key id: {id}")))?;
    let mut xml = Xml::new();
    xml.text("Account", &account);
    Ok(xml)
}
