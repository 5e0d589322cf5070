//! What the operators of numbers, dates, addresses and bytes compare, read from text.

use std::net::IpAddr;

use model::Number;

const MS_A_SECOND: i128 = 1_000;

pub(super) fn number(text: &str) -> Option<Number> {
    Number::parse(text.trim()).ok()
}

/// Milliseconds since the start of 1970: of a date as W3C writes ISO 8601's, or of seconds since then.
/// Source: <https://www.w3.org/TR/NOTE-datetime>.
pub(super) fn date(text: &str) -> Option<i128> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let seconds = text.len() != 4 && !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    if seconds { text.parse().ok().map(|seconds: i64| i128::from(seconds) * MS_A_SECOND) } else { calendar(text) }
}

fn calendar(text: &str) -> Option<i128> {
    let (day, time) = match text.split_once(['T', 't']) {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let mut parts = day.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |month| digits(month, 2))?;
    let of_month = parts.next().map_or(Some(1), |day| digits(day, 2))?;
    if parts.next().is_some() || (time.is_some() && day.len() != 10) {
        return None;
    }
    let midnight = i128::from(base::utc::days(year, month, of_month)?) * 86_400 * MS_A_SECOND;
    Some(midnight + time.map_or(Some(0), time_of_day)?)
}

/// `hh:mm`, `hh:mm:ss` or with a fraction, and then the zone.
fn time_of_day(text: &str) -> Option<i128> {
    let zone = text.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = text.split_at(zone);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':').map(|part| digits(part, 2));
    let [hour, minute, second] = [parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?];
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ms = digits(&format!("{fraction:0<3}")[..3], 3)?;
    let seconds = i128::from(hour * 3_600 + minute * 60 + second) - offset_seconds(zone)?;
    Some(seconds * MS_A_SECOND + i128::from(ms))
}

fn offset_seconds(zone: &str) -> Option<i128> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i128::from(hours * 3_600 + minutes * 60);
    Some(if zone.starts_with('-') { -seconds } else { seconds })
}

fn digits(text: &str, count: usize) -> Option<u64> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Addresses with the same first bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    /// The bits behind the prefix are zero.
    start: IpAddr,
    prefix: u32,
}

impl Range {
    pub(super) fn parse(text: &str) -> Option<Range> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = width(address);
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        (prefix <= width).then(|| Range { start: first(address, prefix), prefix })
    }

    pub(super) fn has(&self, address: IpAddr) -> bool {
        // A socket that takes both kinds shows addresses of version 4 inside version 6.
        let address = address.to_canonical();
        width(address) == width(self.start) && first(address, self.prefix) == self.start
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first address with the same prefix.
fn first(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok()
}

pub(super) fn bytes(base64: &str) -> Option<Vec<u8>> {
    base64_simd::STANDARD.decode_to_vec(base64.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, ms) in [
            ("1970", Some(0)),
            ("1970-02", Some(31 * 86_400_000)),
            ("1970-01-02", Some(86_400_000)),
            ("1970-01-01T00:01Z", Some(60_000)),
            ("1970-01-01T00:00:01Z", Some(1_000)),
            ("1970-01-01T00:00:01.5Z", Some(1_500)),
            ("1970-01-01T00:00:01.123456789Z", Some(1_123)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1970-01-01T00:00:00-00:30", Some(1_800_000)),
            ("2015-08-30T12:36:00Z", Some(1_440_938_160_000)),
            ("1440938160", Some(1_440_938_160_000)),
            ("0", Some(0)),
            ("2015-08-30T12:36:00", None),
            ("2015-08T12:36:00Z", None),
            ("2015-13-01", None),
            ("2015-08-30T24:00:00Z", None),
            ("2015-08-30T12:36:00.Z", None),
            ("2015-8-30", None),
            ("", None),
            ("yesterday", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(date(text), ms, "{text}");
        }
    }

    #[test]
    fn ranges() {
        for (range, address, has) in [
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.77/24", "203.0.113.1", true),
            ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.1", "203.0.113.1", true),
            ("203.0.113.1", "203.0.113.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("2001:DB8:1234:5678::/64", "2001:db8:1234:5678:9::1", true),
            ("2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "127.0.0.1", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
        ] {
            let range = Range::parse(range).expect(range);
            assert_eq!(range.has(address.parse().expect(address)), has, "{range:?} and {address}");
        }
        for text in ["", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+8", "::/129", "host", "1.2.3.4/"] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
