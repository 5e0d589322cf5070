//! How changes fare on their way to other systems, as metrics.

use deliver::Figure;

use super::page::Page;

/// A server that delivers nothing says nothing.
pub(super) fn write(figures: &[Figure], page: &mut Page) {
    if figures.is_empty() {
        return;
    }
    let of = |page: &mut Page, value: fn(&Figure) -> u64| {
        for figure in figures {
            page.labelled(&[("to", figure.to)], value(figure));
        }
    };
    page.gauge(
        "stator_deliveries_active",
        "Destinations of tables' changes, those included that another server serves.",
    );
    of(page, |figure| figure.followers);
    page.counter("stator_delivered_changes_total", "Changes that were delivered; some may have been twice.");
    of(page, |figure| figure.deliveries);
    page.counter("stator_delivery_failures_total", "Times that changes could not be delivered; they are tried again.");
    of(page, |figure| figure.failures);
    page.counter("stator_delivery_lost_changes_total", "Changes that became too old before they could be delivered.");
    of(page, |figure| figure.losses);
    page.gauge("stator_delivery_lag_seconds", "The age of the oldest change that waits for its delivery.");
    for figure in figures {
        page.labelled(&[("to", figure.to)], figure.lag_ms as f64 / 1000.0);
    }
}
