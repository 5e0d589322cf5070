//! Metrics: what each is called and means ([`Metric`]), the page that scrapers read ([`Page`]), and the one registry of
//! what writes on it ([`MetricsRegistry`]).
//!
//! Code counts in plain atomics of its own, at the cost of an addition, and knows nothing of the page. What turns counts into
//! lines is a source in the registry, which runs only when the page is asked for. A page takes values of a declared
//! [`Metric`] and nothing else; a test of `xtask` compares the declarations with `docs/operations.md`.

mod metric;
mod page;
mod registry;

pub use metric::Metric;
pub use page::{Detail, Page, Series};
pub use registry::MetricsRegistry;
