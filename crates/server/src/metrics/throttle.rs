//! What was refused for want of throughput, where it is enforced.

use base::{Metric, Page};
use ops::ThrottleStats;

static REQUESTS: Metric = Metric::counter(
    "stator_throttled_requests_total",
    "Requests that were refused as a whole, because the throughput of a table or an index did not suffice.",
);
static EVENTS: Metric = Metric::counter(
    "stator_throttle_events_total",
    "Parts of requests that were refused because the throughput of a table or an index did not suffice, by the reason.",
);

pub(super) fn write(stats: &ThrottleStats, page: &mut Page) {
    page.metric(&REQUESTS).value(stats.requests);
    let mut events = page.metric(&EVENTS);
    stats.events.iter().for_each(|(reason, count)| events.labelled(&[("reason", reason)], *count));
}
