//! UpdateContributorInsights, DescribeContributorInsights and ListContributorInsights: the rules that count the keys of a table or of a
//! global index (`contributors`).
//!
//! A change is done at once; its answer says ENABLING or DISABLING, as DynamoDB's.

use api::{
    ContributorInsightsAction, ContributorInsightsMode, ContributorInsightsStatus, ContributorInsightsSummary,
    DescribeContributorInsightsInput, DescribeContributorInsightsOutput, Exception, ListContributorInsightsInput,
    ListContributorInsightsOutput, UpdateContributorInsightsInput, UpdateContributorInsightsOutput,
};
use auth::Caller;
use cloudwatch::{InsightRule, InsightRules, RuleKind};
use cluster::catalog::Edit;
use tables::{ContributorInsights, Definition, InsightsMode, KeyNames, timestamp};

use crate::contributors::{is_on, rule_name};
use crate::service::Service;

/// Summaries of one answer. Source: the model, ListContributorInsightsLimit.
const PAGE_MAX: usize = 100;

/// A table's settings, or those of one of its global indexes.
struct Target<'d> {
    index: Option<&'d str>,
    key: &'d KeyNames,
    insights: ContributorInsights,
}

impl Service {
    pub(crate) async fn update_contributor_insights(
        &self,
        caller: &Caller,
        request: UpdateContributorInsightsInput,
    ) -> Result<UpdateContributorInsightsOutput, Exception> {
        // Locked from the read of the definition on: another change of it would be lost otherwise.
        let guard = self.catalog.lock().await?;
        let table = self.catalog.changeable(caller, &request.table_name)?;
        let mut definition = table.definition.clone();
        drop(table);
        let current = target(&definition, request.index_name.as_deref())?.insights;
        let is_enabled = request.contributor_insights_action == ContributorInsightsAction::Enable;
        let mode = match request.contributor_insights_mode {
            Some(ContributorInsightsMode::ThrottledKeys) => InsightsMode::Throttled,
            Some(ContributorInsightsMode::AccessedAndThrottledKeys) | None => InsightsMode::AccessedAndThrottled,
        };
        let now_ms = self.clock.now_ms();
        let changed = match is_enabled {
            // Rules that stay keep their names. Source: Developer Guide, on switching between modes.
            true if current.is_enabled => ContributorInsights { mode, updated_ms: now_ms, ..current },
            true => ContributorInsights { is_enabled, mode, enabled_ms: now_ms, updated_ms: now_ms },
            false => ContributorInsights { is_enabled, updated_ms: now_ms, ..current },
        };
        let name = definition.name.clone();
        if (changed.is_enabled, changed.mode) != (current.is_enabled, current.mode) {
            match request.index_name.as_deref().and_then(|name| definition.global_index_mut(name)) {
                Some(index) => index.contributor_insights = Some(changed),
                None => definition.contributor_insights = Some(changed),
            }
            self.catalog.replace(&self.engine, guard, definition, Edit::requested()).await?;
        }
        Ok(UpdateContributorInsightsOutput {
            contributor_insights_mode: changed.is_enabled.then(|| shown_mode(changed.mode)),
            contributor_insights_status: Some(match (is_enabled, current.is_enabled) {
                (true, true) => ContributorInsightsStatus::Enabled,
                (true, false) => ContributorInsightsStatus::Enabling,
                (false, true) => ContributorInsightsStatus::Disabling,
                (false, false) => ContributorInsightsStatus::Disabled,
            }),
            index_name: request.index_name,
            table_name: Some(name),
        })
    }

    pub(crate) async fn describe_contributor_insights(
        &self,
        caller: &Caller,
        request: DescribeContributorInsightsInput,
    ) -> Result<DescribeContributorInsightsOutput, Exception> {
        self.catalog.refresh().await?;
        let table = self.catalog.described(caller, &request.table_name)?;
        let target = target(&table.definition, request.index_name.as_deref())?;
        let ContributorInsights { is_enabled, updated_ms, mode, .. } = target.insights;
        let names = target.rules(&table.definition).map(|(_, name)| name).collect();
        Ok(DescribeContributorInsightsOutput {
            contributor_insights_mode: is_enabled.then(|| shown_mode(mode)),
            contributor_insights_rule_list: is_enabled.then_some(names),
            contributor_insights_status: Some(status(is_enabled)),
            failure_exception: None,
            last_update_date_time: (updated_ms > 0).then(|| timestamp(updated_ms)),
            index_name: request.index_name,
            table_name: Some(table.name().to_owned()),
        })
    }

    pub(crate) async fn list_contributor_insights(
        &self,
        caller: &Caller,
        request: ListContributorInsightsInput,
    ) -> Result<ListContributorInsightsOutput, Exception> {
        self.catalog.refresh().await?;
        let count = request.max_results.and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0);
        let count = count.unwrap_or(PAGE_MAX).min(PAGE_MAX);
        let begin = request.next_token.as_deref().map(read_token).transpose()?;
        let tables = match &request.table_name {
            Some(name) => vec![self.catalog.described(caller, name)?],
            None => self.catalog.tables(caller),
        };
        let mut all: Vec<(String, Option<String>, ContributorInsights)> = Vec::new();
        for table in &tables {
            let name = || table.name().to_owned();
            all.extend(targets(&table.definition).map(|own| (name(), own.index.map(str::to_owned), own.insights)));
        }
        // The table comes before its indexes.
        all.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let mut left = all
            .into_iter()
            .filter(|(table, index, _)| begin.as_ref().is_none_or(|begin| (table, index) > (&begin.0, &begin.1)));
        let page: Vec<_> = left.by_ref().take(count).collect();
        let next_token = left.next().and(page.last()).map(|(table, index, _)| token(table, index.as_deref()));
        let summary = |(table_name, index_name, insights): (String, _, ContributorInsights)| {
            let mode = insights.is_enabled.then(|| shown_mode(insights.mode));
            let (status, table_name) = (Some(status(insights.is_enabled)), Some(table_name));
            ContributorInsightsSummary {
                contributor_insights_mode: mode,
                contributor_insights_status: status,
                index_name,
                table_name,
            }
        };
        let summaries = Some(page.into_iter().map(summary).collect());
        Ok(ListContributorInsightsOutput { contributor_insights_summaries: summaries, next_token })
    }
}

impl InsightRules for Service {
    fn rules(&self, caller: &Caller) -> Vec<InsightRule> {
        let tables = self.catalog.tables(caller);
        let enabled = tables.iter().filter(|table| table.has_insights);
        let of = |definition: &Definition| -> Vec<InsightRule> {
            let rules = targets(definition).flat_map(|target| {
                let rules: Vec<(RuleKind, String)> = target.rules(definition).collect();
                rules.into_iter().map(move |(kind, name)| InsightRule { key_labels: target.labels(kind), name, kind })
            });
            rules.collect()
        };
        let mut all: Vec<InsightRule> = enabled.flat_map(|table| of(&table.definition)).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}

impl Target<'_> {
    /// Its rules, with their names.
    fn rules(&self, definition: &Definition) -> impl Iterator<Item = (RuleKind, String)> {
        let has_range = !self.key.range.is_empty();
        let on = RuleKind::ALL.into_iter().filter(move |kind| is_on(*kind, self.insights, has_range));
        on.map(move |kind| (kind, rule_name(kind, definition.place(), self.index, self.insights)))
    }

    /// The attributes of the keys that a rule counts.
    fn labels(&self, kind: RuleKind) -> Vec<String> {
        let range = self.key.range.iter().filter(|_| kind.is_of_items());
        self.key.hash.iter().chain(range).cloned().collect()
    }
}

/// A table and its global indexes.
fn targets(definition: &Definition) -> impl Iterator<Item = Target<'_>> {
    let insights = definition.contributor_insights.unwrap_or_default();
    let own = Target { index: None, key: &definition.key, insights };
    let indexes = definition.global_indexes.iter().map(|index| {
        let insights = index.contributor_insights.unwrap_or_default();
        Target { index: Some(&index.name), key: &index.key, insights }
    });
    std::iter::once(own).chain(indexes)
}

fn target<'d>(definition: &'d Definition, index: Option<&str>) -> Result<Target<'d>, Exception> {
    targets(definition).find(|target| target.index == index).ok_or_else(|| {
        let (index, table) = (index.unwrap_or_default(), &definition.name);
        let text = format!("Requested resource not found: Index: {index} not found for Table: {table}");
        Exception::ResourceNotFound(text)
    })
}

fn shown_mode(mode: InsightsMode) -> ContributorInsightsMode {
    match mode {
        InsightsMode::AccessedAndThrottled => ContributorInsightsMode::AccessedAndThrottledKeys,
        InsightsMode::Throttled => ContributorInsightsMode::ThrottledKeys,
    }
}

fn status(is_enabled: bool) -> ContributorInsightsStatus {
    if is_enabled { ContributorInsightsStatus::Enabled } else { ContributorInsightsStatus::Disabled }
}

/// Names of tables and indexes have no slash.
fn token(table: &str, index: Option<&str>) -> String {
    base::hex(index.map_or_else(|| table.to_owned(), |index| format!("{table}/{index}")).as_bytes())
}

fn read_token(token: &str) -> Result<(String, Option<String>), Exception> {
    let text = base::unhex(token.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(|| Exception::validation("Invalid NextToken"))?;
    Ok(match text.split_once('/') {
        Some((table, index)) => (table.to_owned(), Some(index.to_owned())),
        None => (text, None),
    })
}
