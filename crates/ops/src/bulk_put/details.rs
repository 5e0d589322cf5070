//! What the record of a bulk operation has beside what all transfers have: what was asked for, how far the work is, and the counts.

use std::collections::BTreeMap;

use api::{
    BulkOperationBytes, BulkOperationUsage, Exception, InputCompressionType, InputS3Configuration,
    OutputS3Configuration, OutputTypeEnum, S3SseAlgorithm, StartBulkPutItemsInput,
};
use exchange::read;
use model::limits::WRITE_UNIT_SIZE;
use serde::{Deserialize, Serialize};
use tables::IndexKind;
use tables::rows::TransferKind;

use crate::capacity::Charge;
use crate::object_source::Position;
use crate::transfers::TransferDetails;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct BulkDetails {
    pub asked: Asked,
    /// The table that had the name then.
    pub table_id: u64,
    #[serde(default)]
    pub counts: Counts,
    /// Of all objects, once they have been listed. Unit: bytes, as they are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_size: Option<u64>,
    #[serde(default)]
    pub usage: Usage,
    /// Where the work is; none before the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The number of the report's next row.
    #[serde(default)]
    pub report_rows: u32,
}

/// The request. One that repeats a client's token has the same.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    table_name: String,
    pub input: Input,
    pub output: Output,
    pub max_write_units: Option<i64>,
    /// As the API spells it, as all of its words here.
    tier: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Input {
    pub bucket: String,
    pub bucket_owner: Option<String>,
    pub key_prefix: Option<String>,
    format: String,
    compression: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Output {
    types: Vec<String>,
    pub bucket: String,
    pub bucket_owner: Option<String>,
    pub key_prefix: Option<String>,
    pub sse: Option<String>,
    pub kms_key_id: Option<String>,
}

/// Each record that was read is counted once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    pub put: u64,
    /// Those that are no item of the table.
    pub failed: u64,
    /// Those with a condition that the item there does not meet.
    pub condition_failed: u64,
}

impl Counts {
    /// Put, failed, and with a condition that was not met.
    pub(super) fn all(self) -> [u64; 3] {
        [self.put, self.failed, self.condition_failed]
    }

    pub(super) fn processed(self) -> u64 {
        self.all().into_iter().fold(0, u64::saturating_add)
    }
}

/// What the puts have consumed. Unit: write units.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Usage {
    table: u64,
    #[serde(default)]
    local_indexes: BTreeMap<String, u64>,
    #[serde(default)]
    global_indexes: BTreeMap<String, u64>,
}

impl TransferDetails for BulkDetails {
    const KIND: TransferKind = TransferKind::BulkPut;
    const ARN_PART: &'static str = "bulk-operation";
    const HAS_MARKER: bool = true;
}

impl BulkDetails {
    pub(super) fn new(asked: Asked, table_id: u64) -> BulkDetails {
        BulkDetails {
            asked,
            table_id,
            counts: Counts::default(),
            total_size: None,
            usage: Usage::default(),
            position: None,
            report_rows: 0,
        }
    }
}

impl Asked {
    /// `table_name` is without its ARN.
    pub(super) fn of(table_name: &str, request: &StartBulkPutItemsInput) -> Asked {
        let (input, output) = (&request.input_s3_configuration, &request.output_s3_configuration);
        Asked {
            table_name: table_name.to_owned(),
            input: Input {
                bucket: input.s3_bucket.clone(),
                bucket_owner: input.s3_bucket_owner.clone(),
                key_prefix: input.s3_key_prefix.clone(),
                format: input.input_format.to_string(),
                compression: input.input_compression_type.map(|compression| compression.to_string()),
            },
            output: Output {
                types: output.output_type.iter().map(OutputTypeEnum::to_string).collect(),
                bucket: output.s3_bucket.clone().unwrap_or_default(),
                bucket_owner: output.s3_bucket_owner.clone(),
                key_prefix: output.s3_key_prefix.clone(),
                sse: output.s3_sse_algorithm.map(|algorithm| algorithm.to_string()),
                kms_key_id: output.s3_sse_kms_key_id.clone(),
            },
            max_write_units: request.max_write_request_units,
            tier: request.performance_tier.map(|tier| tier.to_string()),
        }
    }

    pub(super) fn tier(&self) -> api::BulkOperationPerformanceTier {
        let tier = self.tier.as_deref().and_then(|text| text.parse().ok());
        tier.unwrap_or(api::BulkOperationPerformanceTier::Standard)
    }
}

impl Input {
    fn compression(&self) -> InputCompressionType {
        self.compression.as_deref().and_then(|text| text.parse().ok()).unwrap_or(InputCompressionType::None)
    }

    pub(super) fn shown(&self) -> InputS3Configuration {
        InputS3Configuration {
            input_compression_type: Some(self.compression()),
            input_format: self.format.parse().unwrap_or_default(),
            s3_bucket: self.bucket.clone(),
            s3_bucket_owner: self.bucket_owner.clone(),
            s3_key_prefix: self.key_prefix.clone(),
        }
    }

    /// How the objects are read.
    ///
    /// # Errors
    /// If the format is not known: another program wrote the record.
    pub(super) fn reader(&self) -> Result<(read::InputFormat, read::Compression), Exception> {
        let compression = match self.compression() {
            InputCompressionType::None => read::Compression::None,
            InputCompressionType::Gzip => read::Compression::Gzip,
            InputCompressionType::Zstd => read::Compression::Zstd,
        };
        match self.format.parse() {
            Ok(api::BulkOperationInputFormat::DynamodbJson) => Ok((read::InputFormat::DynamoDbJson, compression)),
            Ok(api::BulkOperationInputFormat::Ion) => Ok((read::InputFormat::Ion, compression)),
            Err(_) => Err(Exception::internal(format!("the format {} of a bulk put is not known", self.format))),
        }
    }
}

impl Output {
    pub(super) fn reports(&self, output_type: OutputTypeEnum) -> bool {
        self.types.iter().any(|own| own.parse() == Ok(output_type))
    }

    pub(super) fn shown(&self) -> OutputS3Configuration {
        let sse = self.sse.as_deref().and_then(|text| text.parse().ok());
        OutputS3Configuration {
            output_type: self.types.iter().filter_map(|text| text.parse().ok()).collect(),
            s3_bucket: Some(self.bucket.clone()),
            s3_bucket_owner: self.bucket_owner.clone(),
            s3_key_prefix: self.key_prefix.clone(),
            s3_sse_algorithm: Some(sse.unwrap_or(S3SseAlgorithm::Aes256)),
            s3_sse_kms_key_id: self.kms_key_id.clone(),
        }
    }
}

impl Usage {
    pub(super) fn add(&mut self, charge: &Charge) {
        // Units of writes are whole numbers.
        self.table += charge.table as u64;
        for index in &charge.indexes {
            let of_kind = match index.kind {
                IndexKind::Local => &mut self.local_indexes,
                IndexKind::Global => &mut self.global_indexes,
            };
            *of_kind.entry(index.name.clone()).or_default() += index.units as u64;
        }
    }

    /// Write units as bytes, each of 1 KiB.
    pub(super) fn shown(&self, table_name: &str) -> BulkOperationUsage {
        let bytes = |units: u64| i64::try_from(units.saturating_mul(WRITE_UNIT_SIZE as u64)).ok();
        let of = |indexes: &BTreeMap<String, u64>| {
            let shown = indexes
                .iter()
                .map(|(name, units)| (name.clone(), BulkOperationBytes { bulk_put_bytes: bytes(*units) }));
            (!indexes.is_empty()).then(|| shown.collect())
        };
        let in_indexes: u64 = self.local_indexes.values().chain(self.global_indexes.values()).sum();
        BulkOperationUsage {
            bulk_put_bytes: bytes(self.table + in_indexes),
            global_secondary_indexes: of(&self.global_indexes),
            local_secondary_indexes: of(&self.local_indexes),
            table: Some(BulkOperationBytes { bulk_put_bytes: bytes(self.table) }),
            table_name: Some(table_name.to_owned()),
            vector_indexes: None,
        }
    }
}
