//! What a request asks about resources of other AWS services that it names: a Kinesis data stream, a key of a KMS, a bucket and objects.
//!
//! The server calls them with its operator's keys. On AWS, DynamoDB calls them on the caller's behalf, and the caller needs
//! permissions on them. So its identity policies are evaluated here too; policies of the resources (a stream's, a key's, a bucket's) are
//! not known. `auth::ServiceArns` decides for the account, in the operation.
//!
//! The keys of objects are not known when a request is permitted, but what they begin with is. So the question is about all objects
//! below it: each must be allowed, and none denied. What is known of an object only when it is read (its tags) is known to no condition.
//!
//! Of the actions, `kinesis:ListStreams` has no resource and is left out: the console lists streams, the operation does not.
//!
//! Sources: DynamoDB Developer Guide, "Using IAM policies for Amazon Kinesis Data Streams and Amazon DynamoDB" and "DynamoDB
//! encryption at rest"; KMS Developer Guide, "AWS KMS condition keys"; S3 User Guide, "Using server-side encryption with AWS KMS keys";
//! Service Authorization Reference, "Condition keys for Amazon S3".

use std::borrow::Cow;

use api::Exception;
use auth::iam::{Context, Globals, Identity, Question, Values, WorkBudget, decide_below, decide_within};
use auth::{Caller, account_of};

use super::refusal;
use crate::object_layout::root;

/// A resource, as the request names it.
pub(super) enum Outside<'a> {
    /// A Kinesis data stream that changes are to be delivered to, by its ARN.
    DataStream(&'a str),
    /// A key of the KMS that a table is to be encrypted with: an ARN, an id or an alias.
    Key(&'a str),
    /// A key of a table in another region, named likewise.
    KeyIn { name: &'a str, region: &'a str },
    /// A key of the KMS that S3 is to encrypt an export with, named likewise.
    ObjectKey(&'a str),
    /// The objects of an export, below a prefix of a bucket.
    Written { bucket: &'a str, owner: Option<&'a str>, prefix: Option<&'a str>, encryption: Encryption<'a> },
    /// The objects below a prefix of a bucket that an import reads.
    Read { bucket: &'a str, owner: Option<&'a str>, prefix: Option<&'a str> },
    /// A bucket that an import lists, from this prefix.
    Listed { bucket: &'a str, owner: Option<&'a str>, prefix: Option<&'a str> },
}

/// How S3 is asked to encrypt objects.
pub(super) enum Encryption<'a> {
    Aes256,
    /// With a key that the request names, or the account's default one.
    Kms(Option<&'a str>),
}

impl Outside<'_> {
    /// # Errors
    /// The refusal, if the caller's policies do not allow one of the actions.
    pub(super) fn permit(&self, caller: &Caller, identity: &Identity, work: &WorkBudget) -> Result<(), Exception> {
        self.actions().iter().try_for_each(|action| self.judge(caller, identity, action, work))
    }

    fn actions(&self) -> &'static [&'static str] {
        match self {
            Outside::DataStream(_) => &["kinesis:DescribeStream", "kinesis:PutRecords"],
            Outside::Key(_) | Outside::KeyIn { .. } => &["kms:DescribeKey", "kms:CreateGrant"],
            Outside::ObjectKey(_) => &["kms:GenerateDataKey", "kms:Decrypt"],
            // Source: Developer Guide, "Requesting a table export" and "Requesting a table import".
            Outside::Written { .. } => &["s3:PutObject", "s3:AbortMultipartUpload"],
            Outside::Read { .. } => &["s3:GetObject"],
            Outside::Listed { .. } => &["s3:ListBucket"],
        }
    }

    /// An ARN; one that ends with `*` is of all resources that begin with it, if they are a set.
    fn arn(&self, caller: &Caller) -> Cow<'_, str> {
        match self {
            Outside::DataStream(arn) => Cow::Borrowed(arn),
            Outside::Written { bucket, prefix, .. } => Cow::Owned(format!("arn:aws:s3:::{bucket}/{}*", root(*prefix))),
            Outside::Read { bucket, prefix, .. } => {
                Cow::Owned(format!("arn:aws:s3:::{bucket}/{}*", prefix.unwrap_or_default()))
            }
            Outside::Listed { bucket, .. } => Cow::Owned(format!("arn:aws:s3:::{bucket}")),
            Outside::Key(name) => key_arn(caller, name),
            Outside::KeyIn { name, region } => key_arn_in(caller, region, name),
            // S3 does not say which key an alias means: it may be each of its account.
            Outside::ObjectKey(name) => match key_arn(caller, name) {
                arn if self.is_set() => {
                    Cow::Owned(format!("{}:key/*", arn.split_once(":alias/").map_or("", |(start, _)| start)))
                }
                arn => arn,
            },
        }
    }

    /// Whether it is about all resources that begin with its ARN.
    fn is_set(&self) -> bool {
        match self {
            Outside::Written { .. } | Outside::Read { .. } => true,
            Outside::ObjectKey(name) => name.starts_with("alias/") || name.contains(":alias/"),
            Outside::DataStream(_) | Outside::Key(_) | Outside::KeyIn { .. } | Outside::Listed { .. } => false,
        }
    }

    /// The account of a resource: what its ARN or the request says. Without either it is taken for the caller's.
    fn account<'a>(&'a self, caller: &'a Caller, arn: &'a str) -> &'a str {
        let owner = match self {
            Outside::Written { owner, .. } | Outside::Read { owner, .. } | Outside::Listed { owner, .. } => *owner,
            Outside::DataStream(_) | Outside::Key(_) | Outside::KeyIn { .. } | Outside::ObjectKey(_) => account_of(arn),
        };
        owner.unwrap_or(&caller.account)
    }

    /// The caller's own policies decide, whichever account the resource belongs to: a policy of the resource is not known here.
    fn judge(&self, caller: &Caller, identity: &Identity, action: &str, work: &WorkBudget) -> Result<(), Exception> {
        let arn = self.arn(caller);
        let resource_account = self.account(caller, &arn);
        let own = ServiceContext { caller, action, resource: self, resource_account };
        let context = Globals { identity, region: &caller.region, resource_account, own: &own };
        let question = Question {
            principal: &identity.principal,
            action,
            resource: &arn,
            resource_account: &caller.account,
            resource_policy: None,
            context: &context,
        };
        let decide = if self.is_set() { decide_below } else { decide_within };
        question.permitted(decide(&question, work), work).map_err(refusal)
    }
}

/// An id or an alias alone counts as one of the caller's account and region.
fn key_arn<'a>(caller: &Caller, name: &'a str) -> Cow<'a, str> {
    key_arn_in(caller, &caller.region, name)
}

fn key_arn_in<'a>(caller: &Caller, region: &str, name: &'a str) -> Cow<'a, str> {
    if name.starts_with("arn:") {
        return Cow::Borrowed(name);
    }
    let kind = if name.starts_with("alias/") { "" } else { "key/" };
    Cow::Owned(format!("arn:aws:kms:{region}:{}:{kind}{name}", caller.account))
}

/// Asks about the key that a name has turned out to mean, unless the name was that key's ARN, which is decided by then.
///
/// # Errors
/// The refusal, if the caller's policies do not allow one of the actions.
pub(crate) fn permit_resolved_key(caller: &Caller, name: &str, arn: &str) -> Result<(), Exception> {
    match &caller.identity {
        Some(identity) if key_arn(caller, name) != arn => {
            Outside::Key(arn).permit(caller, identity, &WorkBudget::default())
        }
        _ => Ok(()),
    }
}

/// What the KMS and S3 know of the call that the server makes. Kinesis has no keys of this kind.
struct ServiceContext<'a> {
    caller: &'a Caller,
    action: &'a str,
    resource: &'a Outside<'a>,
    resource_account: &'a str,
}

impl Context for ServiceContext<'_> {
    fn values(&self, key: &str, _: &WorkBudget) -> Option<Values<'_>> {
        let value = match self.resource {
            Outside::DataStream(_) => None,
            Outside::Key(_) | Outside::KeyIn { .. } => self.of_key("dynamodb", key),
            Outside::ObjectKey(_) => self.of_key("s3", key),
            Outside::Written { .. } | Outside::Read { .. } | Outside::Listed { .. } => self.of_bucket(key),
        };
        value.map(Values::One)
    }
}

impl<'a> ServiceContext<'a> {
    fn of_key(&self, through: &str, key: &str) -> Option<Cow<'a, str>> {
        Some(match key {
            "kms:viaservice" => Cow::Owned(format!("{through}.{}.amazonaws.com", self.caller.region)),
            "kms:calleraccount" => Cow::Borrowed(self.caller.account.as_str()),
            "kms:grantisforawsresource" if self.action == "kms:CreateGrant" => Cow::Borrowed("true"),
            _ => return None,
        })
    }

    fn of_bucket(&self, key: &str) -> Option<Cow<'a, str>> {
        let encryption = match self.resource {
            Outside::Written { encryption, .. } if self.action == "s3:PutObject" => Some(encryption),
            _ => None,
        };
        match key {
            "s3:resourceaccount" => Some(Cow::Borrowed(self.resource_account)),
            // Without a prefix the server lists with an empty one.
            "s3:prefix" => match self.resource {
                Outside::Listed { prefix, .. } => Some(Cow::Borrowed(prefix.unwrap_or_default())),
                _ => None,
            },
            "s3:x-amz-server-side-encryption" => encryption.map(|encryption| {
                Cow::Borrowed(match encryption {
                    Encryption::Aes256 => "AES256",
                    Encryption::Kms(_) => "aws:kms",
                })
            }),
            "s3:x-amz-server-side-encryption-aws-kms-key-id" => match encryption? {
                Encryption::Kms(name) => name.map(|name| key_arn(self.caller, name)),
                Encryption::Aes256 => None,
            },
            _ => None,
        }
    }
}
