//! The time as reports spell it: `2015-08-30 12:36 UTC`.

/// Seconds since the start of 1970.
pub(crate) fn now_seconds() -> u64 {
    base::Clock::system().now_ms() / 1_000
}

pub(crate) fn readable(seconds: u64) -> String {
    let text = base::utc::date_time(seconds * 1_000);
    format!("{} {} UTC", &text[..10], &text[11..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let check = |seconds: u64, text: &str| assert_eq!(readable(seconds), text);
        check(0, "1970-01-01 00:00 UTC");
        check(951_782_399, "2000-02-28 23:59 UTC");
        check(951_782_400, "2000-02-29 00:00 UTC");
        check(1_440_938_160, "2015-08-30 12:36 UTC");
        check(1_735_689_599, "2024-12-31 23:59 UTC");
        check(4_107_542_400, "2100-03-01 00:00 UTC");
    }
}
