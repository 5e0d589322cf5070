//! The moment that a table is restored to, as it is typed.

use std::str::FromStr;

use base::utc::parse_rfc3339;

use crate::value_parsers::time_ago;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    Latest,
    /// Before the present. Unit: milliseconds.
    Ago(u64),
    /// Since the start of 1970. Unit: milliseconds.
    At(u64),
}

impl Moment {
    /// The second since the start of 1970, if it is `now_ms`; none for the latest one.
    pub(super) fn seconds(self, now_ms: u64) -> Option<u64> {
        match self {
            Moment::Latest => None,
            Moment::Ago(ago) => Some(now_ms.saturating_sub(ago) / 1_000),
            Moment::At(time) => Some(time / 1_000),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        let found = match text {
            "latest" => Some(Moment::Latest),
            text => time_ago(text).map(Moment::Ago).or_else(|| parse_rfc3339(text).map(Moment::At)),
        };
        found.ok_or_else(|| "a time such as 2026-01-31T12:00:00Z or 10m, or `latest`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(text.parse::<Moment>().map(|moment| moment.seconds(10_999)), Ok(expected), "{text}");
        };
        check("latest", None);
        check("2s", Some(8));
        check("1d", Some(0));
        check("2015-08-30T12:36:00.9Z", Some(1_440_938_160));
        for text in ["", "now", "yesterday", "2015-08-30", "10"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
