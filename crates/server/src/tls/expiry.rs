//! Until when a certificate is good: the one date in it that an operator has to know before it comes.
//!
//! | element of a certificate, in DER | |
//! |---|---|
//! | `SEQUENCE` | the certificate |
//! | `SEQUENCE` | what is signed of it |
//! | `[0]` | its version, which may be missing |
//! | `INTEGER`, `SEQUENCE`, `SEQUENCE` | serial number, algorithm, issuer |
//! | `SEQUENCE` of two times | not before, not after |
//!
//! Source: RFC 5280, section 4.1.

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Unit: seconds since the start of 1970. None for what is no certificate, which TLS itself refuses.
pub(super) fn expiry_s(certificate: &[u8]) -> Option<u64> {
    let (SEQUENCE, certificate, _) = element(certificate)? else { return None };
    let (SEQUENCE, mut rest, _) = element(certificate)? else { return None };
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (SEQUENCE, validity, _) = element(rest)? else { return None };
    let (_, _, not_after) = element(validity)?;
    let (kind, text, _) = element(not_after)?;
    time_s(kind, std::str::from_utf8(text).ok()?)
}

/// The tag of the first element, its contents, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, behind) = rest.split_at_checked(length)?;
    Some((tag, content, behind))
}

/// `YYMMDDHHMMSSZ`, of the years from 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn time_s(kind: u8, text: &str) -> Option<u64> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, rest) = match kind {
        UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year: u64 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let of = |at: usize| rest.get(at..at + 2)?.parse::<u64>().ok();
    base::utc::seconds(year, of(0)?, of(2)?, [of(4)?, of(6)?, of(8)?])
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn dates_of_certificates() {
        let key = KeyPair::generate().unwrap();
        for (date, expected) in
            [((2031, 2, 3), 1_927_843_200), ((2049, 12, 31), 2_524_521_600), ((2050, 1, 1), 2_524_608_000)]
        {
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_after = date_time_ymd(date.0, date.1, date.2);
            let certificate = params.self_signed(&key).unwrap();
            assert_eq!(expiry_s(certificate.der()), Some(expected), "{date:?}");
            // No part of one is one, and nothing that is broken makes trouble.
            for end in 0..certificate.der().len() {
                assert_eq!(expiry_s(&certificate.der()[..end]), None);
            }
        }
        assert_eq!(time_s(UTC_TIME, "310203040506Z"), Some(1_927_843_200 + 4 * 3600 + 5 * 60 + 6));
        for text in ["", "Z", "3102", "310203Z", "31020304050éZ", "319903040506Z"] {
            assert_eq!(time_s(UTC_TIME, text), None, "{text}");
        }
    }
}
