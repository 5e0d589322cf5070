//! From when on changes are wanted, as it is typed.

use std::str::FromStr;

use base::utc::parse_rfc3339;

use super::shards::Start;
use crate::value_parsers::time_ago;

const HINT: &str = "a time such as 10m or 2026-01-31T12:00:00Z, or `start`, or `now`";

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Since {
    Start,
    Now,
    /// Before the present. Unit: milliseconds.
    Ago(u64),
    /// Since the start of 1970. Unit: milliseconds.
    At(u64),
}

impl Since {
    /// Where reading begins, if it is `now_ms`.
    pub(super) fn start(self, now_ms: u64) -> Result<Start, String> {
        match self {
            Since::Start => Ok(Start::Oldest),
            Since::Now => Ok(Start::Now(now_ms)),
            Since::Ago(ago) => Ok(Start::Since(now_ms.saturating_sub(ago))),
            Since::At(time) if time > now_ms => Err("the time of --since is still to come".to_owned()),
            Since::At(time) => Ok(Start::Since(time)),
        }
    }
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Since, String> {
        let found = match text {
            "start" => Some(Since::Start),
            "now" => Some(Since::Now),
            text => time_ago(text).map(Since::Ago).or_else(|| parse_rfc3339(text).map(Since::At)),
        };
        found.ok_or_else(|| HINT.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |text: &str, expected: Since| assert_eq!(text.parse(), Ok(expected), "{text}");
        check("start", Since::Start);
        check("now", Since::Now);
        check("0s", Since::Ago(0));
        check("90s", Since::Ago(90_000));
        check("10m", Since::Ago(600_000));
        check("2h", Since::Ago(7_200_000));
        check("1d", Since::Ago(86_400_000));
        check("1970-01-01T00:00:00Z", Since::At(0));
        check("2015-08-30T12:36:00Z", Since::At(1_440_938_160_000));
        check("2015-08-30t12:36:00z", Since::At(1_440_938_160_000));
        check("2015-08-30 12:36:00.000Z", Since::At(1_440_938_160_000));
        check("2015-08-30T12:36:00.5Z", Since::At(1_440_938_160_500));
        check("2015-08-30T12:36:00.123456789Z", Since::At(1_440_938_160_123));
        check("2015-08-30T14:36:00+02:00", Since::At(1_440_938_160_000));
        check("2015-08-30T07:06:00-05:30", Since::At(1_440_938_160_000));
        check("2016-12-31T23:59:60Z", Since::At(1_483_228_800_000));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "m",
            "10",
            "10 m",
            "-10m",
            "+10m",
            "1.5h",
            "10w",
            "é",
            "99999999999999999999s",
            "99999999999999999d",
            "Start",
            "yesterday",
            "2015-08-30",
            "2015-08-30T12:36:00",
            "2015-08-30T12:36Z",
            "2015-08-30T12:36:00:00Z",
            "2015-8-30T12:36:00Z",
            "2015-02-29T12:36:00Z",
            "2015-08-30T24:00:00Z",
            "2015-08-30T12:60:00Z",
            "2015-08-30T12:36:00.Z",
            "2015-08-30T12:36:00.xZ",
            "2015-08-30T12:36:00.éééZ",
            "2015-08-30T12:36:00Zulu",
            "2015-08-30T12:36:00+0200",
            "2015-08-30T12:36:00+",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
        ] {
            assert_eq!(text.parse::<Since>(), Err(HINT.to_owned()), "{text}");
        }
    }

    #[test]
    fn places() {
        let check = |since: Since, expected: Option<Start>| assert_eq!(since.start(1_000).ok(), expected, "{since:?}");
        check(Since::Start, Some(Start::Oldest));
        check(Since::Now, Some(Start::Now(1_000)));
        check(Since::Ago(400), Some(Start::Since(600)));
        check(Since::Ago(2_000), Some(Start::Since(0)));
        check(Since::At(1_000), Some(Start::Since(1_000)));
        check(Since::At(1_001), None);
    }
}
