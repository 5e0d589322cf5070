//! What rules of faults have injected, where they are enabled.

use base::{Metric, Page};
use ops::faults::FaultStats;

static INJECTED: Metric = Metric::counter(
    "stator_faults_injected_total",
    "Faults that rules have injected into requests (--faults), by operation and kind.",
);

pub(super) fn write(stats: &FaultStats, page: &mut Page) {
    let mut injected = page.metric(&INJECTED);
    for (operation, fault, count) in stats {
        injected.labelled(&[("operation", operation.name()), ("fault", fault)], *count);
    }
}
