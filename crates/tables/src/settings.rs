//! Validation of settings in requests: streams, encryption, tags.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use api::{Exception, SSESpecification, SSEType, StreamSpecification, StreamViewType, Tag};
use model::codec::key::{KeyValue, h16};
use model::limits::{TAG_KEY_SIZE_MAX, TAG_VALUE_SIZE_MAX, TAGS_MAX};

use super::definition::{Encryption, Stream, StreamView, Unknown};
use super::schema::invalid;

/// The prefix of the keys of tags that AWS itself sets.
const RESERVED_TAG_PREFIX: &str = "aws:";

/// An operation's messages for a missing and for a superfluous view type.
pub struct StreamTexts {
    view_missing: &'static str,
    view_superfluous: &'static str,
}

/// CreateTable's.
pub const STREAM_OF_NEW_TABLE: StreamTexts = StreamTexts {
    view_missing: "Table is being created with a stream enabled, UpdateViewType is required",
    view_superfluous: "Table is being created with a stream disabled, UpdateViewType should not be specified",
};

/// UpdateTable's.
pub const STREAM_OF_TABLE: StreamTexts = StreamTexts {
    view_missing: "If stream is being enabled then UpdateViewType is required",
    view_superfluous: "If stream is being disabled, then UpdateViewType must not be specified",
};

/// The stream that a request asks for, if it asks for one. Streams of one table have different labels.
pub fn new_stream(
    asked: &StreamSpecification,
    texts: &StreamTexts,
    previous: Option<&Stream>,
    now_ms: u64,
) -> Result<Option<Stream>, Exception> {
    let view = match (asked.stream_enabled, asked.stream_view_type) {
        (true, Some(view)) => view,
        (false, None) => return Ok(None),
        (true, None) => return Err(invalid(texts.view_missing)),
        (false, Some(_)) => return Err(invalid(texts.view_superfluous)),
    };
    let view = match view {
        StreamViewType::KeysOnly => StreamView::KeysOnly,
        StreamViewType::NewImage => StreamView::NewImage,
        StreamViewType::OldImage => StreamView::OldImage,
        StreamViewType::NewAndOldImages => StreamView::NewAndOldImages,
    };
    let label = stream_label(now_ms);
    let (created_ms, unknown) = (now_ms, Unknown::new());
    let (disabled_ms, end_shard, policy) = (None, None, None);
    // Its shards are chosen when they are opened.
    let (enabled, first_shard) = (true, 0);
    let mut stream = Stream { label, view, enabled, created_ms, disabled_ms, first_shard, end_shard, policy, unknown };
    if let Some(previous) = previous {
        not_before(&mut stream, previous);
    }
    Ok(Some(stream))
}

/// Moves the stream's label behind the previous one's: labels are ordered as times are, and a clock may be set back.
pub fn not_before(stream: &mut Stream, previous: &Stream) {
    if previous.label >= stream.label {
        stream.label = next_label(&previous.label);
    }
}

/// A time in the format of a stream's ARN: UTC, milliseconds, no zone.
pub fn stream_label(epoch_ms: u64) -> String {
    format!("{}.{:03}", base::utc::date_time(epoch_ms), epoch_ms % 1000)
}

/// One millisecond later within the label's second, or one digit longer at its end.
fn next_label(label: &str) -> String {
    match label.rsplit_once('.').and_then(|(rest, ms)| Some((rest, ms.parse::<u32>().ok()?))) {
        Some((rest, ms)) if ms < 999 => format!("{rest}.{:03}", ms + 1),
        _ => format!("{label}1"),
    }
}

/// The encryption that a request asks for. Without a customer's key it is the account's key for DynamoDB.
pub fn encryption(asked: &SSESpecification, account: &str, region: &str) -> Result<Option<Encryption>, Exception> {
    let key_id = asked.kms_master_key_id.as_deref();
    if asked.enabled == Some(false) {
        return match (asked.sse_type, key_id) {
            (Some(_), _) => Err(invalid("SSEType can not be specified if Enabled is false")),
            (None, Some(_)) => Err(invalid("KMSMasterKeyId can not be specified if Enabled is false")),
            (None, None) => Ok(None),
        };
    }
    match (asked.sse_type, key_id) {
        (Some(SSEType::Aes256), _) => return Err(invalid("SSEType AES256 is not supported")),
        (None, Some(_)) => return Err(invalid("SSEType KMS is required if KMSMasterKeyId is specified")),
        // An SSEType alone enables encryption with a KMS key.
        (None, None) if asked.enabled.is_none() => return Ok(None),
        _ => {}
    }
    if let Some(key_id) = key_id.filter(|key_id| !is_key_id(key_id)) {
        return Err(Exception::validation(format!("KMS validation error: Invalid keyId '{key_id}'")));
    }
    let key_arn = match key_id {
        None | Some("alias/aws/dynamodb") => account_key_arn(account, region),
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        Some(alias) if alias.starts_with("alias/") => format!("arn:aws:kms:{region}:{account}:{alias}"),
        Some(id) => format!("arn:aws:kms:{region}:{account}:key/{id}"),
    };
    Ok(Some(Encryption { key_arn }))
}

/// Source: KMS API Reference, Encrypt: KeyId, of at most 2048 characters; CreateAlias: AliasName. The region in an ARN is part
/// of the signature of each call.
fn is_key_id(text: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte);
    (1..=2048).contains(&text.len()) && text.bytes().all(valid)
}

/// The account's key for DynamoDB in a region. There is no KMS here: the id only has to be the same every time.
pub(crate) fn account_key_arn(account: &str, region: &str) -> String {
    let hash = h16(&[0; 16], [KeyValue::S(account), KeyValue::S(region)]);
    let hex = base::hex(&hash);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    format!("arn:aws:kms:{region}:{account}:key/{}", parts.join("-"))
}

/// The tags of a request, added to those that a table has. Refusals are captures from us-west-2.
pub fn check_tags(current: &BTreeMap<String, String>, asked: Vec<Tag>) -> Result<BTreeMap<String, String>, Exception> {
    let mut tags = current.clone();
    let mut keys = std::collections::BTreeSet::new();
    for tag in asked {
        let key = check_tag_key(tag.key)?;
        let value = check_tag_value(tag.value)?;
        if !keys.insert(key.clone()) {
            return Err(Exception::validation(format!(
                "Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}"
            )));
        }
        tags.insert(key, value);
    }
    check_tag_count(tags.len()).map(|()| tags)
}

/// Checks the keys of an UntagResource. Keys that no tag can have are refused, too.
pub fn check_tag_keys(keys: &[String]) -> Result<(), Exception> {
    check_tag_count(keys.len())?;
    keys.iter().try_for_each(|key| check_tag_key(Some(key.clone())).map(drop))
}

fn check_tag_key(key: Option<String>) -> Result<String, Exception> {
    let prefix = key.as_ref().and_then(|key| key.as_bytes().get(..RESERVED_TAG_PREFIX.len()));
    if let (Some(key), Some(prefix)) = (&key, prefix)
        && prefix.eq_ignore_ascii_case(RESERVED_TAG_PREFIX.as_bytes())
    {
        return Err(Exception::validation(format!("Tag Key cannot be prefixed with aws:, Key: {key}")));
    }
    tag_text(key, 1..=TAG_KEY_SIZE_MAX).map_err(|key| {
        Exception::validation(format!("The Tag Key provided is invalid, Key: {}", key.as_deref().unwrap_or("null")))
    })
}

fn check_tag_value(value: Option<String>) -> Result<String, Exception> {
    tag_text(value, 0..=TAG_VALUE_SIZE_MAX).map_err(|value| {
        Exception::validation(format!(
            "The Tag Value provided is invalid, Value: {}",
            value.as_deref().unwrap_or("null")
        ))
    })
}

/// A tag's key or value with a size within bounds and valid characters; the error is the given text.
fn tag_text(text: Option<String>, sizes: RangeInclusive<usize>) -> Result<String, Option<String>> {
    match text {
        Some(text) if sizes.contains(&text.encode_utf16().count()) && text.chars().all(is_tag_character) => Ok(text),
        other => Err(other),
    }
}

/// Bounds the tags of a table, and the keys that one request removes.
fn check_tag_count(count: usize) -> Result<(), Exception> {
    if count <= TAGS_MAX {
        return Ok(());
    }
    Err(Exception::validation("Number of Tags exceed the current limit for the provided ResourceArn"))
}

/// Letters, digits and spaces of any script, and `+ - = . _ : / @`.
fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric() || character.is_whitespace() || "+-=._:/@".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_moments() {
        for (epoch_ms, label) in [
            (0, "1970-01-01T00:00:00.000"),
            (951_782_400_000, "2000-02-29T00:00:00.000"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999"),
            (4_107_542_399_001, "2100-02-28T23:59:59.001"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000"),
        ] {
            assert_eq!(stream_label(epoch_ms), label);
        }
    }

    #[test]
    fn labels_grow() {
        let asked = StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::KeysOnly) };
        let mut last = new_stream(&asked, &STREAM_OF_TABLE, None, 1_500).unwrap().unwrap();
        for now_ms in [1_500, 1_499, 1_503, 0, 1_999, 1_999, 1_999] {
            let next = new_stream(&asked, &STREAM_OF_TABLE, Some(&last), now_ms).unwrap().unwrap();
            assert!(next.label > last.label, "{} after {}", next.label, last.label);
            last = next;
        }
    }

    #[test]
    fn keys_become_arns() {
        for (id, expected) in [
            ("arn:aws:kms:eu-west-1:111122223333:key/a", "arn:aws:kms:eu-west-1:111122223333:key/a"),
            ("alias/mine", "arn:aws:kms:us-east-1:123456789012:alias/mine"),
            ("1234abcd", "arn:aws:kms:us-east-1:123456789012:key/1234abcd"),
        ] {
            let asked = SSESpecification {
                enabled: Some(true),
                kms_master_key_id: Some(id.to_owned()),
                sse_type: Some(SSEType::Kms),
            };
            let found = encryption(&asked, "123456789012", "us-east-1").unwrap().unwrap();
            assert_eq!(found.key_arn, expected);
        }
        for id in ["", "a b", "arn:aws:kms:us-east-1\r\nX-A: b:111122223333:key/a", "a\"", "é", &"a".repeat(2049)] {
            let asked = SSESpecification {
                enabled: Some(true),
                kms_master_key_id: Some(id.to_owned()),
                sse_type: Some(SSEType::Kms),
            };
            let refused = encryption(&asked, "123456789012", "us-east-1").unwrap_err().to_string();
            assert!(refused.contains("KMS validation error: Invalid keyId"), "{refused}");
        }
    }
}
