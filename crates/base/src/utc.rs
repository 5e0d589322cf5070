//! Dates and times in UTC, as texts and as numbers: the one module of the program that knows the calendar.
//!
//! Times are counted from the start of 1970. What no text can show, the years after 9999, is shown as the end of 9999.

use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::{Date, Month, OffsetDateTime, Time};

const DAY_S: u64 = 86_400;

fn date(days: u64) -> Date {
    let epoch = Date::from_ordinal_date(1970, 1).map_or(0, Date::to_julian_day);
    let day = i32::try_from(days).ok().and_then(|days| Date::from_julian_day(epoch.checked_add(days)?).ok());
    day.unwrap_or(Date::MAX)
}

/// Year, month and day of a number of days.
pub fn civil(days: u64) -> (u64, u64, u64) {
    let date = date(days);
    (u64::try_from(date.year()).unwrap_or(0), u64::from(u8::from(date.month())), u64::from(date.day()))
}

/// The days until a date of the years from 1970 to 9999; none for one that no calendar has.
pub fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    u64::try_from(date.to_julian_day() - Date::from_ordinal_date(1970, 1).ok()?.to_julian_day()).ok()
}

/// The seconds until a date and a time of day; none for one that does not exist.
pub fn seconds(year: u64, month: u64, day: u64, [hour, minute, second]: [u64; 3]) -> Option<u64> {
    let part = |number: u64| u8::try_from(number).ok();
    let (hour, minute, second) = Time::from_hms(part(hour)?, part(minute)?, part(second)?).ok()?.as_hms();
    let of_day = u64::from(hour) * 3_600 + u64::from(minute) * 60 + u64::from(second);
    Some(days(year, month, day)? * DAY_S + of_day)
}

/// Hour, minute and second of a number of seconds.
fn clock(seconds: u64) -> [u64; 3] {
    [seconds % DAY_S / 3_600, seconds / 60 % 60, seconds % 60]
}

/// As `2015-08-30T12:36:00Z` (RFC 3339). Unit: milliseconds, which are cut off.
pub fn rfc3339(ms: u64) -> String {
    format!("{}Z", date_time(ms))
}

/// As `2015-08-30T12:36:00.000Z`. Unit: milliseconds.
pub fn rfc3339_ms(ms: u64) -> String {
    format!("{}.{:03}Z", date_time(ms), ms % 1_000)
}

/// As `2015-08-30T12:36:00`, without a zone. Unit: milliseconds, which are cut off.
pub fn date_time(ms: u64) -> String {
    let (year, month, day) = civil(ms / 1_000 / DAY_S);
    let [hour, minute, second] = clock(ms / 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// As `Sunday, August 30, 2015 at 12:36:00 PM`, in English and without a zone. Unit: milliseconds, which are cut off.
pub fn long(ms: u64) -> String {
    let day = date(ms / 1_000 / DAY_S);
    let [hour, minute, second] = clock(ms / 1_000);
    let (half, hour) = (if hour < 12 { "AM" } else { "PM" }, (hour + 11) % 12 + 1);
    let (weekday, month, of_month, year) = (day.weekday(), day.month(), day.day(), day.year());
    format!("{weekday}, {month} {of_month}, {year} at {hour}:{minute:02}:{second:02} {half}")
}

/// As `20150830T123600Z`, ISO 8601's basic format.
pub fn basic(seconds: u64) -> [u8; 16] {
    let (year, month, day) = civil(seconds / DAY_S);
    let [hour, minute, second] = clock(seconds);
    let mut text = *b"00000000T000000Z";
    for (from, to, number) in
        [(0, 4, year), (4, 6, month), (6, 8, day), (9, 11, hour), (11, 13, minute), (13, 15, second)]
    {
        let mut rest = number;
        for digit in text[from..to].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }
    text
}

/// Reads ISO 8601's basic format, with seconds and in UTC. Unit: seconds.
pub fn parse_basic(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| digits(text.get(from..to)?);
    seconds(number(0, 4)?, number(4, 6)?, number(6, 8)?, [number(9, 11)?, number(11, 13)?, number(13, 15)?])
}

/// Digits only: no sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Reads `Sun, 30 Aug 2015 12:36:00 GMT`, as HTTP's `Date` has it. Unit: seconds.
pub fn parse_http(text: &str) -> Option<u64> {
    // RFC 2822 has other zones, and may leave out weekday and seconds.
    let is_http = text.ends_with(" GMT") && text.contains(", ") && text.matches(':').count() == 2;
    let time = OffsetDateTime::parse(text, &Rfc2822).ok().filter(|_| is_http)?;
    u64::try_from(time.unix_timestamp()).ok()
}

/// Reads `2026-01-31T12:00:00.5+01:00` (RFC 3339), with a space or a small letter for the `T`, too. Unit: milliseconds.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    // A leap second is the first one of the next minute.
    let leaps = text.get(16..19) == Some(":60");
    let plain = if leaps { format!("{}:59{}", &text[..16], &text[19..]) } else { text.to_owned() };
    let time = OffsetDateTime::parse(&plain, &Rfc3339).ok()?;
    let ms = time.unix_timestamp_nanos().div_euclid(1_000_000) + if leaps { 1_000 } else { 0 };
    u64::try_from(ms).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_days_and_centuries() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (11_015, (2000, 2, 28)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_088, (2024, 12, 31)),
            (47_541, (2100, 3, 1)),
            (u64::MAX, (9999, 12, 31)),
        ] {
            assert_eq!(civil(days), date);
        }
    }

    #[test]
    fn dates_are_days_again() {
        for day in (0..60_000).step_by(17) {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), Some(day));
        }
        for (year, month, day) in
            [(1969, 12, 31), (2023, 2, 29), (2100, 2, 29), (2024, 4, 31), (2024, 13, 1), (2024, 1, 0), (10_000, 1, 1)]
        {
            assert_eq!(days(year, month, day), None, "{year}-{month}-{day}");
        }
        assert_eq!(days(2024, 1, 32), None);
        assert_eq!(days(2024, 1, 99), None);
    }

    #[test]
    fn texts() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_440_938_160_000, "2015-08-30T12:36:00.000Z"),
            (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339_ms(ms), text);
            assert_eq!(rfc3339(ms), format!("{}Z", &text[..19]));
            assert_eq!(date_time(ms), text[..19]);
            let basic_text: String = text[..19].chars().filter(|letter| !"-:".contains(*letter)).collect();
            assert_eq!(std::str::from_utf8(&basic(ms / 1_000)), Ok(format!("{basic_text}Z").as_str()));
            assert_eq!(parse_basic(&format!("{basic_text}Z")), Some(ms / 1_000));
            assert_eq!(parse_rfc3339(text), Some(ms));
        }
    }

    #[test]
    fn long_texts() {
        for (ms, text) in [
            (0, "Thursday, January 1, 1970 at 12:00:00 AM"),
            (1_440_938_160_000, "Sunday, August 30, 2015 at 12:36:00 PM"),
            (1_791_501_648_999, "Thursday, October 8, 2026 at 11:20:48 PM"),
        ] {
            assert_eq!(long(ms), text);
        }
    }

    #[test]
    fn times_that_are_read() {
        for (text, expected) in [
            ("Sun, 30 Aug 2015 12:36:00 GMT", Some(1_440_938_160)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", None),
            ("Sun, 30 Aug 2015 12:36:00 CET", None),
            ("Sun, 30 Aug 2015 12:36:00 +0000", None),
            ("Sun, 30 August 2015 12:36:00 GMT", None),
            ("Sun, 30 Aug 2015 12:36 GMT", None),
            ("30 Aug 2015 12:36:00 GMT", None),
            ("Sun, 31 Feb 2015 12:36:00 GMT", None),
            ("", None),
        ] {
            assert_eq!(parse_http(text), expected, "{text}");
        }
        for (text, expected) in [
            ("2015-08-30t12:36:00z", Some(1_440_938_160_000)),
            ("2015-08-30 12:36:00.123456789Z", Some(1_440_938_160_123)),
            ("2015-08-30T07:06:00-05:30", Some(1_440_938_160_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000)),
            ("2015-08-30x12:36:00Z", None),
            ("2015-08-30T12:36Z", None),
            ("2015-08-30T12:36:00+0200", None),
            ("1970-01-01T00:00:00+01:00", None),
            ("2015-08-30éé12:36:00Z", None),
        ] {
            assert_eq!(parse_rfc3339(text), expected, "{text}");
        }
        for text in ["20241331T235959Z", "20241231T245959Z", "20241231T235960Z", "20241231 235959Z", "2024123éT35959Z"]
        {
            assert_eq!(parse_basic(text), None, "{text}");
        }
    }
}
