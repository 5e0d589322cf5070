//! ListMetrics: the series of an account and a region.

use auth::Caller;
use aws::cloudwatch::{Dimension, DimensionFilter, ListMetricsInput, ListMetricsOutput, Metric};

use super::refusal::Refusal;
use super::{Answer, CloudWatch};
use crate::series::{Series, SeriesId};
use crate::store::KnownSeries;
use crate::{HOUR_MINUTES, MINUTE_MS};

/// Source: API Reference, ListMetrics.
const PAGE_SERIES: usize = 500;
/// Of the names of a page. Unit: bytes.
const PAGE_BYTES: usize = 1 << 20;
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
        let is_listed =
            |known: &KnownSeries| recent.is_none_or(|recent| known.last_hour >= recent) && is_wanted(&known.series);
        let scope = (caller.account.as_str(), caller.region.as_str());
        let turn = self.reads.take(&caller.account).await;
        let mut page = self.metrics.series(scope, begin.as_ref(), PAGE_SERIES + 1, is_listed).await?;
        drop(turn);
        let mut is_more = page.len() > PAGE_SERIES;
        if is_more {
            page.pop_last();
        }
        let mut bytes: usize = page.values().map(|known| known.series.names_bytes()).sum();
        while bytes > PAGE_BYTES
            && page.len() > 1
            && let Some((_, last)) = page.pop_last()
        {
            bytes -= last.series.names_bytes();
            is_more = true;
        }
        let next_token = page.last_key_value().filter(|_| is_more).map(|(id, _)| base::hex(id));
        let metrics = Some(page.into_values().map(|known| metric(known.series)).collect());
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
