//! GetAccessKeyInfo: the account of an access key, which is in the key's id.

use aws::sts::{GetAccessKeyInfoRequest, GetAccessKeyInfoResponse};

use super::asked::Ask;
use crate::query::Refusal;

pub(super) fn answer(ask: &Ask<'_>, request: &GetAccessKeyInfoRequest) -> Result<GetAccessKeyInfoResponse, Refusal> {
    let id = &request.access_key_id;
    ask.allowed("sts:GetAccessKeyInfo", "*")?;
    let account = auth::issued_account(id);
    let account = account.ok_or_else(|| Refusal::validation(format!("Invalid access key id: {id}")))?;
    Ok(GetAccessKeyInfoResponse { account: Some(account) })
}
