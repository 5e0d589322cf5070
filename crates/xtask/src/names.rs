//! From the model's names to Rust's.

/// `KMSMasterKeyId` → `kms_master_key_id`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        let starts_word = letter.is_uppercase()
            && at > 0
            && (!letters[at - 1].is_uppercase() || letters.get(at + 1).is_some_and(|next| next.is_lowercase()));
        if starts_word {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// A field's name: a word that Rust keeps for itself becomes a raw identifier.
pub(crate) fn field(name: &str) -> String {
    let snake = snake(name);
    if snake == "type" { format!("r#{snake}") } else { snake }
}

/// `ALL_OLD` → `AllOld`; what is in camel case already stays.
pub(crate) fn variant(value: &str) -> String {
    if value.chars().any(char::is_lowercase) {
        return value.to_owned();
    }
    value.split('_').map(capitalized).collect()
}

/// `KeySchemaAttributeName` → `KEY_SCHEMA_ATTRIBUTE_NAME`.
pub(crate) fn constant(name: &str) -> String {
    snake(name).to_uppercase()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().chain(letters.flat_map(char::to_lowercase)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_model() {
        let check = |name: &str, expected: &str| assert_eq!(snake(name), expected);
        check("TableName", "table_name");
        check("SSESpecification", "sse_specification");
        check("S3SseKmsKeyId", "s3_sse_kms_key_id");
        check("SizeEstimateRangeGB", "size_estimate_range_gb");
        check("eventID", "event_id");
        assert_eq!(field("Type"), "r#type");
        assert_eq!(variant("PAY_PER_REQUEST"), "PayPerRequest");
        assert_eq!(variant("AES256"), "Aes256");
        assert_eq!(variant("DuplicateItem"), "DuplicateItem");
        assert_eq!(constant("KMSMasterKeyId"), "KMS_MASTER_KEY_ID");
    }
}
