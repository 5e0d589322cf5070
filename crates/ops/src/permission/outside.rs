//! What a request asks about resources of other AWS services that it names: a Kinesis data stream, a key of a KMS.
//!
//! The server calls them with its operator's keys. On AWS, DynamoDB calls them on the caller's behalf, and the caller needs
//! permissions on them. So its identity policies are evaluated here too; policies of the resources (a stream's, a key's) are not
//! known. `auth::ServiceArns` decides for the account, in the operation.
//!
//! Of the actions, `kinesis:ListStreams` has no resource and is left out: the console lists streams, the operation does not.
//!
//! Sources: DynamoDB Developer Guide, "Using IAM policies for Amazon Kinesis Data Streams and Amazon DynamoDB" and "DynamoDB
//! encryption at rest"; KMS Developer Guide, "AWS KMS condition keys".

use std::borrow::Cow;

use api::Exception;
use auth::iam::{Context, Globals, Identity, Question, Values, WorkBudget};
use auth::{Caller, account_of};

use super::decided;

/// A resource, as the request names it.
pub(super) enum Outside<'a> {
    /// A Kinesis data stream that changes are to be delivered to, by its ARN.
    DataStream(&'a str),
    /// A key of the KMS that a table is to be encrypted with: an ARN, an id or an alias.
    Key(&'a str),
    /// The objects below a prefix of a bucket that an export writes.
    Written { bucket: &'a str, prefix: Option<&'a str> },
    /// The objects below a prefix of a bucket that an import reads.
    Read { bucket: &'a str, prefix: Option<&'a str> },
    /// A bucket that an import lists.
    Listed { bucket: &'a str },
}

impl Outside<'_> {
    /// # Errors
    /// The refusal, if the caller's policies do not allow one of the actions.
    pub(super) fn permit(&self, caller: &Caller, identity: &Identity, work: &WorkBudget) -> Result<(), Exception> {
        let arn = self.arn(caller);
        self.actions().iter().try_for_each(|action| judge(caller, identity, action, &arn, work))
    }

    fn actions(&self) -> &'static [&'static str] {
        match self {
            Outside::DataStream(_) => &["kinesis:DescribeStream", "kinesis:PutRecords"],
            Outside::Key(_) => &["kms:DescribeKey", "kms:CreateGrant"],
            // Source: Developer Guide, "Requesting a table export" and "Requesting a table import".
            Outside::Written { .. } => &["s3:PutObject", "s3:AbortMultipartUpload"],
            Outside::Read { .. } => &["s3:GetObject"],
            Outside::Listed { .. } => &["s3:ListBucket"],
        }
    }

    /// An id or an alias alone counts as one of the caller's account and region.
    fn arn(&self, caller: &Caller) -> Cow<'_, str> {
        match self {
            Outside::DataStream(arn) => Cow::Borrowed(arn),
            // Of objects that do not exist yet the policy is asked with what their keys begin with.
            Outside::Written { bucket, prefix } | Outside::Read { bucket, prefix } => {
                Cow::Owned(format!("arn:aws:s3:::{bucket}/{}*", prefix.unwrap_or_default()))
            }
            Outside::Listed { bucket } => Cow::Owned(format!("arn:aws:s3:::{bucket}")),
            Outside::Key(arn) if arn.starts_with("arn:") => Cow::Borrowed(arn),
            Outside::Key(name) => {
                let kind = if name.starts_with("alias/") { "" } else { "key/" };
                Cow::Owned(format!("arn:aws:kms:{}:{}:{kind}{name}", caller.region, caller.account))
            }
        }
    }
}

/// Asks about the key that a name has turned out to mean, unless the name was that key's ARN, which is decided by then.
///
/// # Errors
/// The refusal, if the caller's policies do not allow one of the actions.
pub(crate) fn permit_resolved_key(caller: &Caller, name: &str, key_arn: &str) -> Result<(), Exception> {
    match &caller.identity {
        Some(identity) if Outside::Key(name).arn(caller) != key_arn => {
            Outside::Key(key_arn).permit(caller, identity, &WorkBudget::default())
        }
        _ => Ok(()),
    }
}

/// The caller's own policies decide, whichever account the resource belongs to: a policy of the resource is not known here.
fn judge(caller: &Caller, identity: &Identity, action: &str, arn: &str, work: &WorkBudget) -> Result<(), Exception> {
    let own = ServiceContext { caller, action };
    let resource_account = account_of(arn).unwrap_or(&caller.account);
    let context = Globals { identity, region: &caller.region, resource_account, own: &own };
    let question = Question {
        principal: &identity.principal,
        action,
        resource: arn,
        resource_account: &caller.account,
        resource_policy: None,
        context: &context,
    };
    decided(&question, work)
}

/// The condition keys of the KMS that tell a call of DynamoDB's from another one. Kinesis has none of this kind.
struct ServiceContext<'a> {
    caller: &'a Caller,
    action: &'a str,
}

impl Context for ServiceContext<'_> {
    fn values(&self, key: &str, _: &WorkBudget) -> Option<Values<'_>> {
        if !self.action.starts_with("kms:") {
            return None;
        }
        Some(Values::One(match key {
            "kms:viaservice" => Cow::Owned(format!("dynamodb.{}.amazonaws.com", self.caller.region)),
            "kms:calleraccount" => Cow::Borrowed(self.caller.account.as_str()),
            "kms:grantisforawsresource" if self.action == "kms:CreateGrant" => Cow::Borrowed("true"),
            _ => return None,
        }))
    }
}
