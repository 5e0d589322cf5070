//! When a request was signed, as its signature spells it: `20150830T123600Z`, or as HTTP's `Date` does.

/// Seconds since the start of 1970 in UTC.
pub(super) fn parse(text: &str) -> Option<u64> {
    basic(text).or_else(|| http(text))
}

/// ISO 8601's basic format, with seconds and in UTC.
pub(super) fn basic(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| digits(text.get(from..to)?);
    of(number(0, 4)?, number(4, 6)?, number(6, 8)?, [number(9, 11)?, number(11, 13)?, number(13, 15)?])
}

/// `Sun, 30 Aug 2015 12:36:00 GMT`.
fn http(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.split(' ');
    let [day, month, year, clock, zone] = [words.next()?, words.next()?, words.next()?, words.next()?, words.next()?];
    if zone != "GMT" || words.next().is_some() {
        return None;
    }
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let mut parts = clock.split(':').map(digits);
    let time = [parts.next()??, parts.next()??, parts.next()??];
    if parts.next().is_some() { None } else { of(digits(year)?, month, digits(day)?, time) }
}

fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

fn of(year: u64, month: u64, day: u64, [hour, minute, second]: [u64; 3]) -> Option<u64> {
    let days = base::days(year, month, day)?;
    (hour < 24 && minute < 60 && second < 60).then(|| days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// In the basic format again.
pub fn amz_date(seconds: u64) -> [u8; 16] {
    let (year, month, day) = base::civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    let mut text = *b"00000000T000000Z";
    decimal(&mut text[0..4], year);
    decimal(&mut text[4..6], month);
    decimal(&mut text[6..8], day);
    decimal(&mut text[9..11], of_day / 3_600);
    decimal(&mut text[11..13], of_day / 60 % 60);
    decimal(&mut text[13..15], of_day % 60);
    text
}

fn decimal(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
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
            assert_eq!(basic(&super::text(seconds)), Some(seconds));
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
