//! ListMetrics: the series of an account and a region.

use auth::Caller;
use aws::cloudwatch::{Dimension, DimensionFilter, ListMetricsInput, ListMetricsOutput, Metric};

use super::refusal::Refusal;
use super::{Answer, CloudWatch};
use crate::series::{Series, SeriesId};
use crate::{HOUR_MINUTES, MINUTE_MS};

/// Source: API Reference, ListMetrics.
const PAGE_SERIES: usize = 500;
const RECENT_HOURS: u64 = 3;

impl CloudWatch {
    pub(super) async fn list_metrics(&self, caller: &Caller, request: ListMetricsInput) -> Answer<ListMetricsOutput> {
        let begin =
            request.next_token.as_deref().map(|token| read_token(token).ok_or(Refusal::NextToken)).transpose()?;
        let now_hour = self.metrics.now_ms() / MINUTE_MS / HOUR_MINUTES;
        let recent = request.recently_active.is_some().then(|| now_hour.saturating_sub(RECENT_HOURS));
        let filters = request.dimensions.unwrap_or_default();
        let is_wanted = |series: &Series| {
            request.namespace.as_ref().is_none_or(|namespace| *namespace == series.namespace)
                && request.metric_name.as_ref().is_none_or(|metric| *metric == series.metric)
                && filters.iter().all(|filter| has(series, filter))
        };
        let all = self.metrics.series(&caller.account, &caller.region).await?;
        let mut wanted = all
            .into_iter()
            .filter(|(id, _)| begin.is_none_or(|begin| *id > begin))
            .filter(|(_, known)| recent.is_none_or(|recent| known.last_hour >= recent))
            .filter(|(_, known)| is_wanted(&known.series));
        let page: Vec<(SeriesId, Series)> =
            wanted.by_ref().take(PAGE_SERIES).map(|(id, known)| (id, known.series)).collect();
        let next_token = wanted.next().and(page.last()).map(|(id, _)| base::hex(id));
        let metrics = Some(page.into_iter().map(|(_, series)| metric(series)).collect());
        Ok(ListMetricsOutput { metrics, next_token, owning_accounts: None })
    }
}

fn has(series: &Series, filter: &DimensionFilter) -> bool {
    let is_it = |(name, value): &crate::Dimension| {
        *name == filter.name && filter.value.as_ref().is_none_or(|wanted| wanted == value)
    };
    series.dimensions.iter().any(is_it)
}

fn metric(series: Series) -> Metric {
    let dimension = |(name, value)| Dimension { name, value };
    Metric {
        dimensions: Some(series.dimensions.into_iter().map(dimension).collect()),
        metric_name: Some(series.metric),
        namespace: Some(series.namespace),
    }
}

fn read_token(token: &str) -> Option<SeriesId> {
    base::unhex_lower(token.as_bytes())
}
