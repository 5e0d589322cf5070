//! When a request was signed, as its signature spells it: `20150830T123600Z`, or as HTTP's `Date` does.

pub use base::utc::basic as amz_date;
use base::utc::{parse_basic, parse_http};

/// Seconds since the start of 1970 in UTC.
pub(super) fn parse(text: &str) -> Option<u64> {
    parse_basic(text).or_else(|| parse_http(text))
}

pub(super) fn text(seconds: u64) -> String {
    amz_date(seconds).map(char::from).iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, seconds) in [
            ("19700101T000000Z", Some(0)),
            ("20150830T123600Z", Some(1_440_938_160)),
            ("Sun, 30 Aug 2015 12:36:00 GMT", Some(1_440_938_160)),
            ("20241231T235959Z", Some(1_735_689_599)),
            ("20241231T235960Z", None),
            ("20241331T235959Z", None),
            ("20241231T245959Z", None),
            ("20241231 235959Z", None),
            ("2024123éT35959Z", None),
            ("20241231T235959", None),
            ("Sun, 30 Aug 2015 12:36:00 CET", None),
            ("Sun, 30 August 2015 12:36:00 GMT", None),
            ("Sun, 30 Aug 2015 12:36 GMT", None),
            ("", None),
        ] {
            assert_eq!(parse(text), seconds, "{text}");
        }
        for seconds in [0, 951_782_399, 951_782_400, 1_735_689_599, 4_107_542_400] {
            assert_eq!(parse_basic(&super::text(seconds)), Some(seconds));
        }
    }

    #[test]
    fn dates() {
        let check = |seconds: u64, text: &str| assert_eq!(super::text(seconds), text);
        check(0, "19700101T000000Z");
        check(951_782_399, "20000228T235959Z");
        check(951_782_400, "20000229T000000Z");
        check(1_440_938_160, "20150830T123600Z");
        check(1_735_689_599, "20241231T235959Z");
        check(4_107_542_400, "21000301T000000Z");
    }
}
