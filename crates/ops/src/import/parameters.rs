//! The table that an import was asked for, as DescribeImport shows it: each member as it was sent.
//!
//! The definition of the table does not say which members the request left out, and does not outlive the table.

use std::str::FromStr;

use api::{
    AttributeDefinition, GlobalSecondaryIndex, KeySchemaElement, OnDemandThroughput, Projection, ProvisionedThroughput,
    SSESpecification, TableCreationParameters, WarmThroughput,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Parameters {
    table_name: String,
    /// Names and types.
    attributes: Vec<(String, String)>,
    /// Names and roles.
    key: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    billing_mode: Option<String>,
    #[serde(flatten)]
    throughput: Throughput,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encryption: Option<Encryption>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    global_indexes: Option<Vec<Index>>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Throughput {
    /// Of reads and writes, as the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provisioned: Option<[i64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_demand: Option<[Option<i64>; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warm: Option<[Option<i64>; 2]>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Encryption {
    enabled: Option<bool>,
    key_id: Option<String>,
    sse_type: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Index {
    name: String,
    key: Vec<(String, String)>,
    projection_type: Option<String>,
    projected: Option<Vec<String>>,
    #[serde(flatten)]
    throughput: Throughput,
}

impl Parameters {
    pub(super) fn of(asked: &TableCreationParameters) -> Parameters {
        let attribute = |one: &AttributeDefinition| (one.attribute_name.clone(), one.attribute_type.to_string());
        Parameters {
            table_name: asked.table_name.clone(),
            attributes: asked.attribute_definitions.iter().map(attribute).collect(),
            key: key(&asked.key_schema),
            billing_mode: asked.billing_mode.map(|mode| mode.to_string()),
            throughput: Throughput::of(&asked.provisioned_throughput, &asked.on_demand_throughput, &None),
            encryption: asked.sse_specification.as_ref().map(|asked| Encryption {
                enabled: asked.enabled,
                key_id: asked.kms_master_key_id.clone(),
                sse_type: asked.sse_type.map(|sse_type| sse_type.to_string()),
            }),
            global_indexes: asked.global_secondary_indexes.as_ref().map(|all| all.iter().map(Index::of).collect()),
        }
    }

    pub(super) fn shown(&self) -> TableCreationParameters {
        let attribute = |(name, attribute_type): &(String, String)| AttributeDefinition {
            attribute_name: name.clone(),
            attribute_type: word(attribute_type),
        };
        TableCreationParameters {
            table_name: self.table_name.clone(),
            attribute_definitions: self.attributes.iter().map(attribute).collect(),
            key_schema: shown_key(&self.key),
            billing_mode: self.billing_mode.as_deref().map(word),
            provisioned_throughput: self.throughput.provisioned(),
            on_demand_throughput: self.throughput.on_demand(),
            sse_specification: self.encryption.as_ref().map(|asked| SSESpecification {
                enabled: asked.enabled,
                kms_master_key_id: asked.key_id.clone(),
                sse_type: asked.sse_type.as_deref().map(word),
            }),
            global_secondary_indexes: self.global_indexes.as_ref().map(|all| all.iter().map(Index::shown).collect()),
            vector_indexes: None,
        }
    }
}

impl Throughput {
    fn of(
        provisioned: &Option<ProvisionedThroughput>,
        on_demand: &Option<OnDemandThroughput>,
        warm: &Option<WarmThroughput>,
    ) -> Throughput {
        let on_demand = on_demand.as_ref();
        Throughput {
            provisioned: provisioned.as_ref().map(|units| [units.read_capacity_units, units.write_capacity_units]),
            on_demand: on_demand.map(|most| [most.max_read_request_units, most.max_write_request_units]),
            warm: warm.as_ref().map(|units| [units.read_units_per_second, units.write_units_per_second]),
        }
    }

    fn provisioned(&self) -> Option<ProvisionedThroughput> {
        let [read_capacity_units, write_capacity_units] = self.provisioned?;
        Some(ProvisionedThroughput { read_capacity_units, write_capacity_units })
    }

    fn on_demand(&self) -> Option<OnDemandThroughput> {
        let [max_read_request_units, max_write_request_units] = self.on_demand?;
        Some(OnDemandThroughput { max_read_request_units, max_write_request_units })
    }

    fn warm(&self) -> Option<WarmThroughput> {
        let [read_units_per_second, write_units_per_second] = self.warm?;
        Some(WarmThroughput { read_units_per_second, write_units_per_second })
    }
}

impl Index {
    fn of(asked: &GlobalSecondaryIndex) -> Index {
        Index {
            name: asked.index_name.clone(),
            key: key(&asked.key_schema),
            projection_type: asked.projection.projection_type.map(|projection| projection.to_string()),
            projected: asked.projection.non_key_attributes.clone(),
            throughput: Throughput::of(
                &asked.provisioned_throughput,
                &asked.on_demand_throughput,
                &asked.warm_throughput,
            ),
        }
    }

    fn shown(&self) -> GlobalSecondaryIndex {
        GlobalSecondaryIndex {
            index_name: self.name.clone(),
            key_schema: shown_key(&self.key),
            projection: Projection {
                projection_type: self.projection_type.as_deref().map(word),
                non_key_attributes: self.projected.clone(),
            },
            provisioned_throughput: self.throughput.provisioned(),
            on_demand_throughput: self.throughput.on_demand(),
            warm_throughput: self.throughput.warm(),
        }
    }
}

fn key(asked: &[KeySchemaElement]) -> Vec<(String, String)> {
    asked.iter().map(|element| (element.attribute_name.clone(), element.key_type.to_string())).collect()
}

fn shown_key(key: &[(String, String)]) -> Vec<KeySchemaElement> {
    let element = |(name, key_type): &(String, String)| KeySchemaElement {
        attribute_name: name.clone(),
        key_type: word(key_type),
    };
    key.iter().map(element).collect()
}

/// A stored word of the API. Each was one when it was stored.
fn word<T: FromStr + Default>(text: &str) -> T {
    text.parse().unwrap_or_default()
}
