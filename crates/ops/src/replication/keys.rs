//! KMS keys of replicas: each region has its own, and all are of one kind. Texts: captures.
//!
//! The request has the KMS say which key a name means, and whether the account may use it; the replica's own key is made with the
//! replica. If the KMS refuses it then, the replica is given up, as on DynamoDB.

use api::{Exception, SSESpecification, SSEType};
use auth::Caller;
use bytes::Bytes;
use tables::{Definition, Encryption, Member};

use super::members::MemberSettings;
use crate::permission::permit_resolved_key;
use crate::service::Service;
use crate::table_keys::MANAGED_KEY;

/// Whose key encrypts a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum KeyKind {
    /// The service's.
    Owned,
    /// The account's key for DynamoDB.
    Managed,
    Customer,
}

pub(crate) fn kind_of(definition: &Definition) -> KeyKind {
    match &definition.encryption {
        None => KeyKind::Owned,
        own if encryption(definition, &definition.region, None).is_ok_and(|managed| managed == *own) => {
            KeyKind::Managed
        }
        Some(_) => KeyKind::Customer,
    }
}

/// The encryption of a new member, as its request names it.
///
/// # Errors
/// DynamoDB's refusals of another kind than that of the group, and of another region's key.
pub(super) fn of_member(group: &Definition, member: &MemberSettings) -> Result<Option<Encryption>, Exception> {
    let (region, asked) = (member.region.as_str(), member.kms_key.as_deref());
    let kind = asked.map(|name| if name == MANAGED_KEY { KeyKind::Managed } else { KeyKind::Customer });
    match (kind_of(group), kind) {
        (KeyKind::Owned, None) => Ok(None),
        (KeyKind::Managed, None | Some(KeyKind::Managed)) => encryption(group, region, None),
        (KeyKind::Customer, Some(KeyKind::Customer)) => {
            if let Some(other) = asked.and_then(region_of).filter(|other| *other != region) {
                let why = format!("com.amazonaws.services.kms.model.NotFoundException: Invalid arn {other}");
                return Err(refused(region, &why));
            }
            encryption(group, region, asked)
        }
        (KeyKind::Owned, Some(_)) | (KeyKind::Customer, None) => Err(for_each_replica()),
        _ => Err(tables::invalid("All replica keys must either be Customer Managed CMK or AWS Managed CMK.")),
    }
}

/// Some members have a key of the caller's, and others not.
pub(crate) fn for_each_replica() -> Exception {
    tables::invalid("KMSMasterKeyId must be specified for each replica.")
}

fn encryption(of: &Definition, region: &str, key_id: Option<&str>) -> Result<Option<Encryption>, Exception> {
    let (sse_type, kms_master_key_id) = (Some(SSEType::Kms), key_id.map(str::to_owned));
    let asked = SSESpecification { enabled: Some(true), sse_type, kms_master_key_id };
    tables::encryption(&asked, &of.account, region)
}

/// Of an ARN.
fn region_of(key_id: &str) -> Option<&str> {
    key_id.strip_prefix("arn:")?.split(':').nth(2)
}

fn refused(region: &str, why: &str) -> Exception {
    Exception::validation(format!("KMS validation error for region {region}: {why}"))
}

impl Service {
    /// Has the KMS say which key a new member's is. It may take seconds to answer, so it is called before the catalog is locked, and
    /// only for a request that is not refused for its key anyway.
    pub(super) async fn resolve_key(
        &self,
        caller: &Caller,
        group: &Definition,
        member: &mut MemberSettings,
    ) -> Result<(), Exception> {
        let wanted = of_member(group, member).ok().flatten().filter(|_| kind_of(group) == KeyKind::Customer);
        let (Some(keys), Some(_), Some(key_id)) = (self.table_keys.get(), wanted, member.kms_key.as_deref()) else {
            return Ok(());
        };
        self.check_key(caller, &group.account, "dynamodb:UpdateTable", key_id)?;
        let key = keys.wrap(&group.account, None, Some(key_id)).await;
        let key = key.map_err(|why| refused(&member.region, &why))?;
        if let Some(key_arn) = &key.key_arn {
            permit_resolved_key(caller, key_id, key_arn)?;
        }
        member.resolved_key = key.key_arn;
        Ok(())
    }

    /// The row of a new replica's key, if it is to have one of its own; why not, if the KMS refuses it.
    pub(super) async fn key_of_replica(&self, group: &Definition, member: &Member) -> Result<Option<Bytes>, String> {
        let wanted = member.kms_key.as_deref().filter(|_| kind_of(group) == KeyKind::Customer);
        let Some((keys, key_arn)) = self.table_keys.get().zip(wanted) else { return Ok(None) };
        Ok(Some(keys.wrap(&group.account, None, Some(key_arn)).await?.row))
    }
}
