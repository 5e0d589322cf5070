//! The counts of all consumers that deliver here, and their metrics: by where they deliver to, without any names.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use base::{Clock, Metric, Page};
use parking_lot::Mutex;

use crate::follow::{Counts, Totals};

static ACTIVE: Metric = Metric::gauge(
    "stator_deliveries_active",
    "Destinations of tables' changes, those included that another server serves.",
);
static DELIVERED: Metric =
    Metric::counter("stator_delivered_changes_total", "Changes that were delivered; some may have been twice.");
static FAILURES: Metric = Metric::counter(
    "stator_delivery_failures_total",
    "Times that changes could not be delivered; the delivery is retried.",
);
static LOST: Metric = Metric::counter(
    "stator_delivery_lost_changes_total",
    "Changes that became too old before they could be delivered.",
);
static LAG: Metric =
    Metric::gauge("stator_delivery_lag_seconds", "Age of the oldest change that waits for its delivery.");

/// What is known of the consumers that deliver to one kind of system, since the start of this server.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Figure {
    /// `kinesis`, for example.
    to: &'static str,
    /// Those that there are now, on this server or waiting for their turn.
    consumers: u64,
    /// Changes that were taken.
    deliveries: u64,
    /// Times that not all could be delivered.
    failures: u64,
    /// Changes that were trimmed before they could be delivered.
    losses: u64,
    /// The age of the oldest change that waits to be taken; 0 if none does.
    lag_ms: u64,
}

#[derive(Default)]
pub struct Figures {
    kinds: Mutex<BTreeMap<&'static str, Kind>>,
}

#[derive(Default)]
struct Kind {
    totals: Arc<Totals>,
    consumers: Vec<Weak<Counts>>,
}

impl Figures {
    /// Counts for a consumer that delivers to such a system.
    pub(crate) fn add(&self, to: &'static str) -> Arc<Counts> {
        let mut kinds = self.kinds.lock();
        let kind = kinds.entry(to).or_default();
        let counts = Arc::new(Counts::new(Arc::clone(&kind.totals)));
        kind.consumers.retain(|consumer| consumer.strong_count() > 0);
        kind.consumers.push(Arc::downgrade(&counts));
        counts
    }

    /// Writes the metrics of all deliveries; none on a server that delivers nothing.
    pub fn write_metrics(&self, page: &mut Page) {
        let figures = self.read();
        if figures.is_empty() {
            return;
        }
        let of = |page: &mut Page, metric: &'static Metric, value: fn(&Figure) -> u64| {
            let mut series = page.metric(metric);
            figures.iter().for_each(|figure| series.labelled(&[("to", figure.to)], value(figure)));
        };
        of(page, &ACTIVE, |figure| figure.consumers);
        of(page, &DELIVERED, |figure| figure.deliveries);
        of(page, &FAILURES, |figure| figure.failures);
        of(page, &LOST, |figure| figure.losses);
        let mut lag = page.metric(&LAG);
        figures.iter().for_each(|figure| lag.labelled(&[("to", figure.to)], figure.lag_ms as f64 / 1000.0));
    }

    fn read(&self) -> Vec<Figure> {
        let now_ms = Clock::system().now_ms();
        let kinds = self.kinds.lock();
        let figure = |(to, kind): (&&'static str, &Kind)| {
            let consumers: Vec<Arc<Counts>> = kind.consumers.iter().filter_map(Weak::upgrade).collect();
            Figure {
                to,
                consumers: consumers.len() as u64,
                deliveries: kind.totals.deliveries(),
                failures: kind.totals.failures(),
                losses: kind.totals.losses(),
                lag_ms: consumers.iter().map(|counts| counts.lag_ms(now_ms)).max().unwrap_or(0),
            }
        };
        kinds.iter().map(figure).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_outlives_its_follower() {
        let figures = Figures::default();
        let (one, other) = (figures.add("kinesis"), figures.add("kinesis"));
        one.delivered(3);
        other.delivered(4);
        other.failed();
        drop(other);
        let [figure] = figures.read().try_into().unwrap();
        assert_eq!((figure.to, figure.consumers), ("kinesis", 1));
        assert_eq!((figure.deliveries, figure.failures, figure.losses, figure.lag_ms), (7, 1, 0, 0));
    }
}
