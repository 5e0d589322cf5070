//! Where the objects of exports and of bulk operations' reports are, and the manifest that names them.
//!
//! Source: Developer Guide, "DynamoDB table export output format"; exports on AWS, 2026, where they differ from it: the checksums are
//! objects that end with `.md5`.

use api::Exception;
use objects::{Bucket, Sse};
use serde::{Deserialize, Serialize};

/// A data file in the manifest. The members are in DynamoDB's order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    #[serde(rename = "itemCount")]
    pub item_count: u64,
    #[serde(rename = "md5Checksum")]
    pub md5_checksum: String,
    pub etag: String,
    #[serde(rename = "dataFileS3Key")]
    pub key: String,
}

/// What the keys of all objects begin with that are written below a prefix.
pub(crate) fn root(prefix: Option<&str>) -> String {
    let prefix = prefix.filter(|prefix| !prefix.is_empty());
    // A slash at the end of the prefix is not doubled. Source: captures.
    let folder = prefix.map_or(String::new(), |prefix| format!("{}/", prefix.strip_suffix('/').unwrap_or(prefix)));
    format!("{folder}AWSDynamoDB/")
}

/// Whether objects can be written below a prefix.
///
/// # Errors
/// The refusal of one that the key of no object begins with. The text is our own.
pub(crate) fn check_prefix(bucket: &Bucket, prefix: Option<&str>) -> Result<(), Exception> {
    let place = bucket.place(&root(prefix));
    place.map(drop).map_err(|refused| tables::invalid(refused.to_string()))
}

/// The object with the checksum of a manifest.
pub(crate) fn checksum(manifest: &str) -> String {
    format!("{}.md5", manifest.strip_suffix(".json").unwrap_or(manifest))
}

/// The text of manifest-files.json.
pub(crate) fn files_text<F: Serialize>(files: &[F]) -> String {
    let line = |entry: &F| serde_json::to_string(entry).map(|line| line + "\n").unwrap_or_default();
    files.iter().map(line).collect()
}

/// How objects are encrypted, from the words of a request.
pub(crate) fn sse_of(algorithm: Option<&str>, kms_key_id: Option<&str>) -> Sse {
    match algorithm {
        Some("KMS") => Sse::Kms { key_id: kms_key_id.map(str::to_owned) },
        _ => Sse::Aes256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        assert_eq!(checksum("a/manifest-files.json"), "a/manifest-files.md5");
        for (prefix, expected) in [(None, ""), (Some(""), ""), (Some("a"), "a/"), (Some("a/"), "a/")] {
            assert_eq!(root(prefix), format!("{expected}AWSDynamoDB/"));
        }
    }

    /// Source: an export on AWS, as the facts of the format give it.
    #[test]
    fn the_manifest_of_files_is_as_dynamodb_writes_it() {
        let entry = |item_count, md5: &str, etag: &str, name: &str| FileEntry {
            item_count,
            md5_checksum: md5.to_owned(),
            etag: etag.to_owned(),
            key: format!("nightly/AWSDynamoDB/01795944000123-0badf00d/data/{name}.json.gz"),
        };
        let text = files_text(&[
            entry(2, "IjHox0eq3M49eYwZDZUCCg==", "7ff3d12b179039031fad85980fd53fce-1", "mfxwk3tqmfzgs5dimfzgs5dimu"),
            entry(0, "Sk3TWYcHYDs/dqI3ikUEqg==", "a6b2cbb1ed8396717de354038c5cd5ff-1", "nbswy3dpeb3w64tmmqqhi2djom"),
        ]);
        assert_eq!(exchange::write::md5_base64(text.as_bytes()), "/oTEPP7Q/apj/Vowf/BMrg==");
    }
}
