//! The settings of a restored table: its source's, as they were, and what the request overrides.
//!
//! Streams, time to live, point-in-time recovery, tags, deletion protection, policy and table class are not restored. Source: captures,
//! and Developer Guide, "Restoring a DynamoDB table from a backup".

use api::{
    BillingMode, Exception, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex, OnDemandThroughput,
    ProvisionedThroughput, RestoreTableFromBackupInput, RestoreTableToPointInTimeInput, SSESpecification,
};
use tables::throughput::{check_units, index_warm, is_empty_warm};
use tables::{
    self, Billing, Definition, IndexDefinition, KeyNames, OnDemandMax, Projection, TableStatus, parse_projection,
};

/// What a restore may override, whatever it restores from.
pub(super) struct Overrides {
    pub billing: Option<BillingMode>,
    pub provisioned: Option<ProvisionedThroughput>,
    pub on_demand: Option<OnDemandThroughput>,
    pub global: Option<Vec<GlobalSecondaryIndex>>,
    pub local: Option<Vec<LocalSecondaryIndex>>,
    pub encryption: Option<SSESpecification>,
}

/// Reads the overrides of a request; both kinds of restores have the same ones.
macro_rules! overrides {
    ($request:expr) => {{
        let request = $request;
        if request.vector_index_override.is_some() {
            return Err(tables::not_built("VectorIndexOverride"));
        }
        // DynamoDB refuses an empty one and restores all the same; here it is as none.
        let on_demand = request.on_demand_throughput_override.filter(|asked| *asked != OnDemandThroughput::default());
        Ok(Overrides {
            billing: request.billing_mode_override,
            provisioned: request.provisioned_throughput_override,
            on_demand,
            global: request.global_secondary_index_override,
            local: request.local_secondary_index_override,
            encryption: request.sse_specification_override,
        })
    }};
}

impl Overrides {
    /// # Errors
    /// If the request overrides what this version does not have.
    pub(super) fn of(request: RestoreTableFromBackupInput) -> Result<Overrides, Exception> {
        overrides!(request)
    }

    /// # Errors
    /// As for [`Overrides::of`].
    pub(super) fn of_moment(request: RestoreTableToPointInTimeInput) -> Result<Overrides, Exception> {
        let overrides: Result<Overrides, Exception> = overrides!(request);
        let has_warm =
            |index: &&GlobalSecondaryIndex| index.warm_throughput.as_ref().is_some_and(|asked| !is_empty_warm(asked));
        // Source: the API Reference's description of the member; the text is our own.
        match overrides.as_ref().ok().and_then(|asked| asked.global.iter().flatten().find(has_warm)) {
            None => overrides,
            Some(index) => Err(tables::invalid(format!(
                "WarmThroughput cannot be specified for an index of a point-in-time restore: {}",
                index.index_name
            ))),
        }
    }

    /// The definition of the restored table; only its id, its name and what it is filled from are missing.
    ///
    /// # Errors
    /// DynamoDB's refusals of overrides that do not fit the source or each other. The texts are captured.
    pub(super) fn apply(self, source: &Definition, now_ms: u64) -> Result<Definition, Exception> {
        let billing = self.billing(source)?;
        let on_demand_max = self.on_demand_max(source, billing)?;
        let encryption = match &self.encryption {
            None => source.encryption.clone(),
            // The service's own key.
            Some(asked) if *asked == SSESpecification::default() => None,
            Some(asked) => tables::encryption(asked, &source.account, &source.region)?,
        };
        let is_overridden = self.billing.is_some();
        let global: Vec<IndexDefinition> = match self.global {
            None => source.global_indexes.iter().map(|index| kept(index, billing, is_overridden)).collect(),
            Some(asked) => {
                let mut left: Vec<&IndexDefinition> = source.global_indexes.iter().collect();
                let index = |asked| global_index(asked, &mut left, billing, is_overridden);
                asked.into_iter().map(index).collect::<Result<_, _>>()
            }
        }?;
        let local = match self.local {
            None => source.local_indexes.iter().map(plain).collect(),
            Some(asked) => {
                let mut left: Vec<&IndexDefinition> = source.local_indexes.iter().collect();
                asked.into_iter().map(|asked| local_index(asked, &mut left)).collect::<Result<Vec<_>, _>>()?
            }
        };
        let mut ids = 1..;
        let mut numbered = |indexes: Vec<IndexDefinition>| -> Vec<IndexDefinition> {
            indexes.into_iter().zip(ids.by_ref()).map(|(index, id)| IndexDefinition { id, ..index }).collect()
        };
        let (local_indexes, global_indexes) = (numbered(local), numbered(global));
        let mut definition = Definition {
            account: source.account.clone(),
            region: source.region.clone(),
            uuid: base::random::uuid_v4(),
            created_ms: now_ms,
            status: TableStatus::Creating,
            attributes: source.attributes.clone(),
            key: source.key.clone(),
            next_index_id: 1 + (local_indexes.len() + global_indexes.len()) as u32,
            local_indexes,
            global_indexes,
            billing,
            on_demand_since_ms: (billing == Billing::OnDemand).then_some(now_ms),
            on_demand_max,
            warm: source.warm.filter(|_| !is_overridden),
            encryption,
            ..Definition::default()
        };
        check_names(&definition)?;
        definition.prune_attributes();
        Ok(definition)
    }

    fn billing(&self, source: &Definition) -> Result<Billing, Exception> {
        let is_provisioned = match self.billing {
            Some(mode) => mode == BillingMode::Provisioned,
            None => !source.is_on_demand(),
        };
        match &self.provisioned {
            Some(asked) if is_provisioned => Ok(check_units(asked)?.into()),
            Some(_) => refusal("Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED"),
            None if !is_provisioned => Ok(Billing::OnDemand),
            None if self.billing.is_some() => {
                refusal("Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED")
            }
            None => Ok(source.billing),
        }
    }

    fn on_demand_max(&self, source: &Definition, billing: Billing) -> Result<OnDemandMax, Exception> {
        let Some(asked) = &self.on_demand else {
            return Ok(if billing == Billing::OnDemand { source.on_demand_max } else { OnDemandMax::default() });
        };
        maxima(asked, billing)
    }
}

/// The maxima of a table or an index that a request overrides.
fn maxima(asked: &OnDemandThroughput, billing: Billing) -> Result<OnDemandMax, Exception> {
    let members = [
        ("MaxReadRequestUnits", asked.max_read_request_units),
        ("MaxWriteRequestUnits", asked.max_write_request_units),
    ];
    for (member, units) in members.into_iter().filter_map(|(member, units)| Some((member, units?))) {
        if billing != Billing::OnDemand {
            return refusal(&format!(
                "Cannot override {member} for OnDemandThroughput unless BillingModeOverride is PAY_PER_REQUEST"
            ));
        }
        if units == 0 || units < -1 {
            return refusal(&format!("Requested {member} for OnDemandThroughput is outside of valid range"));
        }
    }
    // -1 is no maximum.
    let [(_, read_units), (_, write_units)] = members.map(|(member, units)| (member, units.filter(|units| *units > 0)));
    Ok(OnDemandMax { read_units, write_units })
}

fn refusal<T>(text: &str) -> Result<T, Exception> {
    Err(Exception::validation(text))
}

/// An index as it was, without the state of a table that was in use.
fn plain(index: &IndexDefinition) -> IndexDefinition {
    IndexDefinition {
        name: index.name.clone(),
        key: index.key.clone(),
        projection: index.projection.clone(),
        ..IndexDefinition::default()
    }
}

/// A global index that the request does not override. Another billing mode of the table is its own, too.
fn kept(index: &IndexDefinition, billing: Billing, is_overridden: bool) -> Result<IndexDefinition, Exception> {
    let provisioned = match billing {
        Billing::OnDemand => None,
        Billing::Provisioned { .. } if index.provisioned.is_none() => return missing_units(&index.name),
        Billing::Provisioned { .. } => index.provisioned,
    };
    let on_demand_max = if billing == Billing::OnDemand { index.on_demand_max } else { OnDemandMax::default() };
    let warm = index.warm.filter(|_| !is_overridden);
    Ok(IndexDefinition { provisioned, on_demand_max, warm, ..plain(index) })
}

fn global_index(
    asked: GlobalSecondaryIndex,
    left: &mut Vec<&IndexDefinition>,
    billing: Billing,
    is_overridden: bool,
) -> Result<IndexDefinition, Exception> {
    let name = asked.index_name;
    let found = matching(left, &name, &key_names(&asked.key_schema), &parse_projection(asked.projection)?)?;
    let provisioned = match (billing, &asked.provisioned_throughput) {
        (Billing::Provisioned { .. }, Some(units)) => Some(check_units(units)?),
        (Billing::Provisioned { .. }, None) => return missing_units(&name),
        (Billing::OnDemand, Some(_)) if is_overridden => {
            return refusal(&format!(
                "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST for index {name}"
            ));
        }
        (Billing::OnDemand, Some(_)) => {
            return refusal("Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED");
        }
        (Billing::OnDemand, None) => None,
    };
    let on_demand_max = match asked.on_demand_throughput {
        Some(asked) => maxima(&asked, billing)?,
        None if billing == Billing::OnDemand => found.on_demand_max,
        None => OnDemandMax::default(),
    };
    let warm = index_warm(&name, provisioned, asked.warm_throughput)?;
    Ok(IndexDefinition { name, provisioned, on_demand_max, warm, ..plain(found) })
}

fn local_index(asked: LocalSecondaryIndex, left: &mut Vec<&IndexDefinition>) -> Result<IndexDefinition, Exception> {
    let (key, projection) = (key_names(&asked.key_schema), parse_projection(asked.projection)?);
    let found = matching(left, &asked.index_name, &key, &projection)?;
    Ok(IndexDefinition { name: asked.index_name, ..plain(found) })
}

/// An index of the source with this key and projection, which may get another name. Each is restored once.
fn matching<'s>(
    left: &mut Vec<&'s IndexDefinition>,
    name: &str,
    key: &KeyNames,
    projection: &Projection,
) -> Result<&'s IndexDefinition, Exception> {
    let is_same = |index: &&IndexDefinition| index.key == *key && is_same_projection(&index.projection, projection);
    match left.iter().position(is_same) {
        Some(at) => Ok(left.remove(at)),
        None => refusal(&format!(
            "Index {name} does not match a secondary index that existed in the source table and cannot be created during \
             the restore operation"
        )),
    }
}

/// The order of projected names has no meaning.
fn is_same_projection(a: &Projection, b: &Projection) -> bool {
    let sorted = |projection: &Projection| {
        let mut names = projection.named().to_vec();
        names.sort();
        names
    };
    std::mem::discriminant(a) == std::mem::discriminant(b) && sorted(a) == sorted(b)
}

fn key_names(elements: &[KeySchemaElement]) -> KeyNames {
    let of = |kind| elements.iter().filter(move |element| element.key_type == kind);
    let names = |kind| of(kind).map(|element| element.attribute_name.clone()).collect();
    KeyNames { hash: names(KeyType::Hash), range: names(KeyType::Range) }
}

fn missing_units<T>(index: &str) -> Result<T, Exception> {
    refusal(&format!("Must specify provisioned throughput for index {index}"))
}

fn check_names(definition: &Definition) -> Result<(), Exception> {
    let mut names: Vec<&str> = definition.index_names().collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(tables::invalid(format!("Duplicate index name: {}", pair[0]))),
        None => Ok(()),
    }
}
