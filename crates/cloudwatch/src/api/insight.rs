//! GetInsightRuleReport and DescribeInsightRules: the rules of Contributor Insights, and what they have counted.
//!
//! A report merges minutes of all processes. The value of a contributor in a period is the sum of its counts in the period's minutes: a
//! minute in which the key was not among the heaviest ones adds nothing.

use std::collections::HashMap;
use std::sync::Arc;

use auth::Caller;
use aws::cloudwatch::{
    DescribeInsightRulesInput, DescribeInsightRulesOutput, GetInsightRuleReportInput, GetInsightRuleReportOutput,
    InsightRule as ShownRule, InsightRuleContributor, InsightRuleContributorDatapoint, InsightRuleMetricDatapoint,
};
use serde_json::json;

use super::query::{minutes, period, timestamp};
use super::refusal::Refusal;
use super::{Answer, CloudWatch, beginning};
use crate::contributors::{Counted, Distinct, InsightRule, key_texts, rule_id};

/// Source: API Reference, GetInsightRuleReport; Developer Guide, on contributors of DynamoDB's rules.
const CONTRIBUTORS_DEFAULT: i32 = 10;
const CONTRIBUTORS_MAX: i32 = 25;
/// As many as a statistic may have.
const PERIODS_MAX: u64 = 1_440;
/// Keys of a report that is being made: the lightest of more are left out.
const KEYS_MAX: usize = 1_000;
const KEYS_LEFT: usize = 500;
/// Source: the model, InsightRuleMaxResults.
const PAGE_RULES: i32 = 500;
/// Those of a datapoint that a rule of DynamoDB has.
const METRICS: [&str; 4] = ["UniqueContributors", "MaxContributorValue", "Sum", "Maximum"];
/// And the others.
const METRICS_WITHOUT_VALUES: [&str; 3] = ["SampleCount", "Minimum", "Average"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum OrderBy {
    Sum,
    Maximum,
}

/// A report that is being made.
struct Report {
    order: OrderBy,
    keys: HashMap<Arc<[u8]>, Contributor>,
    periods: Vec<Period>,
    total: f64,
    distinct: Distinct,
}

#[derive(Default)]
struct Contributor {
    sum: f64,
    maximum: f64,
    datapoints: Vec<(u64, f64)>,
}

/// The values of a period, with the minute in which it begins.
#[derive(Default)]
struct Period {
    begin: u64,
    total: f64,
    keys: HashMap<Arc<[u8]>, f64>,
    maximum: f64,
    distinct: Distinct,
    unique: u64,
}

impl CloudWatch {
    pub(super) async fn get_insight_rule_report(
        &self,
        caller: &Caller,
        request: GetInsightRuleReportInput,
    ) -> Answer<GetInsightRuleReportOutput> {
        let (order, count, metrics) = check(&request)?;
        let period = period(request.period)?;
        let range = minutes(request.start_time, request.end_time);
        let begin = range.0 - range.0 % period;
        if (range.1 - begin).div_ceil(period) > PERIODS_MAX {
            let text = format!("The time range must not have more than {PERIODS_MAX} periods.");
            return Err(Refusal::Value(text));
        }
        let rules = self.rules.as_ref().map(|rules| rules.rules(caller)).unwrap_or_default();
        let Some(rule) = rules.into_iter().find(|rule| rule.name == request.rule_name) else {
            return Err(Refusal::NoRule(beginning(&request.rule_name).to_owned()));
        };
        let mut report = Report::new(order);
        let id = rule_id(&caller.account, &caller.region, &rule.name);
        let add = |minute: u64, counted: &Counted| report.add(minute - minute % period, counted);
        let _turn = self.reads.take(&caller.account).await;
        self.metrics.contributors(&id, (begin, range.1), add).await?;
        report.close();
        Ok(GetInsightRuleReportOutput {
            aggregate_value: Some(rounded(report.total)),
            aggregation_statistic: Some("Sum".to_owned()),
            approximate_unique_count: Some(i64::try_from(report.distinct.count()).unwrap_or(i64::MAX)),
            metric_datapoints: Some(report.periods.iter().map(|period| datapoint(period, &metrics)).collect()),
            contributors: Some(report.contributors(count)),
            key_labels: Some(rule.key_labels),
        })
    }

    pub(super) fn describe_insight_rules(
        &self,
        caller: &Caller,
        request: DescribeInsightRulesInput,
    ) -> Answer<DescribeInsightRulesOutput> {
        let begin =
            request.next_token.as_deref().map(|token| read_token(token).ok_or(Refusal::NextToken)).transpose()?;
        let count = usize::try_from(request.max_results.unwrap_or(PAGE_RULES)).unwrap_or_default();
        let rules = self.rules.as_ref().map(|rules| rules.rules(caller)).unwrap_or_default();
        let mut rules = rules.into_iter().filter(|rule| begin.as_ref().is_none_or(|begin| rule.name > *begin));
        let page: Vec<InsightRule> = rules.by_ref().take(count).collect();
        let next_token = rules.next().and(page.last()).map(|rule| base::hex(rule.name.as_bytes()));
        Ok(DescribeInsightRulesOutput { insight_rules: Some(page.into_iter().map(shown).collect()), next_token })
    }
}

/// How contributors are ordered, how many there are, and the metrics of the datapoints.
fn check(request: &GetInsightRuleReportInput) -> Answer<(OrderBy, usize, Vec<String>)> {
    if request.start_time >= request.end_time {
        return Err(Refusal::Value("The parameter StartTime must be less than the parameter EndTime.".to_owned()));
    }
    let order = match request.order_by.as_deref() {
        None | Some("Sum") => OrderBy::Sum,
        Some("Maximum") => OrderBy::Maximum,
        Some(other) => {
            let text = format!("The value {} for parameter OrderBy is not Sum or Maximum.", beginning(other));
            return Err(Refusal::Value(text));
        }
    };
    let count = request.max_contributor_count.unwrap_or(CONTRIBUTORS_DEFAULT);
    if !(1..=CONTRIBUTORS_MAX).contains(&count) {
        let text =
            format!("The value {count} for parameter MaxContributorCount is not between 1 and {CONTRIBUTORS_MAX}.");
        return Err(Refusal::Value(text));
    }
    let metrics = request.metrics.clone().unwrap_or_default();
    let is_known = |metric: &&String| METRICS.iter().chain(&METRICS_WITHOUT_VALUES).any(|known| known == metric);
    if let Some(unknown) = metrics.iter().find(|metric| !is_known(metric)) {
        return Err(Refusal::Value(format!(
            "The value {} for parameter Metrics is not supported.",
            beginning(unknown)
        )));
    }
    Ok((order, count as usize, metrics))
}

impl Report {
    fn new(order: OrderBy) -> Report {
        Report { order, keys: HashMap::new(), periods: Vec::new(), total: 0.0, distinct: Distinct::default() }
    }

    /// Adds a minute; minutes come in the order of time.
    fn add(&mut self, begin: u64, counted: &Counted) {
        if self.periods.last().is_none_or(|period| period.begin != begin) {
            self.close();
            self.periods.push(Period { begin, ..Period::default() });
        }
        let Some(period) = self.periods.last_mut() else { return };
        period.total += counted.summary.total();
        period.distinct.merge(counted.distinct());
        for counter in counted.summary.counters() {
            *period.keys.entry(Arc::clone(&counter.key)).or_default() += counter.count;
        }
    }

    /// Ends the last period: its keys are the report's now.
    fn close(&mut self) {
        let Some(period) = self.periods.last_mut() else { return };
        let distinct = std::mem::take(&mut period.distinct);
        period.unique = distinct.count();
        self.distinct.merge(&distinct);
        self.total += period.total;
        for (key, value) in std::mem::take(&mut period.keys) {
            period.maximum = period.maximum.max(value);
            let own = self.keys.entry(key).or_default();
            own.sum += value;
            own.maximum = own.maximum.max(value);
            own.datapoints.push((period.begin, value));
        }
        if self.keys.len() > KEYS_MAX {
            self.keys = self.heaviest(KEYS_LEFT).into_iter().collect();
        }
    }

    fn heaviest(&mut self, count: usize) -> Vec<(Arc<[u8]>, Contributor)> {
        let mut all: Vec<(Arc<[u8]>, Contributor)> = std::mem::take(&mut self.keys).into_iter().collect();
        let weight = |contributor: &Contributor| match self.order {
            OrderBy::Sum => contributor.sum,
            OrderBy::Maximum => contributor.maximum,
        };
        all.sort_unstable_by(|a, b| weight(&b.1).total_cmp(&weight(&a.1)).then_with(|| a.0.cmp(&b.0)));
        all.truncate(count);
        all
    }

    fn contributors(mut self, count: usize) -> Vec<InsightRuleContributor> {
        let (order, all) = (self.order, self.heaviest(count));
        let shown = |(key, own): (Arc<[u8]>, Contributor)| {
            let datapoint = |(minute, value): (u64, f64)| InsightRuleContributorDatapoint {
                approximate_value: rounded(value),
                timestamp: timestamp(minute),
            };
            InsightRuleContributor {
                approximate_aggregate_value: rounded(if order == OrderBy::Sum { own.sum } else { own.maximum }),
                datapoints: own.datapoints.into_iter().map(datapoint).collect(),
                keys: key_texts(&key).unwrap_or_default(),
            }
        };
        all.into_iter().map(shown).collect()
    }
}

fn datapoint(period: &Period, metrics: &[String]) -> InsightRuleMetricDatapoint {
    let of = |name: &str, value: f64| metrics.iter().any(|asked| asked == name).then(|| rounded(value));
    InsightRuleMetricDatapoint {
        average: None,
        max_contributor_value: of("MaxContributorValue", period.maximum),
        maximum: of("Maximum", period.maximum),
        minimum: None,
        sample_count: None,
        sum: of("Sum", period.total),
        timestamp: timestamp(period.begin),
        unique_contributors: of("UniqueContributors", period.unique as f64),
    }
}

/// To a millionth of a unit: parts of a page add up to whole units again.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn shown(rule: InsightRule) -> ShownRule {
    let schema = json!({"Name": "ServiceLogRule", "Version": 1});
    let contribution = json!({"Keys": rule.key_labels, "ValueOf": rule.kind.weight(), "Filters": []});
    let definition = json!({"AggregateOn": "Sum", "Contribution": contribution, "LogFormat": "JSON", "Schema": schema});
    ShownRule {
        apply_on_transformed_logs: None,
        definition: ascii(&definition.to_string()),
        managed_rule: Some(true),
        name: rule.name,
        schema: schema.to_string(),
        state: "ENABLED".to_owned(),
    }
}

/// JSON without characters that a definition may not have.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

fn read_token(token: &str) -> Option<String> {
    String::from_utf8(base::unhex(token.as_bytes())?).ok()
}
