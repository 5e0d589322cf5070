//! DescribeAlarms, DescribeAlarmsForMetric and DescribeAlarmHistory.

use std::collections::{BTreeMap, BTreeSet};

use auth::Caller;
use aws::Timestamp;
use aws::cloudwatch::{
    AlarmHistoryItem, DescribeAlarmHistoryInput, DescribeAlarmHistoryOutput, DescribeAlarmsForMetricInput,
    DescribeAlarmsForMetricOutput, DescribeAlarmsInput, DescribeAlarmsOutput, Dimension, MetricAlarm,
};

use super::refusal::Refusal;
use super::{Answer, CloudWatch, dimensions};
use crate::alarm::{self, Alarm, AlarmId, AlarmPages, HistoryItem, HistoryPlace};
use crate::series::Series;

/// Source: API Reference, MaxRecords.
const ALARMS_DEFAULT: usize = 50;
const ITEMS_DEFAULT: usize = 100;
/// Rows of the alarms of one answer. An alarm has some KB at most, and usually one. Unit: bytes.
const ALARMS_BYTES_MAX: usize = 2 << 20;
/// The one type of alarms that this server has.
const METRIC_ALARM: &str = "MetricAlarm";

fn has_metric_alarms(types: Option<&Vec<String>>) -> bool {
    types.is_none_or(|types| types.is_empty() || types.iter().any(|own| own == METRIC_ALARM))
}

fn page_size(asked: Option<i32>, default: usize) -> usize {
    asked.and_then(|asked| usize::try_from(asked).ok()).unwrap_or(default)
}

impl CloudWatch {
    pub(super) async fn describe_alarms(
        &self,
        caller: &Caller,
        request: DescribeAlarmsInput,
    ) -> Answer<DescribeAlarmsOutput> {
        let names: Option<BTreeSet<String>> = request.alarm_names.map(|names| names.into_iter().collect());
        if names.is_some() && request.alarm_name_prefix.is_some() {
            let text = "The parameters AlarmNames and AlarmNamePrefix are mutually exclusive.";
            return Err(Refusal::Combination(text.to_owned()));
        }
        let after = request.next_token.as_deref().map(|token| name_of(token).ok_or(Refusal::NextToken)).transpose()?;
        // There are no composite alarms: none has children or parents.
        let is_of_composite = request.children_of_alarm_name.is_some() || request.parents_of_alarm_name.is_some();
        let mut found = BTreeMap::new();
        let mut next_token = None;
        if has_metric_alarms(request.alarm_types.as_ref()) && !is_of_composite {
            let page_max = page_size(request.max_records, ALARMS_DEFAULT);
            let is_wanted = |alarm: &Alarm| {
                after.as_ref().is_none_or(|after| alarm.name > *after)
                    && names.as_ref().is_none_or(|names| names.contains(&alarm.name))
                    && request.alarm_name_prefix.as_ref().is_none_or(|prefix| alarm.name.starts_with(prefix))
                    && request.state_value.as_ref().is_none_or(|state| alarm.state.name() == state)
                    && request
                        .action_prefix
                        .as_ref()
                        .is_none_or(|prefix| alarm.actions().any(|action| action.starts_with(prefix)))
            };
            let first = match &names {
                Some(names) => self.alarms_of(caller, names, page_max, is_wanted).await?,
                None => self.first_alarms(caller, page_max, is_wanted).await?,
            };
            if first.is_cut {
                next_token = first.alarms.last_key_value().map(|(name, _)| base::hex(name.as_bytes()));
            }
            found = first.into_alarms();
        }
        Ok(DescribeAlarmsOutput {
            composite_alarms: Some(Vec::new()),
            log_alarms: None,
            metric_alarms: Some(found.into_values().map(described).collect()),
            next_token,
        })
    }

    /// The first alarms by their names: no more than they are in memory.
    async fn first_alarms(
        &self,
        caller: &Caller,
        count_max: usize,
        is_wanted: impl Fn(&Alarm) -> bool,
    ) -> Answer<FirstAlarms> {
        let mut turn = self.reads.take(&caller.account).await;
        let mut first = FirstAlarms::of(count_max);
        let mut pages = AlarmPages::new(self.metrics.engine(), Some((&caller.account, &caller.region)));
        while let Some(page) = pages.next().await? {
            let wanted = page.into_iter().filter(|(alarm, _)| is_wanted(alarm));
            wanted.for_each(|(alarm, row)| first.add(alarm, row.len()));
            // An engine that answers at once would give other tasks no turn.
            tokio::task::yield_now().await;
            turn.pass().await;
        }
        Ok(first)
    }

    /// The first ones of some names, which are read by themselves.
    async fn alarms_of(
        &self,
        caller: &Caller,
        names: &BTreeSet<String>,
        count_max: usize,
        is_wanted: impl Fn(&Alarm) -> bool,
    ) -> Answer<FirstAlarms> {
        let mut first = FirstAlarms::of(count_max);
        for name in names {
            let id = AlarmId { account: &caller.account, region: &caller.region, name };
            let found = alarm::get_sized(self.metrics.engine(), id).await?;
            if let Some((alarm, bytes)) = found.filter(|(alarm, _)| is_wanted(alarm)) {
                first.add(alarm, bytes);
            }
        }
        Ok(first)
    }

    pub(super) async fn describe_alarms_for_metric(
        &self,
        caller: &Caller,
        request: DescribeAlarmsForMetricInput,
    ) -> Answer<DescribeAlarmsForMetricOutput> {
        let own = dimensions(request.dimensions);
        let series = Series::new(&caller.account, &caller.region, &request.namespace, &request.metric_name, own, "");
        let is_wanted = |alarm: &Alarm| {
            let is_statistic = |asked: &Option<String>, is_extended: bool| {
                asked.as_ref().is_none_or(|asked| alarm.is_extended == is_extended && *asked == alarm.statistic)
            };
            alarm.series == series
                && is_statistic(&request.statistic, false)
                && is_statistic(&request.extended_statistic, true)
                && request.period.is_none_or(|period| i64::from(period) == i64::from(alarm.period_seconds))
                && request.unit.as_ref().is_none_or(|unit| alarm.unit.as_ref() == Some(unit))
        };
        let first = self.first_alarms(caller, usize::MAX, is_wanted).await?;
        // There are no pages of this one.
        if first.is_cut {
            return Err(Refusal::TooLarge);
        }
        let found = first.into_alarms();
        Ok(DescribeAlarmsForMetricOutput { metric_alarms: Some(found.into_values().map(described).collect()) })
    }

    pub(super) async fn describe_alarm_history(
        &self,
        caller: &Caller,
        request: DescribeAlarmHistoryInput,
    ) -> Answer<DescribeAlarmHistoryOutput> {
        let after = request.next_token.as_deref().map(|token| place_of(token).ok_or(Refusal::NextToken)).transpose()?;
        let is_ascending = request.scan_by.as_deref() == Some("TimestampAscending");
        let page_max = page_size(request.max_records, ITEMS_DEFAULT);
        let is_wanted = |place: &HistoryPlace, item: &HistoryItem| {
            let at = Timestamp(item.at_ms);
            after.is_none_or(|after| if is_ascending { *place > after } else { *place < after })
                && request.start_date.is_none_or(|start| at >= start)
                && request.end_date.is_none_or(|end| at <= end)
                && request.history_item_type.as_ref().is_none_or(|kind| item.kind.name() == kind)
        };
        let mut found = BTreeMap::new();
        let each = |place: HistoryPlace, item: HistoryItem| {
            if is_wanted(&place, &item) {
                found.insert(place, item);
            }
            if found.len() > page_max + 1 {
                if is_ascending {
                    found.pop_last()
                } else {
                    found.pop_first()
                };
            }
        };
        let scope = (caller.account.as_str(), caller.region.as_str());
        if has_metric_alarms(request.alarm_types.as_ref()) && request.alarm_contributor_id.is_none() {
            let _turn = self.reads.take(&caller.account).await;
            alarm::history(self.metrics.engine(), scope, request.alarm_name.as_deref(), each).await?;
        }
        let mut items: Vec<(HistoryPlace, HistoryItem)> = found.into_iter().collect();
        if !is_ascending {
            items.reverse();
        }
        let is_more = items.len() > page_max;
        items.truncate(page_max);
        let next_token = items.last().filter(|_| is_more).map(|(place, _)| place_token(place));
        let items = items.into_iter().map(|(_, item)| history_item(item)).collect();
        Ok(DescribeAlarmHistoryOutput { alarm_history_items: Some(items), next_token })
    }
}

/// Alarms by their names, with the sizes of their rows: the first ones, as many as an answer has.
struct FirstAlarms {
    alarms: BTreeMap<String, (Alarm, usize)>,
    bytes: usize,
    count_max: usize,
    /// Whether there are others.
    is_cut: bool,
}

impl FirstAlarms {
    fn of(count_max: usize) -> FirstAlarms {
        FirstAlarms { alarms: BTreeMap::new(), bytes: 0, count_max, is_cut: false }
    }

    fn add(&mut self, alarm: Alarm, bytes: usize) {
        self.alarms.insert(alarm.name.clone(), (alarm, bytes));
        self.bytes += bytes;
        while (self.alarms.len() > self.count_max || self.bytes > ALARMS_BYTES_MAX)
            && self.alarms.len() > 1
            && let Some((_, (_, bytes))) = self.alarms.pop_last()
        {
            self.bytes -= bytes;
            self.is_cut = true;
        }
    }

    fn into_alarms(self) -> BTreeMap<String, Alarm> {
        self.alarms.into_iter().map(|(name, (alarm, _))| (name, alarm)).collect()
    }
}

fn history_item(item: HistoryItem) -> AlarmHistoryItem {
    AlarmHistoryItem {
        alarm_contributor_attributes: None,
        alarm_contributor_id: None,
        alarm_name: Some(item.name),
        alarm_type: Some(METRIC_ALARM.to_owned()),
        history_data: Some(item.data),
        history_item_type: Some(item.kind.name().to_owned()),
        history_summary: Some(item.summary),
        timestamp: Some(Timestamp(item.at_ms)),
    }
}

fn described(alarm: Alarm) -> MetricAlarm {
    let dimension = |(name, value)| Dimension { name, value };
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let arn = alarm.id().arn();
    let threshold = alarm.threshold();
    let (statistic, extended) =
        if alarm.is_extended { (None, Some(alarm.statistic)) } else { (Some(alarm.statistic), None) };
    MetricAlarm {
        actions_enabled: Some(alarm.actions_enabled),
        alarm_actions: Some(alarm.alarm_actions),
        alarm_arn: Some(arn),
        alarm_configuration_updated_timestamp: Some(Timestamp(alarm.configured_ms)),
        alarm_description: alarm.description,
        alarm_name: Some(alarm.name),
        comparison_operator: Some(alarm.comparison.name().to_owned()),
        datapoints_to_alarm: alarm.datapoints_to_alarm.map(number),
        dimensions: Some(alarm.series.dimensions.into_iter().map(dimension).collect()),
        evaluate_low_sample_count_percentile: alarm.low_sample_counts,
        evaluation_periods: Some(number(alarm.evaluation_periods)),
        extended_statistic: extended,
        insufficient_data_actions: Some(alarm.insufficient_data_actions),
        metric_name: Some(alarm.series.metric),
        namespace: Some(alarm.series.namespace),
        ok_actions: Some(alarm.ok_actions),
        period: Some(number(alarm.period_seconds)),
        state_reason: Some(alarm.reason),
        state_reason_data: alarm.reason_data,
        state_transitioned_timestamp: Some(Timestamp(alarm.transitioned_ms)),
        state_updated_timestamp: Some(Timestamp(alarm.updated_ms)),
        state_value: Some(alarm.state.name().to_owned()),
        statistic,
        threshold: Some(threshold),
        treat_missing_data: alarm.missing_data.map(|treatment| treatment.name().to_owned()),
        unit: alarm.unit,
        ..MetricAlarm::default()
    }
}

fn name_of(token: &str) -> Option<String> {
    let digits = token.as_bytes().chunks(2);
    let bytes = digits.map(|pair| base::unhex_lower::<1>(pair).map(|[byte]| byte)).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

fn place_token((at_ms, id, number): &HistoryPlace) -> String {
    base::hex(&[&at_ms.to_be_bytes()[..], id, &number.to_be_bytes()].concat())
}

fn place_of(token: &str) -> Option<HistoryPlace> {
    let bytes: [u8; 32] = base::unhex_lower(token.as_bytes())?;
    let number = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk::<8>).map(|part| u64::from_be_bytes(*part));
    Some((number(0)?, *bytes.get(8..)?.first_chunk::<16>()?, number(24)?))
}
