//! What the record of an export has beside what all transfers have: what was asked for, and what was written.

use std::collections::BTreeMap;

use api::{
    Exception, ExportFormat, ExportTableToPointInTimeInput, ExportType, ExportViewType, FilterSpecification,
    IncrementalExportSpecification, Timestamp,
};
use bytes::Bytes;
use exchange::read::{Compression, InputFormat, Next, ObjectReader};
use exchange::write::LineFormat;
use model::Attributes;
use serde::{Deserialize, Serialize};
use tables::rows::TransferKind;

use super::time::Times;
use crate::transfers::TransferDetails;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct ExportDetails {
    pub asked: Asked,
    pub times: Times,
    #[serde(default)]
    pub item_count: u64,
    /// Of the lines, before compression. Unit: bytes.
    #[serde(default)]
    pub size: u64,
}

/// The request. One that repeats a client's token has the same.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    pub table_arn: String,
    pub bucket: String,
    pub bucket_owner: Option<String>,
    pub prefix: Option<String>,
    /// As the API spells it, as all of its words here.
    format: Option<String>,
    export_type: Option<String>,
    time_ms: Option<i64>,
    window: Option<AskedWindow>,
    pub sse: Option<String>,
    pub kms_key_id: Option<String>,
    filter: Option<AskedFilter>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct AskedWindow {
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    view: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct AskedFilter {
    keys: Option<String>,
    filter: Option<String>,
    projection: Option<String>,
    names: Option<BTreeMap<String, String>>,
    /// A line of DynamoDB JSON.
    values: Option<String>,
}

impl TransferDetails for ExportDetails {
    const KIND: TransferKind = TransferKind::Export;
    const ARN_PART: &'static str = "export";
}

impl ExportDetails {
    pub(super) fn new(asked: Asked, times: Times) -> ExportDetails {
        ExportDetails { asked, times, item_count: 0, size: 0 }
    }
}

impl Asked {
    pub(super) fn of(request: &ExportTableToPointInTimeInput) -> Asked {
        let ms = |time: Option<Timestamp>| time.map(|time| time.epoch_ms);
        Asked {
            table_arn: request.table_arn.clone(),
            bucket: request.s3_bucket.clone(),
            bucket_owner: request.s3_bucket_owner.clone(),
            prefix: request.s3_prefix.clone(),
            format: request.export_format.map(|format| format.to_string()),
            export_type: request.export_type.map(|of| of.to_string()),
            time_ms: ms(request.export_time),
            window: request.incremental_export_specification.as_ref().map(|asked| AskedWindow {
                from_ms: ms(asked.export_from_time),
                to_ms: ms(asked.export_to_time),
                view: asked.export_view_type.map(|view| view.to_string()),
            }),
            sse: request.s3_sse_algorithm.map(|sse| sse.to_string()),
            kms_key_id: request.s3_sse_kms_key_id.clone(),
            filter: request.filter_specification.as_ref().map(AskedFilter::of),
        }
    }

    pub(super) fn format(&self) -> ExportFormat {
        self.format.as_deref().and_then(|text| text.parse().ok()).unwrap_or(ExportFormat::DynamodbJson)
    }

    pub(super) fn line_format(&self) -> LineFormat {
        match self.format() {
            ExportFormat::DynamodbJson => LineFormat::DynamoDbJson,
            ExportFormat::Ion => LineFormat::Ion,
        }
    }

    pub(super) fn export_type(&self) -> Option<ExportType> {
        self.export_type.as_deref()?.parse().ok()
    }

    /// Both images unless it asks for the new ones alone.
    pub(super) fn view(&self) -> ExportViewType {
        let view = self.window.as_ref().and_then(|window| window.view.as_deref());
        view.and_then(|view| view.parse().ok()).unwrap_or(ExportViewType::NewAndOldImages)
    }

    /// The window as it is described: with its end and its view.
    pub(super) fn window(&self, times: Times) -> Option<IncrementalExportSpecification> {
        let window = times.window()?;
        Some(IncrementalExportSpecification {
            export_from_time: Some(tables::timestamp(window.from_ms)),
            export_to_time: Some(tables::timestamp(window.to_ms)),
            export_view_type: Some(self.view()),
        })
    }

    /// # Errors
    /// If its values cannot be read: another program wrote the record.
    pub(super) fn filter(&self) -> Result<Option<FilterSpecification>, Exception> {
        self.filter.as_ref().map(AskedFilter::specification).transpose()
    }
}

impl AskedFilter {
    fn of(asked: &FilterSpecification) -> AskedFilter {
        let line = |values: &Attributes| {
            let mut line = Vec::new();
            LineFormat::DynamoDbJson.push_item(&mut line, values.view());
            String::from_utf8_lossy(&line).into_owned()
        };
        AskedFilter {
            keys: asked.key_condition_expression.clone(),
            filter: asked.filter_expression.clone(),
            projection: asked.projection_expression.clone(),
            names: asked.expression_attribute_names.clone(),
            values: asked.expression_attribute_values.as_ref().map(line),
        }
    }

    fn specification(&self) -> Result<FilterSpecification, Exception> {
        Ok(FilterSpecification {
            expression_attribute_names: self.names.clone(),
            expression_attribute_values: self.values.as_deref().map(values).transpose()?,
            filter_expression: self.filter.clone(),
            key_condition_expression: self.keys.clone(),
            projection_expression: self.projection.clone(),
        })
    }
}

fn values(line: &str) -> Result<Attributes, Exception> {
    let mut reader = ObjectReader::new(InputFormat::DynamoDbJson, Compression::None);
    reader.push(Bytes::copy_from_slice(line.as_bytes()));
    reader.push_end();
    match reader.next_record() {
        Next::Record(record) => record.item.map_err(Exception::internal),
        _ => Err(Exception::internal("the values of an export's filter cannot be read")),
    }
}
