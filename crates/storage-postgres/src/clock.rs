//! The time that versions of rows are made of.

/// Microseconds since the start of 1970: the least that the next version of a row may be.
pub(crate) fn now_us() -> i64 {
    let ms = base::Clock::system().now_ms();
    i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX)
}
