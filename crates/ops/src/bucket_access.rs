//! Which buckets callers may have read and written: the server does it with credentials or a folder of its operator's.

use api::Exception;
use auth::Caller;

use crate::service::Service;

/// What the keys of an export's objects begin with. A slash at the end of the prefix is not doubled. Source: captures.
pub(crate) fn export_root(prefix: Option<&str>) -> String {
    match prefix.filter(|prefix| !prefix.is_empty()) {
        Some(prefix) => format!("{}/AWSDynamoDB/", prefix.strip_suffix('/').unwrap_or(prefix)),
        None => "AWSDynamoDB/".to_owned(),
    }
}

impl Service {
    /// # Errors
    /// If the operator has not allowed the bucket to the caller's account, or to that of the table.
    pub(crate) fn check_bucket(
        &self,
        caller: &Caller,
        account: &str,
        action: &str,
        bucket: &str,
    ) -> Result<(), Exception> {
        let (arns, arn) = (&self.settings.service_arns, format!("arn:aws:s3:::{bucket}"));
        let allowed = arns.check(caller, action, &arn);
        allowed.and_then(|()| arns.check_for(caller, account, action, &arn)).map_err(Exception::AccessDenied)
    }
}
