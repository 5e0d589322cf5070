//! Values of flags that several commands or modules have: sizes, times, URLs, and texts that may hold a password.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A text that may hold a password, and is in no message.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Secret, Self::Err> {
        Ok(Secret(text.to_owned()))
    }
}

/// Whether it leads anywhere shows when it is used.
pub(crate) fn http_url(text: &str) -> Result<String, String> {
    let url = client::Url::parse(text).map_err(|error| format!("a URL such as http://127.0.0.1:4566: {error}"))?;
    match url.is_origin() {
        true => Ok(text.to_owned()),
        false => Err("a URL without a path, such as http://127.0.0.1:4566".to_owned()),
    }
}

/// A whole number of milliseconds within bounds.
pub(crate) fn milliseconds(text: &str, min: u64, max: u64) -> Result<Duration, String> {
    let ms: Option<u64> = text.parse().ok();
    let ms = ms.filter(|ms| (min..=max).contains(ms));
    ms.map(Duration::from_millis).ok_or_else(|| format!("a number of milliseconds from {min} to {max}"))
}

/// A time before the present: `90s`, `10m`, `2h`, `1d`. Unit: milliseconds.
pub(crate) fn time_ago(text: &str) -> Option<u64> {
    let units = [("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    // Digits only: no sign, no blanks.
    let number: Option<u64> = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?;
    number?.checked_mul(unit)
}

/// A time with a sign or without: `0`, `90s`, `-2h`, `36d`, within a hundred years. Unit: milliseconds.
pub(crate) fn time_offset(text: &str) -> Result<i64, String> {
    let (sign, size) = match text.strip_prefix('-') {
        Some(size) => (-1, size),
        None => (1, text),
    };
    let ms = if size == "0" { Some(0) } else { time_ago(size) };
    let ms = ms.filter(|ms| *ms <= OFFSET_MS_MAX).and_then(|ms| i64::try_from(ms).ok());
    ms.map(|ms| sign * ms).ok_or_else(|| "a time such as 0, 90s, 2h, 36d or -2h, up to 36500d".to_owned())
}

/// A hundred years. Unit: milliseconds.
const OFFSET_MS_MAX: u64 = 36_500 * 86_400_000;

/// The unit suffixes of a size, with the number of bytes that each stands for.
const SIZE_UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

pub(crate) fn byte_size(text: &str) -> Result<u64, String> {
    let unit = SIZE_UNITS.iter().find(|(suffix, _)| text.ends_with(suffix));
    let (number, bytes) = unit.map_or((text, 1), |(suffix, bytes)| (&text[..text.len() - suffix.len()], *bytes));
    let number: Option<u64> = number.trim().parse().ok();
    number
        .and_then(|number| number.checked_mul(bytes))
        .ok_or_else(|| "a size is a whole number and a unit, such as 256MiB or 2GiB".to_owned())
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<u64> = text.parse().ok();
    let seconds = seconds.filter(|seconds| (1..=86_400).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "a number of seconds from 1 to 86400".to_owned())
}

/// The units of a time that is short of an hour or a few, with their milliseconds.
const TIME_UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("ms", 1), ("s", 1_000)];

/// A number of hours, or of what its unit says: up to a day, the retention of records. The shortest times are
/// for tests.
pub(crate) fn hours(text: &str) -> Result<Duration, String> {
    let unit = TIME_UNITS.iter().find_map(|(suffix, ms)| Some((text.strip_suffix(suffix)?, *ms)));
    let (number, unit_ms) = unit.unwrap_or((text, 3_600_000));
    let number: Option<u64> = number.parse().ok();
    let ms = number.and_then(|number| number.checked_mul(unit_ms));
    let ms = ms.filter(|ms| (100..=86_400_000).contains(ms));
    ms.map(Duration::from_millis).ok_or_else(|| "a number of hours, or a time such as 30m, up to 24h".to_owned())
}

const DAY_MS: u64 = 86_400_000;

/// A number of days, up to ten years, or of what its unit says. The shortest times are for tests.
pub(crate) fn days(text: &str) -> Result<Duration, String> {
    let unit = TIME_UNITS.iter().find_map(|(suffix, ms)| Some((text.strip_suffix(suffix)?, *ms)));
    let (number, unit_ms) = unit.unwrap_or((text, DAY_MS));
    let number: Option<u64> = number.parse().ok();
    let ms = number.and_then(|number| number.checked_mul(unit_ms));
    let ms = ms.filter(|ms| *ms == 0 || (1_000..=3_650 * DAY_MS).contains(ms));
    ms.map(Duration::from_millis).ok_or_else(|| "a number of days up to 3650, or 0 for never".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days_unless_a_unit_says_otherwise() {
        let day = Duration::from_secs(86_400);
        assert_eq!(days("90"), Ok(90 * day));
        assert_eq!(days("0"), Ok(Duration::ZERO));
        assert_eq!(days("2s"), Ok(Duration::from_secs(2)));
        for wrong in ["", "-1", "1.5", "3651", "500ms", "s"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hours_and_sizes_have_units() {
        assert_eq!(hours("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(hours("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(byte_size("3KiB"), Ok(3072));
    }
}
