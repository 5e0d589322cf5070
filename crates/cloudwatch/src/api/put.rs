//! PutMetricData: values that callers have measured.

use auth::Caller;
use aws::cloudwatch::{MetricDatum, PutMetricDataInput};

use super::refusal::Refusal;
use super::{Answer, CloudWatch, dimensions};
use crate::cell::Cell;
use crate::recorder::cell_bytes;
use crate::series::Series;
use crate::shares::PutRefusal;

/// Source: API Reference, PutMetricData.
const DATA_MAX: usize = 1_000;
const VALUES_MAX: usize = 150;
const PAST_MS_MAX: u64 = 14 * 24 * 60 * 60 * 1000;
const FUTURE_MS_MAX: u64 = 2 * 60 * 60 * 1000;
/// 2 to the power of 360. Source: API Reference, MetricDatum.
const VALUE_MAX: f64 = 2.348_542_582_773_833_2e108;
/// So that the average of the greatest sum is a number, too.
const COUNT_MIN: f64 = 1.0 / VALUE_MAX;

impl CloudWatch {
    pub(super) fn put_metric_data(&self, caller: &Caller, request: PutMetricDataInput) -> Answer<()> {
        if request.namespace.starts_with("AWS/") {
            return Err(Refusal::Value("The value AWS/ for parameter Namespace is invalid.".to_owned()));
        }
        if request.entity_metric_data.is_some() {
            return Err(Refusal::Value("This server takes no EntityMetricData.".to_owned()));
        }
        let data = request.metric_data.unwrap_or_default();
        if data.is_empty() {
            return Err(Refusal::Missing("The parameter MetricData is required.".to_owned()));
        }
        if data.len() > DATA_MAX {
            return Err(Refusal::Value(format!(
                "The collection MetricData must not have a size greater than {DATA_MAX}."
            )));
        }
        let now_ms = self.metrics.now_ms();
        let mut measured = Vec::with_capacity(data.len());
        let mut all = Vec::with_capacity(data.len());
        for (number, datum) in data.into_iter().enumerate() {
            let at_ms = datum.timestamp.map_or(now_ms, |time| time.0);
            if at_ms.saturating_add(PAST_MS_MAX) < now_ms || at_ms > now_ms.saturating_add(FUTURE_MS_MAX) {
                return Err(Refusal::Value(format!(
                    "The parameter MetricData.member.{}.Timestamp must specify a time within the past two weeks.",
                    number + 1
                )));
            }
            measured.push((at_ms, cell(number + 1, &datum)?));
            let (account, region, own) = (&caller.account, &caller.region, dimensions(datum.dimensions));
            let unit = datum.unit.as_deref().unwrap_or("None");
            all.push(Series::new(account, region, &request.namespace, &datum.metric_name, own, unit));
        }
        let bytes = measured.iter().map(|(_, cell)| cell_bytes(cell)).sum();
        let gauges =
            self.metrics.recorder().put_gauges(&caller.account, all, bytes).map_err(|refusal| match refusal {
                PutRefusal::Series => Refusal::TooManySeries,
                PutRefusal::Waiting => Refusal::Throttled,
            })?;
        for (gauge, (at_ms, cell)) in gauges.iter().zip(&measured) {
            self.metrics.recorder().record_at(gauge, *at_ms, cell);
        }
        Ok(())
    }
}

/// The values of a datum, which has them in one of three forms.
fn cell(number: usize, datum: &MetricDatum) -> Answer<Cell> {
    let member = |name: &str| format!("MetricData.member.{number}.{name}");
    let check = |name: &str, value: f64| match value.is_finite() && value.abs() <= VALUE_MAX {
        true => Ok(value),
        false => Err(Refusal::Value(format!("The value {value} for parameter {} is invalid.", member(name)))),
    };
    let mut cell = Cell::default();
    match (datum.value, &datum.values, &datum.statistic_values) {
        (Some(value), None, None) => cell.add(check("Value", value)?, 1.0),
        (None, Some(values), None) => {
            let counts = datum.counts.as_deref();
            if values.len() > VALUES_MAX || counts.is_some_and(|counts| counts.len() != values.len()) {
                return Err(Refusal::Value(format!(
                    "The parameters {} and {} must be of the same size, and at most {VALUES_MAX}.",
                    member("Values"),
                    member("Counts")
                )));
            }
            for (at, value) in values.iter().enumerate() {
                let count = counts.map_or(1.0, |counts| counts[at]);
                if check("Counts", count)? < COUNT_MIN {
                    return Err(Refusal::Value(format!(
                        "The value {count} for parameter {} is invalid.",
                        member("Counts")
                    )));
                }
                cell.add(check("Values", *value)?, count);
            }
        }
        (None, None, Some(set)) => {
            let [count, sum] = [check("StatisticValues", set.sample_count)?, check("StatisticValues", set.sum)?];
            let [min, max] = [check("StatisticValues", set.minimum)?, check("StatisticValues", set.maximum)?];
            if count < COUNT_MIN || min > max {
                return Err(Refusal::Value(format!("The parameter {} is invalid.", member("StatisticValues"))));
            }
            cell = Cell::of_sums(count, sum, min, max);
        }
        _ => {
            return Err(Refusal::Combination(format!(
                "Exactly one of {}, {} and {} must be specified.",
                member("Value"),
                member("Values"),
                member("StatisticValues")
            )));
        }
    }
    Ok(cell)
}

#[cfg(test)]
mod tests {
    use aws::cloudwatch::StatisticSet;

    use super::*;
    use crate::statistic::Statistic;

    #[test]
    fn counts_are_so_large_that_averages_are_numbers() {
        let set = |sample_count| MetricDatum {
            metric_name: "m".to_owned(),
            statistic_values: Some(StatisticSet { sample_count, sum: VALUE_MAX, minimum: 0.0, maximum: VALUE_MAX }),
            ..MetricDatum::default()
        };
        for count in [5e-324, 0.0, -1.0, f64::NAN] {
            assert!(cell(1, &set(count)).is_err(), "{count}");
        }
        let average = Statistic::Average.of(&cell(1, &set(COUNT_MIN)).unwrap());
        assert!(average.is_some_and(f64::is_finite), "{average:?}");
        let counted = MetricDatum {
            metric_name: "m".to_owned(),
            values: Some(vec![1.0]),
            counts: Some(vec![5e-324]),
            ..MetricDatum::default()
        };
        assert!(cell(1, &counted).is_err());
    }
}
