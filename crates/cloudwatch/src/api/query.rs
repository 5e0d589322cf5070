//! GetMetricData and GetMetricStatistics: what was measured in periods.

use std::collections::{BTreeMap, BTreeSet};

use auth::Caller;
use aws::Timestamp;
use aws::cloudwatch::{
    Datapoint, GetMetricDataInput, GetMetricDataOutput, GetMetricStatisticsInput, GetMetricStatisticsOutput,
    MetricDataQuery, MetricDataResult, MetricStat,
};

use super::refusal::Refusal;
use super::{Answer, CloudWatch, dimensions, statistic};
use crate::cell::Cell;
use crate::series::Series;
use crate::statistic::Statistic;
use crate::{HOUR_MINUTES, MINUTE_MS};

/// Source: CloudWatch API Reference, GetMetricData.
const QUERIES_MAX: usize = 500;
const POINTS_MAX: usize = 100_800;
/// Source: CloudWatch API Reference, GetMetricStatistics.
const STATISTICS_POINTS_MAX: u64 = 1_440;
/// Hours of series that one answer reads: the rest is behind its token.
const READ_HOURS_MAX: u64 = 4_000;
/// Periods that are shorter than a minute, of metrics of high resolution. Here their minutes are one period.
const SHORT_PERIODS: [i32; 5] = [1, 5, 10, 20, 30];

/// One series as a request asks for it.
struct Asked {
    series: Series,
    /// Unit: minutes.
    period: u64,
    unit: Option<String>,
}

impl CloudWatch {
    pub(super) async fn get_metric_data(
        &self,
        caller: &Caller,
        request: GetMetricDataInput,
    ) -> Answer<GetMetricDataOutput> {
        let range = minutes(request.start_time, request.end_time);
        if request.start_time >= request.end_time {
            return Err(Refusal::Validation(
                "The parameter StartTime must be less than the parameter EndTime.".to_owned(),
            ));
        }
        check_queries(&request.metric_data_queries)?;
        let begin =
            request.next_token.as_deref().map_or(Ok((0, 0)), |token| read_token(token).ok_or(Refusal::NextToken))?;
        let asked_max = request.max_datapoints.and_then(|max| usize::try_from(max).ok());
        let mut points_left = asked_max.unwrap_or(POINTS_MAX).clamp(1, POINTS_MAX);
        let mut hours_left = READ_HOURS_MAX;
        let (mut results, mut next_token) = (Vec::new(), None);
        for (number, query) in request.metric_data_queries.into_iter().enumerate().skip(begin.0) {
            let offset = if number == begin.0 { begin.1 } else { 0 };
            if points_left == 0 || hours_left == 0 {
                next_token = Some(token(number, offset));
                break;
            }
            hours_left = hours_left.saturating_sub((range.1 - range.0) / HOUR_MINUTES + 1);
            let is_ascending = request.scan_by.as_deref() == Some("TimestampAscending");
            let Some((id, label, points)) = self.query(caller, query, range, is_ascending).await? else { continue };
            let mut points = points.into_iter().skip(offset);
            let (timestamps, values): (Vec<_>, Vec<_>) = points.by_ref().take(points_left).unzip();
            points_left -= timestamps.len();
            let is_whole = points.next().is_none();
            if !is_whole {
                next_token = Some(token(number, offset + timestamps.len()));
            }
            results.push(MetricDataResult {
                id: Some(id),
                label: Some(label),
                messages: None,
                status_code: Some(if is_whole { "Complete" } else { "PartialData" }.to_owned()),
                timestamps: Some(timestamps),
                values: Some(values),
            });
            if !is_whole {
                break;
            }
        }
        Ok(GetMetricDataOutput { messages: Some(Vec::new()), metric_data_results: Some(results), next_token })
    }

    /// The id, the label and the points of a query; none of one that returns nothing.
    async fn query(
        &self,
        caller: &Caller,
        query: MetricDataQuery,
        range: (u64, u64),
        is_ascending: bool,
    ) -> Answer<Option<(String, String, Vec<(Timestamp, f64)>)>> {
        let Some(stat) = query.metric_stat.filter(|_| query.return_data != Some(false)) else { return Ok(None) };
        let statistic = statistic(&stat.stat)?;
        let asked = asked_of(caller, stat)?;
        let label = query.label.unwrap_or_else(|| asked.series.metric.clone());
        let mut points = Vec::new();
        let point = |minute, cell: &Cell| points.extend(statistic.of(cell).map(|value| (timestamp(minute), value)));
        self.periods(&asked, range, point).await?;
        if !is_ascending {
            points.reverse();
        }
        Ok(Some((query.id, label, points)))
    }

    pub(super) async fn get_metric_statistics(
        &self,
        caller: &Caller,
        request: GetMetricStatisticsInput,
    ) -> Answer<GetMetricStatisticsOutput> {
        if request.start_time >= request.end_time {
            return Err(Refusal::Value("The parameter StartTime must be less than the parameter EndTime.".to_owned()));
        }
        let range = minutes(request.start_time, request.end_time);
        let statistics = request.statistics.unwrap_or_default();
        let extended = request.extended_statistics.unwrap_or_default();
        if statistics.is_empty() && extended.is_empty() {
            return Err(Refusal::Missing(
                "The parameter Statistics or ExtendedStatistics must be specified.".to_owned(),
            ));
        }
        let parse = |text: &String| Ok::<_, Refusal>((text.clone(), statistic(text)?));
        let extended: Vec<(String, Statistic)> = extended.iter().map(parse).collect::<Result<_, _>>()?;
        let series = Series::new(
            &caller.account,
            &caller.region,
            &request.namespace,
            &request.metric_name,
            dimensions(request.dimensions),
            "",
        );
        let asked = Asked { series, period: period(request.period)?, unit: request.unit };
        let count = (range.1 - range.0).div_ceil(asked.period);
        if count > STATISTICS_POINTS_MAX {
            return Err(Refusal::Combination(format!(
                "You have requested up to {} datapoints, which exceeds the limit of {}. You may reduce the datapoints requested by \
                 increasing Period, or decreasing the time range.",
                grouped(count),
                grouped(STATISTICS_POINTS_MAX)
            )));
        }
        let unit = self.metrics.unit(&asked.series).await?;
        let mut datapoints = Vec::new();
        let point = |minute: u64, cell: &Cell| {
            let of = |name: &str, statistic: Statistic| {
                statistics.iter().any(|asked| asked == name).then(|| statistic.of(cell)).flatten()
            };
            let found = |(name, statistic): &(String, Statistic)| Some((name.clone(), statistic.of(cell)?));
            let extended: BTreeMap<String, f64> = extended.iter().filter_map(found).collect();
            datapoints.push(Datapoint {
                average: of("Average", Statistic::Average),
                extended_statistics: (!extended.is_empty()).then_some(extended),
                maximum: of("Maximum", Statistic::Maximum),
                minimum: of("Minimum", Statistic::Minimum),
                sample_count: of("SampleCount", Statistic::SampleCount),
                sum: of("Sum", Statistic::Sum),
                timestamp: Some(timestamp(minute)),
                unit: Some(unit.clone()),
            });
        };
        self.periods(&asked, range, point).await?;
        Ok(GetMetricStatisticsOutput { datapoints: Some(datapoints), label: Some(request.metric_name) })
    }

    /// A unit that is asked for and is another one than the series's has no values. Source: API Reference.
    async fn periods(&self, asked: &Asked, range: (u64, u64), each: impl FnMut(u64, &Cell)) -> Answer<()> {
        if let Some(unit) = &asked.unit
            && *unit != self.metrics.unit(&asked.series).await?
        {
            return Ok(());
        }
        // Whole periods: the first one begins at or before the start. Source: API Reference, StartTime.
        let begin = range.0 - range.0 % asked.period;
        Ok(self.metrics.periods(&asked.series, (begin, range.1), asked.period, each).await?)
    }
}

fn asked_of(caller: &Caller, stat: MetricStat) -> Answer<Asked> {
    let missing = |name: &str| Refusal::Validation(format!("The parameter MetricStat.Metric.{name} is required."));
    let namespace = stat.metric.namespace.ok_or_else(|| missing("Namespace"))?;
    let metric = stat.metric.metric_name.ok_or_else(|| missing("MetricName"))?;
    let own = dimensions(stat.metric.dimensions);
    let series = Series::new(&caller.account, &caller.region, &namespace, &metric, own, "");
    Ok(Asked { series, period: period(stat.period)?, unit: stat.unit })
}

/// Of all queries, before one is answered.
fn check_queries(queries: &[MetricDataQuery]) -> Answer<()> {
    if queries.len() > QUERIES_MAX {
        return Err(Refusal::Validation(format!(
            "The collection MetricDataQueries must not have a size greater than {QUERIES_MAX}."
        )));
    }
    let mut ids = BTreeSet::new();
    for query in queries {
        let is_id = |id: &str| {
            id.starts_with(|first: char| first.is_ascii_lowercase())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let id = &query.id;
        if !is_id(id) {
            return Err(Refusal::Validation(format!(
                "Invalid Id '{id}': it must begin with a small letter, and have letters, digits and underscores alone."
            )));
        }
        if !ids.insert(id) {
            return Err(Refusal::Validation(format!(
                "The values for parameter id in MetricDataQueries are not unique: {id}"
            )));
        }
        match (&query.metric_stat, &query.expression) {
            (Some(_), None) => {}
            (None, Some(_)) => {
                return Err(Refusal::Validation(format!("This server evaluates no expressions, and '{id}' is one.")));
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(Refusal::Validation(format!(
                    "Exactly one of MetricStat and Expression must be specified for '{id}'."
                )));
            }
        }
    }
    Ok(())
}

/// In minutes. Source: API Reference, Period.
pub(super) fn period(seconds: i32) -> Answer<u64> {
    match u64::try_from(seconds) {
        Ok(seconds) if seconds > 0 && seconds % 60 == 0 => Ok(seconds / 60),
        _ if SHORT_PERIODS.contains(&seconds) => Ok(1),
        _ => Err(Refusal::Value(format!(
            "The value {seconds} for parameter Period is not valid: it must be 1, 5, 10, 20, 30 or a multiple of 60."
        ))),
    }
}

/// The minutes of a time, the last one excluded.
pub(super) fn minutes(start: Timestamp, end: Timestamp) -> (u64, u64) {
    let (start, end) = (start.0 / MINUTE_MS, end.0.div_ceil(MINUTE_MS));
    (start, end.max(start))
}

pub(super) fn timestamp(minute: u64) -> Timestamp {
    Timestamp(minute * MINUTE_MS)
}

fn token(query: usize, offset: usize) -> String {
    format!("{query}-{offset}")
}

fn read_token(token: &str) -> Option<(usize, usize)> {
    let (query, offset) = token.split_once('-')?;
    Some((query.parse().ok()?, offset.parse().ok()?))
}

/// With commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
