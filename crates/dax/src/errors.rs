//! Refusals as clients read them: codes, a message, and details.
//!
//! ```text
//! [code...] · message · [request id, exception, status] or [request id, exception, status, [code, message, item]...]
//! ```
//!
//! Some clients decide by the codes, others by the exception's name; both are always there. The first code says whether the client tries
//! again: 1, the server has failed; 4, the client's request is wrong. Source: the sources of the clients.

use api::Exception;

use crate::cbor::Writer;

/// The first codes of what DynamoDB refuses.
const OF_DYNAMODB: [i64; 4] = [4, 37, 38, 39];
const BAD_REQUEST: u16 = 400;
const UNAUTHORIZED: u16 = 401;

/// Whether authorizing the connection anew may help.
const AUTHORIZE_AGAIN: i64 = 33;
const NOT_AUTHORIZED: i64 = 32;

fn codes(exception: &Exception) -> Vec<i64> {
    let of_dynamodb = |last: i64| [&OF_DYNAMODB[..], &[last]].concat();
    match exception {
        Exception::MissingAuthenticationToken(_) | Exception::ExpiredToken(_) => vec![4, 23, 31, AUTHORIZE_AGAIN],
        Exception::UnrecognizedClient(_) | Exception::InvalidSignature(_) | Exception::IncompleteSignature(_) => {
            vec![4, 23, 31, NOT_AUTHORIZED]
        }
        Exception::InternalServerError(_) | Exception::ServiceUnavailable(_) => vec![1, 37, 38, 39, 47],
        Exception::AccessDenied(_) => vec![4, 37, 38, 42],
        Exception::NotBuilt(_) | Exception::UnknownOperation => vec![4, 37, 38, 44],
        Exception::ProvisionedThroughputExceeded { .. } => of_dynamodb(40),
        Exception::ResourceNotFound(_) | Exception::TableNotFound(_) | Exception::IndexNotFound(_) => of_dynamodb(41),
        Exception::ConditionalCheckFailed { .. } => of_dynamodb(43),
        Exception::ResourceInUse(_) => of_dynamodb(45),
        Exception::ItemCollectionSizeLimitExceeded => of_dynamodb(48),
        Exception::LimitExceeded(_) => of_dynamodb(49),
        Exception::Throttling { .. } => of_dynamodb(50),
        Exception::TransactionConflict => of_dynamodb(57),
        Exception::TransactionCanceled { .. } => of_dynamodb(58),
        Exception::TransactionInProgress => of_dynamodb(59),
        Exception::IdempotentParameterMismatch => of_dynamodb(60),
        Exception::RequestLimitExceeded { .. } => of_dynamodb(61),
        _ => of_dynamodb(46),
    }
}

/// The answer in place of a result. `items` are the values of the items of a canceled transaction's reasons, in their order.
pub(crate) fn write(exception: &Exception, request_id: &str, items: &[Option<Vec<u8>>]) -> Writer {
    let reply = wire::exception(exception);
    let name = match exception {
        // A protocol error has no name of its own among DAX's.
        Exception::Serialization(_) => "ValidationException",
        _ => reply.error.as_ref().map_or("", |error| error.name),
    };
    let is_authentication = matches!(codes(exception).get(1), Some(23));
    let status = match reply.status {
        BAD_REQUEST if is_authentication => UNAUTHORIZED,
        status => status,
    };
    let mut out = Writer::new();
    let codes = codes(exception);
    out.array(codes.len());
    codes.iter().for_each(|code| out.int(*code));
    out.text(&exception.to_string());
    let Exception::TransactionCanceled { reasons } = exception else {
        write_info(&mut out, 3, request_id, name, status);
        return out;
    };
    write_info(&mut out, 4, request_id, name, status);
    out.array(3 * reasons.len());
    for (at, reason) in reasons.iter().enumerate() {
        out.text(reason.code.as_deref().unwrap_or("None"));
        out.optional_text(reason.message.as_deref());
        match items.get(at).and_then(Option::as_deref) {
            Some(item) => out.bytes(item),
            None => out.null(),
        }
    }
    out
}

fn write_info(out: &mut Writer, parts: usize, request_id: &str, name: &str, status: u16) {
    out.array(parts);
    out.text(request_id);
    out.text(name);
    out.int(i64::from(status));
}

#[cfg(test)]
mod tests {
    use api::CancellationReason;

    use super::*;

    #[test]
    fn a_failed_condition_has_codes_and_a_name() {
        let out = write(&Exception::ConditionalCheckFailed { item: None }, "r", &[]);
        let expected = [
            &[0x85, 4, 0x18, 37, 0x18, 38, 0x18, 39, 0x18, 43][..],
            b"\x78\x1eThe conditional request failed",
            b"\x83\x61r\x78\x1fConditionalCheckFailedException\x19\x01\x90",
        ];
        assert_eq!(out.as_bytes(), expected.concat());
    }

    #[test]
    fn reasons_of_a_canceled_transaction_are_flat() {
        let reason = |code: &str, message: Option<&str>| CancellationReason {
            code: Some(code.to_owned()),
            message: message.map(str::to_owned),
            ..CancellationReason::default()
        };
        let reasons = vec![reason("None", None), reason("ConditionalCheckFailed", Some("m"))];
        let out = write(&Exception::TransactionCanceled { reasons }, "r", &[None, Some(vec![1])]);
        let end = b"\x86\x64None\xf6\xf6\x76ConditionalCheckFailed\x61m\x41\x01";
        assert!(out.as_bytes().ends_with(end), "{:?}", out.as_bytes());
    }

    #[test]
    fn servers_fail_and_clients_are_wrong() {
        assert_eq!(codes(&Exception::internal("x"))[0], 1);
        assert_eq!(codes(&Exception::validation("x")), [4, 37, 38, 39, 46]);
        let missing = Exception::MissingAuthenticationToken("x".to_owned());
        assert!(
            write(&missing, "r", &[]).as_bytes().ends_with(b"\x78\x23MissingAuthenticationTokenException\x19\x01\x91")
        );
    }
}
