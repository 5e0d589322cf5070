//! The audit log as the operator's pages read it: its metrics, and whether requests are refused for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Metric, Page};

use super::Figures;
use super::unauthenticated::Unauthenticated;

#[derive(Default)]
pub(crate) struct Watch {
    figures: Arc<Figures>,
    unauthenticated: Arc<Unauthenticated>,
}

/// What the page of metrics reports.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Counts {
    pub(super) written: u64,
    pub(super) lost: u64,
    pub(super) refused: u64,
    pub(super) held_back: u64,
}

impl Watch {
    pub(super) fn of(figures: &Arc<Figures>, unauthenticated: &Arc<Unauthenticated>) -> Watch {
        Watch { figures: Arc::clone(figures), unauthenticated: Arc::clone(unauthenticated) }
    }

    pub(super) fn read(&self) -> Counts {
        let figures = &self.figures;
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        Counts {
            written: read(&figures.written),
            lost: read(&figures.lost),
            refused: read(&figures.refused),
            held_back: self.unauthenticated.total(),
        }
    }

    /// Whether no event can be written now.
    pub(crate) fn is_blocked(&self) -> bool {
        self.figures.is_blocked()
    }
}

static EVENTS: Metric = Metric::counter("stator_audit_events_total", "Events that were written to the audit log.");
static LOST: Metric = Metric::counter("stator_audit_events_lost_total", "Events that are missing in the audit log.");
static UNAUTHENTICATED: Metric =
    Metric::counter("stator_audit_unauthenticated_total", "Unauthenticated requests that were only counted.");
static REFUSED: Metric =
    Metric::counter("stator_audit_refused_total", "Requests that were not executed because they could not be audited.");

impl Watch {
    pub(crate) fn write_metrics(&self, page: &mut Page) {
        let counts = self.read();
        page.metric(&EVENTS).value(counts.written);
        page.metric(&LOST).value(counts.lost);
        page.metric(&UNAUTHENTICATED).value(counts.held_back);
        page.metric(&REFUSED).value(counts.refused);
    }
}
