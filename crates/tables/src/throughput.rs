//! Validation of throughput settings in requests: billing mode, provisioned units, on-demand maxima, warm throughput.
//!
//! Quotas of an account are checked where all of its tables are known (`cluster::catalog`), and how often a setting may be
//! changed in `change_budget`.

use api::{BillingMode, Exception, ProvisionedThroughput};
use model::limits::PROVISIONED_UNITS_MAX;

use super::definition::{Billing, IndexDefinition, OnDemandMax, Provisioned, WarmThroughput};
use super::schema::invalid;

/// The warm throughput of a new on-demand table. Source: Developer Guide, "Understanding DynamoDB warm throughput".
const ON_DEMAND_WARM: WarmThroughput = WarmThroughput { read_units: 12_000, write_units: 4_000 };

/// DynamoDB's link to the explanation of [`ON_DEMAND_WARM`].
const ON_DEMAND_WARM_URL: &str = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/\
                                  on-demand-capacity-mode.html#on-demand-capacity-mode-initial";

/// Removes a maximum of on-demand throughput.
pub const UNLIMITED: i64 = -1;

/// The throughput of a new table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableThroughput {
    pub billing: Billing,
    pub on_demand_max: OnDemandMax,
    pub warm: Option<WarmThroughput>,
}

/// The throughput of a new global index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IndexThroughput {
    pub provisioned: Option<Provisioned>,
    pub on_demand_max: OnDemandMax,
    pub warm: Option<WarmThroughput>,
}

impl TableThroughput {
    pub fn parse(
        mode: Option<BillingMode>,
        provisioned: Option<ProvisionedThroughput>,
        on_demand: Option<api::OnDemandThroughput>,
        asked_warm: Option<api::WarmThroughput>,
    ) -> Result<TableThroughput, Exception> {
        let billing = match (mode.unwrap_or(BillingMode::Provisioned), provisioned) {
            (BillingMode::Provisioned, Some(units)) => Billing::from(check_units(&units)?),
            (BillingMode::Provisioned, None) => return Err(units_missing()),
            (BillingMode::PayPerRequest, None) => Billing::OnDemand,
            (BillingMode::PayPerRequest, Some(_)) => return Err(units_superfluous()),
        };
        Ok(TableThroughput {
            billing,
            on_demand_max: new_on_demand_max(billing, on_demand, Of::Table)?,
            warm: new_warm(billing.provisioned(), asked_warm, Of::Table)?,
        })
    }
}

impl IndexThroughput {
    pub fn parse(
        index_name: &str,
        billing: Billing,
        provisioned: Option<ProvisionedThroughput>,
        on_demand: Option<api::OnDemandThroughput>,
        asked_warm: Option<api::WarmThroughput>,
    ) -> Result<IndexThroughput, Exception> {
        let provisioned = index_units(index_name, billing, provisioned)?;
        let of = Of::Index(index_name);
        Ok(IndexThroughput {
            provisioned,
            on_demand_max: new_on_demand_max(billing, on_demand, of)?,
            warm: new_warm(provisioned, asked_warm, of)?,
        })
    }
}

fn index_units(
    index_name: &str,
    billing: Billing,
    asked: Option<ProvisionedThroughput>,
) -> Result<Option<Provisioned>, Exception> {
    match (billing, asked) {
        (Billing::OnDemand, None) => Ok(None),
        (Billing::OnDemand, Some(_)) => Err(index_units_superfluous(index_name)),
        (Billing::Provisioned { .. }, Some(units)) => check_units(&units).map(Some),
        (Billing::Provisioned { .. }, None) => Err(index_units_missing(index_name)),
    }
}

pub fn index_units_missing(index_name: &str) -> Exception {
    invalid(format!("ProvisionedThroughput is not specified for index: {index_name}"))
}

pub fn index_units_superfluous(index_name: &str) -> Exception {
    invalid(format!(
        "ProvisionedThroughput should not be specified for index: {index_name} when BillingMode is PAY_PER_REQUEST"
    ))
}

pub fn units_missing() -> Exception {
    invalid("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
}

/// The same of UpdateTable.
pub fn update_units_missing() -> Exception {
    invalid("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
}

/// `names` are those of indexes that a table which becomes provisioned leaves without throughput.
pub fn update_index_units_missing(names: &[&str]) -> Exception {
    invalid(format!("ProvisionedThroughput must be specified for index: {}", names.join(",")))
}

pub fn units_superfluous() -> Exception {
    invalid("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
}

pub fn check_units(asked: &ProvisionedThroughput) -> Result<Provisioned, Exception> {
    let (read_units, write_units) = (asked.read_capacity_units, asked.write_capacity_units);
    for (member, units) in [("ReadCapacityUnits", read_units), ("WriteCapacityUnits", write_units)] {
        if !(1..=PROVISIONED_UNITS_MAX).contains(&units) {
            return Err(Exception::validation(format!("Given value {units} for {member} is out of bounds")));
        }
    }
    Ok(Provisioned { read_units, write_units })
}

/// The subject of a throughput setting, as refusals name it.
#[derive(Clone, Copy)]
pub enum Of<'a> {
    Table,
    Index(&'a str),
}

impl Of<'_> {
    /// Messages about `OnDemandThroughput` have a space before the colon.
    pub fn on_demand(self) -> String {
        match self {
            Of::Table => "table".to_owned(),
            Of::Index(name) => format!("index : {name}"),
        }
    }

    pub fn warm(self) -> String {
        match self {
            Of::Table => "table".to_owned(),
            Of::Index(name) => format!("index {name}"),
        }
    }
}

/// The maxima that a request names, reads first.
fn on_demand_members(asked: Option<&api::OnDemandThroughput>) -> impl Iterator<Item = (&'static str, i64)> {
    let members = asked.map(|asked| {
        let read = asked.max_read_request_units.map(|units| ("MaxReadRequestUnits", units));
        [read, asked.max_write_request_units.map(|units| ("MaxWriteRequestUnits", units))]
    });
    members.into_iter().flatten().flatten()
}

fn out_of_range(member: &str, of: Of<'_>) -> Exception {
    invalid(format!("Requested {member} for OnDemandThroughput for {} is outside of valid range", of.on_demand()))
}

/// The maxima of a new table or index.
fn new_on_demand_max(
    billing: Billing,
    asked: Option<api::OnDemandThroughput>,
    of: Of<'_>,
) -> Result<OnDemandMax, Exception> {
    for (member, units) in on_demand_members(asked.as_ref()) {
        if billing != Billing::OnDemand {
            let of = if let Of::Index(name) = of { format!(" for index: {name}") } else { String::new() };
            return Err(invalid(format!(
                "{member} for OnDemandThroughput{of} cannot be specified when table BillingMode is PROVISIONED."
            )));
        }
        if units < 1 {
            return Err(out_of_range(member, of));
        }
    }
    Ok(asked.map_or_else(OnDemandMax::default, |asked| OnDemandMax {
        read_units: asked.max_read_request_units,
        write_units: asked.max_write_request_units,
    }))
}

/// The maxima after a change: members that it leaves out stay, and -1 removes one.
pub fn on_demand_max(
    billing: Billing,
    current: OnDemandMax,
    asked: Option<api::OnDemandThroughput>,
    of: Of<'_>,
) -> Result<OnDemandMax, Exception> {
    for (member, units) in on_demand_members(asked.as_ref()) {
        if billing != Billing::OnDemand {
            let of = match of {
                Of::Table => String::new(),
                Of::Index(_) => format!(" for {}", of.on_demand()),
            };
            return Err(invalid(format!(
                "{member} for OnDemandThroughput{of} cannot be specified when the table BillingMode is PROVISIONED"
            )));
        }
        if units < 1 && units != UNLIMITED {
            return Err(out_of_range(member, of));
        }
    }
    let merged = |current: Option<i64>, asked: Option<i64>| match asked {
        None => current,
        asked => asked.filter(|units| *units != UNLIMITED),
    };
    Ok(asked.map_or(current, |asked| OnDemandMax {
        read_units: merged(current.read_units, asked.max_read_request_units),
        write_units: merged(current.write_units, asked.max_write_request_units),
    }))
}

/// The warm throughput of a table or an index: `own`, which is what it once had, and at least that of its billing.
pub fn current_warm(own: Option<WarmThroughput>, provisioned: Option<Provisioned>) -> WarmThroughput {
    let least = default_warm(provisioned);
    own.map_or(least, |own| WarmThroughput {
        read_units: own.read_units.max(least.read_units),
        write_units: own.write_units.max(least.write_units),
    })
}

/// What a table or an index has to store of its warm throughput when its provisioned units change: it never falls.
pub fn warm_after(
    own: Option<WarmThroughput>,
    before: Option<Provisioned>,
    after: Option<Provisioned>,
) -> Option<WarmThroughput> {
    let reached = current_warm(Some(current_warm(own, before)), after);
    if own.is_none() && reached == default_warm(after) { None } else { Some(reached) }
}

/// The warm throughput of a table or an index if no request has set a greater one.
fn default_warm(provisioned: Option<Provisioned>) -> WarmThroughput {
    match provisioned {
        None => ON_DEMAND_WARM,
        Some(units) => WarmThroughput { read_units: units.read_units, write_units: units.write_units },
    }
}

/// The warm throughput of a new index whose other settings are known.
///
/// # Errors
/// If it is less than the index has anyway.
pub fn index_warm(
    index_name: &str,
    provisioned: Option<Provisioned>,
    asked: Option<api::WarmThroughput>,
) -> Result<Option<WarmThroughput>, Exception> {
    new_warm(provisioned, asked, Of::Index(index_name))
}

/// The warm throughput of a new table or index: no less than its default. An empty structure asks for nothing.
fn new_warm(
    provisioned: Option<Provisioned>,
    asked: Option<api::WarmThroughput>,
    of: Of<'_>,
) -> Result<Option<WarmThroughput>, Exception> {
    let floor = default_warm(provisioned);
    let checked = |member: &str, own: &str, floor: i64, asked: Option<i64>| match asked {
        Some(units) if units < floor => Err(invalid(match provisioned {
            Some(_) => format!(
                "Requested {member} for WarmThroughput for {} is lower than {own} of ProvisionedThroughput",
                of.warm()
            ),
            None => format!(
                "Requested {member} for WarmThroughput for {} is lower than initial throughput for OnDemand. See: \
                 {ON_DEMAND_WARM_URL}",
                of.warm()
            ),
        })),
        asked => Ok(asked.unwrap_or(floor)),
    };
    let asked = asked.filter(|asked| !is_empty_warm(asked));
    asked
        .map(|asked| {
            let (read, write) = (asked.read_units_per_second, asked.write_units_per_second);
            Ok(WarmThroughput {
                read_units: checked("ReadUnitsPerSecond", "ReadCapacityUnits", floor.read_units, read)?,
                write_units: checked("WriteUnitsPerSecond", "WriteCapacityUnits", floor.write_units, write)?,
            })
        })
        .transpose()
}

pub fn is_empty_warm(asked: &api::WarmThroughput) -> bool {
    asked.read_units_per_second.is_none() && asked.write_units_per_second.is_none()
}

/// The warm throughput after a change; it only ever grows.
pub fn warm(
    current: WarmThroughput,
    asked: Option<api::WarmThroughput>,
    of: Of<'_>,
) -> Result<Option<WarmThroughput>, Exception> {
    let Some(asked) = asked.filter(|asked| !is_empty_warm(asked)) else { return Ok(None) };
    let grown = |member: &str, current: i64, asked: Option<i64>| match asked {
        Some(units) if units < current => Err(invalid(format!(
            "Requested {member} for WarmThroughput for {} is lower than current WarmThroughput, decreasing \
             WarmThroughput is not supported",
            of.warm()
        ))),
        asked => Ok(asked.unwrap_or(current)),
    };
    Ok(Some(WarmThroughput {
        read_units: grown("ReadUnitsPerSecond", current.read_units, asked.read_units_per_second)?,
        write_units: grown("WriteUnitsPerSecond", current.write_units, asked.write_units_per_second)?,
    }))
}

impl IndexDefinition {
    /// Warm throughput that was reached stays.
    pub fn set_units(&mut self, units: Option<Provisioned>) {
        self.warm = warm_after(self.warm, self.provisioned, units);
        self.provisioned = units;
    }
}

/// DynamoDB refuses a change of provisioned throughput that changes nothing.
pub fn check_units_change(of: Of<'_>, current: Provisioned, asked: Provisioned) -> Result<(), Exception> {
    if current != asked {
        return Ok(());
    }
    // Source: captures in us-west-2, October 2026, the second half without an article for an index.
    let (what, whose) = match of {
        Of::Table => ("table".to_owned(), "the table".to_owned()),
        Of::Index(name) => (format!("index {name}"), format!("index {name}")),
    };
    Err(Exception::validation(format!(
        "The provisioned throughput for the {what} will not change. The requested value equals the current value. \
         Current ReadCapacityUnits provisioned for {whose}: {}. Requested ReadCapacityUnits: {}. Current \
         WriteCapacityUnits provisioned for {whose}: {}. Requested WriteCapacityUnits: {}. Refer to the Amazon \
         DynamoDB Developer Guide for current limits and how to request higher limits.",
        current.read_units, asked.read_units, current.write_units, asked.write_units
    )))
}
