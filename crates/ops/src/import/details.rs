//! What the record of an import has beside what all transfers have: what was asked for, how far the work is, and the counts.

use std::collections::BTreeMap;

use api::{
    CsvOptions, Exception, ImportTableInput, InputCompressionType, InputFormat, InputFormatOptions, S3BucketSource,
};
use exchange::read;
use model::KeyType;
use serde::{Deserialize, Serialize};
use tables::{Definition, KeyNames};

use super::parameters::Parameters;
use crate::object_source::Position;
use crate::transfers::TransferDetails;
use tables::rows::TransferKind;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct ImportDetails {
    pub bucket: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_prefix: Option<String>,
    /// As the API spells it, as all of its words here.
    format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    compression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    csv: Option<Csv>,
    parameters: Parameters,
    #[serde(default)]
    pub counts: Counts,
    /// Where the work is; none before the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Csv {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<Vec<String>>,
}

/// Each record that was read is counted once: as imported, or as an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    pub imported: u64,
    pub errors: u64,
    /// Unit: bytes, uncompressed.
    pub size: u64,
}

impl TransferDetails for ImportDetails {
    const KIND: TransferKind = TransferKind::Import;
    const ARN_PART: &'static str = "import";
}

impl ImportDetails {
    pub(super) fn of(request: &ImportTableInput) -> ImportDetails {
        let source = &request.s3_bucket_source;
        let csv = request.input_format_options.as_ref().map(|options| {
            let csv = options.csv.clone().unwrap_or_default();
            Csv { delimiter: csv.delimiter, header: csv.header_list }
        });
        ImportDetails {
            bucket: source.s3_bucket.clone(),
            bucket_owner: source.s3_bucket_owner.clone(),
            key_prefix: source.s3_key_prefix.clone(),
            format: request.input_format.to_string(),
            compression: request.input_compression_type.map(|compression| compression.to_string()),
            csv,
            parameters: Parameters::of(&request.table_creation_parameters),
            counts: Counts::default(),
            position: None,
        }
    }

    pub(super) fn format(&self) -> Option<InputFormat> {
        self.format.parse().ok()
    }

    pub(super) fn compression(&self) -> InputCompressionType {
        self.compression.as_deref().and_then(|text| text.parse().ok()).unwrap_or(InputCompressionType::None)
    }

    pub(super) fn format_options(&self) -> Option<InputFormatOptions> {
        let csv = self.csv.clone()?;
        Some(InputFormatOptions { csv: Some(CsvOptions { delimiter: csv.delimiter, header_list: csv.header }) })
    }

    pub(super) fn source(&self, account: &str) -> S3BucketSource {
        S3BucketSource {
            s3_bucket: self.bucket.clone(),
            s3_bucket_owner: Some(self.bucket_owner.clone().unwrap_or_else(|| account.to_owned())),
            s3_key_prefix: self.key_prefix.clone(),
        }
    }

    pub(super) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// How the objects are read.
    ///
    /// # Errors
    /// If the format is not known: another program wrote the record.
    pub(super) fn reader(&self, definition: &Definition) -> Result<(read::InputFormat, read::Compression), Exception> {
        let compression = match self.compression() {
            InputCompressionType::None => read::Compression::None,
            InputCompressionType::Gzip => read::Compression::Gzip,
            InputCompressionType::Zstd => read::Compression::Zstd,
        };
        let format = match self.format() {
            Some(InputFormat::DynamodbJson) => read::InputFormat::DynamoDbJson,
            Some(InputFormat::Ion) => read::InputFormat::Ion,
            Some(InputFormat::Csv) => read::InputFormat::Csv(self.csv_options(definition)),
            None => return Err(Exception::internal(format!("the format {} of an import is not known", self.format))),
        };
        Ok((format, compression))
    }

    fn csv_options(&self, definition: &Definition) -> read::CsvOptions {
        let csv = self.csv.clone().unwrap_or_default();
        let delimiter = csv.delimiter.and_then(|text| text.bytes().next()).unwrap_or(b',');
        read::CsvOptions { delimiter, header: csv.header, key_types: key_types(definition) }
    }
}

/// The types of the key attributes of a table and of its indexes.
fn key_types(definition: &Definition) -> BTreeMap<String, KeyType> {
    let indexes = definition.local_indexes.iter().chain(&definition.global_indexes).map(|index| &index.key);
    let names: Vec<&String> = std::iter::once(&definition.key).chain(indexes).flat_map(KeyNames::names).collect();
    let defined = definition.attributes.iter().filter(|attribute| names.contains(&&attribute.name));
    defined.map(|attribute| (attribute.name.clone(), attribute.key_type.into())).collect()
}
