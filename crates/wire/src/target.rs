//! `X-Amz-Target`: which operation of which service is asked for.

use api::{Exception, Operation};

/// The operation that `DynamoDB_20120810.PutItem` names.
///
/// # Errors
/// [`Exception::UnknownOperation`] for anything else, and for an operation under the other service's name.
pub fn target(x_amz_target: &str) -> Result<Operation, Exception> {
    let (service, name) = x_amz_target.split_once('.').ok_or(Exception::UnknownOperation)?;
    Operation::from_name(name)
        .filter(|operation| operation.service().target_prefix() == service)
        .ok_or(Exception::UnknownOperation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_names_are_known() {
        let check = |text: &str, expected: Option<Operation>| assert_eq!(target(text).ok(), expected, "{text:?}");
        check("DynamoDB_20120810.PutItem", Some(Operation::PutItem));
        check("DynamoDBStreams_20120810.GetRecords", Some(Operation::GetRecords));
        check("DynamoDB_20120810.GetRecords", None);
        check("DynamoDBStreams_20120810.PutItem", None);
        check("DynamoDB_20111205.PutItem", None);
        check("DynamoDB_20120810.putItem", None);
        check("DynamoDB_20120810.", None);
        check("PutItem", None);
        check("", None);
    }
}
