//! The registry: what writes on the page, in the order in which it was added.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Detail, Page};

type Source = Arc<dyn Fn(&mut Page) + Send + Sync>;

/// The one registry of a process's metrics. Clones are handles of one registry.
///
/// Whatever counts something adds a source once it exists, and the page has its metrics from then on:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use base::{Detail, Metric, MetricsRegistry};
///
/// static EXPORTS: Metric = Metric::counter("stator_exports_total", "Exports that have ended.");
///
/// let (registry, exports) = (MetricsRegistry::default(), Arc::new(AtomicU64::new(0)));
/// let count = Arc::clone(&exports);
/// registry.add(move |page| page.metric(&EXPORTS).value(count.load(Ordering::Relaxed)));
/// exports.fetch_add(1, Ordering::Relaxed);
/// assert!(registry.page(Detail::Total).ends_with("\nstator_exports_total 1\n"));
/// ```
#[derive(Clone, Default)]
pub struct MetricsRegistry {
    sources: Arc<RwLock<Vec<Source>>>,
}

impl MetricsRegistry {
    /// Adds a source for as long as the registry lives. It runs with each page, on a thread that may wait; it must not keep alive
    /// what holds the registry.
    pub fn add(&self, source: impl Fn(&mut Page) + Send + Sync + 'static) {
        // A panic cannot leave the list half changed, so a poisoned lock is as good.
        self.sources.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(source));
    }

    /// The page as of now.
    pub fn page(&self, detail: Detail) -> String {
        // Copied, so that a source that takes long does not delay one that is added.
        let sources = self.sources.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut page = Page::new(detail);
        sources.iter().for_each(|source| source(&mut page));
        page.into_text()
    }
}

impl fmt::Debug for MetricsRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsRegistry").finish_non_exhaustive()
    }
}
