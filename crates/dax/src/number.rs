//! Numbers: DAX's four forms in CBOR, LexDecimal in keys, and the model's [`Number`].
//!
//! A client writes a number as an integer, a big integer, a decimal or a float of 64 bits, as it likes: `1.5` comes as a float from one
//! client and as a decimal from another, `1.50` with its zero. All become the same [`Number`]. Responses have integers where the number
//! is one, and decimals without trailing zeros elsewhere; no client reads floats in items.
//!
//! LexDecimal is the form of a number at the end of a key, where bytes have the order of the numbers:
//!
//! | part | bits | content |
//! |---|---|---|
//! | head | 8, or 8 and 32 | sign, and the power of ten before the first digit; see [`lex_head`] |
//! | groups | 10 each | three digits, from the left: g + 12, or 1011 - g of a negative number |
//! | end | 10 | 2, 1 or 0 for no, one or two zeros behind the last digit; 1023 minus that of a negative number |
//! | padding | up to 7 | zeros |

use model::{Number, NumberError};

use crate::cbor::{Head, Malformed, Reader, TAG_BIGNUM, TAG_DECIMAL, TAG_NEGATIVE_BIGNUM, Writer};

/// The largest magnitude that is read of a big integer: more than a number's 126 digits. Unit: bytes.
const BIGNUM_BYTES_MAX: usize = 64;
/// Powers of ten within this range have a head of one byte.
const SHORT_EXPONENT: std::ops::Range<i32> = -62..62;
/// Digits that are read of a key: far more than a number has.
const LEX_DIGITS_MAX: usize = 180;

/// Why bytes are no number: they are no CBOR of one, or a number that DynamoDB does not store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NumberProblem {
    Malformed(Malformed),
    Refused(NumberError),
}

impl From<Malformed> for NumberProblem {
    fn from(malformed: Malformed) -> NumberProblem {
        NumberProblem::Malformed(malformed)
    }
}

impl From<NumberError> for NumberProblem {
    fn from(error: NumberError) -> NumberProblem {
        NumberProblem::Refused(error)
    }
}

/// Reads the number that follows a head which is read already.
///
/// # Errors
/// Another type, or a number that DynamoDB does not store.
pub(crate) fn read(head: Head, reader: &mut Reader<'_>) -> Result<Number, NumberProblem> {
    match head {
        Head::Unsigned(value) => Ok(Number::from_u64(value)),
        Head::Negative(value) => match value.checked_add(1) {
            Some(magnitude) => Ok(Number::from_u64(magnitude).negated()),
            None => Ok(Number::parse("-18446744073709551616")?),
        },
        Head::Float(value) => float(value),
        Head::Tag(tag @ (TAG_BIGNUM | TAG_NEGATIVE_BIGNUM)) => {
            Ok(Number::parse(&bignum_digits(tag == TAG_NEGATIVE_BIGNUM, reader)?)?)
        }
        Head::Tag(TAG_DECIMAL) => decimal(reader),
        _ => Err(Malformed("a number is expected").into()),
    }
}

/// The shortest decimal that means this float, as the client had it before it became one.
fn float(value: f64) -> Result<Number, NumberProblem> {
    if !value.is_finite() {
        return Err(Malformed("a number is infinite or none").into());
    }
    Ok(Number::parse(&format!("{value:e}"))?)
}

fn decimal(reader: &mut Reader<'_>) -> Result<Number, NumberProblem> {
    let two = Malformed("a decimal is an exponent and a mantissa");
    if reader.head()? != Head::Array(Some(2)) {
        return Err(two.into());
    }
    let exponent = reader.int()?;
    let mantissa = match reader.head()? {
        Head::Unsigned(value) => value.to_string(),
        Head::Negative(value) => format!("-{}", u128::from(value) + 1),
        Head::Tag(tag @ (TAG_BIGNUM | TAG_NEGATIVE_BIGNUM)) => bignum_digits(tag == TAG_NEGATIVE_BIGNUM, reader)?,
        _ => return Err(two.into()),
    };
    Ok(Number::parse(&format!("{mantissa}e{exponent}"))?)
}

/// The decimal digits of a big integer, of which the tag is read.
fn bignum_digits(is_negative: bool, reader: &mut Reader<'_>) -> Result<String, NumberProblem> {
    let magnitude = reader.bytes()?;
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    let magnitude = &magnitude[zeros..];
    if magnitude.len() > BIGNUM_BYTES_MAX {
        return Err(NumberError::Overflow.into());
    }
    // Base 10^9, the lowest limb first.
    let mut limbs: Vec<u32> = vec![0];
    for byte in magnitude {
        let mut carry = u64::from(*byte);
        for limb in &mut limbs {
            let value = u64::from(*limb) << 8 | carry;
            (*limb, carry) = ((value % LIMB) as u32, value / LIMB);
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
    }
    if is_negative {
        // The value is -1 - n.
        for limb in &mut limbs {
            *limb = if u64::from(*limb) == LIMB - 1 { 0 } else { *limb + 1 };
            if *limb != 0 {
                break;
            }
        }
        if limbs.iter().all(|limb| *limb == 0) {
            limbs.push(1);
        }
    }
    let sign = if is_negative { "-" } else { "" };
    let (last, lower) = limbs.split_last().map_or((0, &[][..]), |(last, lower)| (*last, lower));
    Ok(lower.iter().rev().fold(format!("{sign}{last}"), |text, limb| text + &format!("{limb:09}")))
}

const LIMB: u64 = 1_000_000_000;

/// Writes a number as clients read it.
pub(crate) fn write(out: &mut Writer, number: Number) {
    let (is_negative, coefficient, exponent) = number.parts();
    let bytes = coefficient.to_be_bytes();
    let magnitude = &bytes[(coefficient.leading_zeros() / 8) as usize..];
    if exponent >= 0 {
        let scale = u32::from(exponent.unsigned_abs());
        match 10_u128.checked_pow(scale).and_then(|scale| coefficient.checked_mul(scale)) {
            Some(value) => {
                let bytes = value.to_be_bytes();
                out.integer(is_negative, &bytes[(value.leading_zeros() / 8) as usize..]);
            }
            None => out.integer(is_negative, &scaled(magnitude, scale)),
        }
        return;
    }
    out.tag(TAG_DECIMAL);
    out.array(2);
    out.int(i64::from(exponent));
    out.integer(is_negative, magnitude);
}

/// An integer of any size times a power of ten.
fn scaled(magnitude: &[u8], power: u32) -> Vec<u8> {
    let mut bytes = magnitude.to_vec();
    for _ in 0..power {
        let mut carry = 0_u16;
        for byte in bytes.iter_mut().rev() {
            let value = u16::from(*byte) * 10 + carry;
            (*byte, carry) = (value as u8, value >> 8);
        }
        if carry > 0 {
            bytes.insert(0, carry as u8);
        }
    }
    bytes
}

/// Appends the form in which a number ends a key.
pub(crate) fn write_lex(out: &mut Vec<u8>, number: Number) {
    let (is_negative, coefficient, exponent) = number.parts();
    if coefficient == 0 {
        out.push(LEX_ZERO);
        return;
    }
    let digits = coefficient.to_string();
    lex_head(out, is_negative, digits.len() as i32 + i32::from(exponent));
    let padding = (3 - digits.len() % 3) % 3;
    let padded = digits + &"00"[..padding];
    let mut bits = Bits { out, pending: 0, count: 0 };
    for group in padded.as_bytes().chunks(3) {
        let group = group.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        bits.push(if is_negative { 1011 - group } else { group + 12 });
    }
    let end = 2 - padding as u32;
    bits.push(if is_negative { 1023 - end } else { end });
    bits.finish();
}

const LEX_ZERO: u8 = 0x80;
const LEX_NEGATIVE_ZERO: u8 = 0x7f;
const LEX_POSITIVE: u8 = 0xc0;
const LEX_NEGATIVE: u8 = 0x3f;
const LEX_POSITIVE_LARGE: u8 = 0xfe;
const LEX_POSITIVE_SMALL: u8 = 0x81;
const LEX_NEGATIVE_LARGE: u8 = 0x01;
const LEX_NEGATIVE_SMALL: u8 = 0x7e;

/// The head: of the power of ten E for which the number is 0.d1d2… × 10^E.
fn lex_head(out: &mut Vec<u8>, is_negative: bool, power: i32) {
    if SHORT_EXPONENT.contains(&power) {
        // Within one byte: the range is -62..62.
        let head = if is_negative { i32::from(LEX_NEGATIVE) - power } else { i32::from(LEX_POSITIVE) + power };
        out.push(head as u8);
        return;
    }
    let is_large = power >= SHORT_EXPONENT.end;
    out.push(match (is_negative, is_large) {
        (false, true) => LEX_POSITIVE_LARGE,
        (false, false) => LEX_POSITIVE_SMALL,
        (true, true) => LEX_NEGATIVE_LARGE,
        (true, false) => LEX_NEGATIVE_SMALL,
    });
    let mask = if is_negative { 0x7fff_ffff } else { 0x8000_0000 };
    out.extend_from_slice(&(power as u32 ^ mask).to_be_bytes());
}

/// Groups of ten bits, the highest first.
struct Bits<'o> {
    out: &'o mut Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits<'_> {
    fn push(&mut self, group: u32) {
        self.pending = self.pending << 10 | group;
        self.count += 10;
        while self.count >= 8 {
            self.count -= 8;
            self.out.push((self.pending >> self.count) as u8);
        }
        self.pending &= (1 << self.count) - 1;
    }

    fn finish(self) {
        if self.count > 0 {
            self.out.push((self.pending << (8 - self.count)) as u8);
        }
    }
}

/// The number at the end of a key.
///
/// # Errors
/// Bytes that are no LexDecimal, or a number that DynamoDB does not store.
pub(crate) fn read_lex(bytes: &[u8]) -> Result<Number, NumberProblem> {
    let wrong = Malformed("a key's number cannot be read");
    let (head, rest) = bytes.split_first().ok_or(wrong)?;
    let (is_negative, power, rest) = match *head {
        LEX_ZERO | LEX_NEGATIVE_ZERO if rest.is_empty() => return Ok(Number::ZERO),
        LEX_POSITIVE_LARGE | LEX_POSITIVE_SMALL | LEX_NEGATIVE_LARGE | LEX_NEGATIVE_SMALL => {
            let (power, rest) = rest.split_first_chunk().ok_or(wrong)?;
            let is_negative = matches!(*head, LEX_NEGATIVE_LARGE | LEX_NEGATIVE_SMALL);
            let mask = if is_negative { 0x7fff_ffff } else { 0x8000_0000 };
            (is_negative, (u32::from_be_bytes(*power) ^ mask) as i32, rest)
        }
        0x82..=0xfd => (false, i32::from(*head) - i32::from(LEX_POSITIVE), rest),
        0x02..=0x7d => (true, i32::from(LEX_NEGATIVE) - i32::from(*head), rest),
        _ => return Err(wrong.into()),
    };
    let digits = lex_digits(is_negative, rest).ok_or(wrong)?;
    let sign = if is_negative { "-" } else { "" };
    let exponent = i64::from(power) - digits.len() as i64;
    Ok(Number::parse(&format!("{sign}{digits}e{exponent}"))?)
}

fn lex_digits(is_negative: bool, bytes: &[u8]) -> Option<String> {
    let mut digits = String::new();
    let (mut pending, mut count) = (0_u32, 0_u32);
    for (at, byte) in bytes.iter().enumerate() {
        pending = pending << 8 | u32::from(*byte);
        count += 8;
        if count < 10 {
            continue;
        }
        count -= 10;
        let group = pending >> count;
        pending &= (1 << count) - 1;
        let group = if is_negative { 1023_u32.checked_sub(group)? } else { group };
        match group {
            0..=2 => {
                // The end: nothing but padding is behind it.
                let padding = 2 - group as usize;
                let is_last = at + 1 == bytes.len() && pending == 0;
                digits.truncate(digits.len().checked_sub(padding)?);
                return (is_last && !digits.is_empty()).then_some(digits);
            }
            12..=1011 => digits.push_str(&format!("{:03}", group - 12)),
            _ => return None,
        }
        if digits.len() > LEX_DIGITS_MAX {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(number: &str) -> Vec<u8> {
        let mut out = Writer::new();
        write(&mut out, Number::parse(number).unwrap());
        out.into_bytes()
    }

    fn read_all(bytes: &[u8]) -> Result<Number, NumberProblem> {
        let mut reader = Reader::new(bytes);
        let head = reader.head()?;
        let number = read(head, &mut reader)?;
        assert!(reader.is_at_end());
        Ok(number)
    }

    fn lex(number: &str) -> Vec<u8> {
        let mut out = Vec::new();
        write_lex(&mut out, Number::parse(number).unwrap());
        out
    }

    #[test]
    fn integers_and_decimals_are_written_as_clients_read_them() {
        for (number, expected) in [
            ("0", "00"),
            ("23", "17"),
            ("-1", "20"),
            ("-256", "38ff"),
            ("18446744073709551615", "1bffffffffffffffff"),
            ("18446744073709551616", "c249010000000000000000"),
            ("-18446744073709551616", "3bffffffffffffffff"),
            ("-18446744073709551617", "c349010000000000000000"),
            ("1.5", "c482200f"),
            ("-0.001", "c4822220"),
        ] {
            assert_eq!(base::hex(&bytes(number)), expected, "{number}");
        }
    }

    #[test]
    fn all_forms_of_a_number_are_the_same_number() {
        let check = |hex: &str, expected: &str| {
            let bytes = unhex(hex);
            assert_eq!(read_all(&bytes), Ok(Number::parse(expected).unwrap()), "{hex}");
        };
        check("fb3ff8000000000000", "1.5");
        check("fb3fb999999999999a", "0.1");
        check("c482211896", "1.5");
        check("c482200f", "1.5");
        check("c241ff", "255");
        check("c340", "-1");
        for refused in ["c4810f", "c4821b7fffffffffffffff01", "fb7ff0000000000000", "60", "c0"] {
            assert!(read_all(&unhex(refused)).is_err(), "{refused}");
        }
    }

    fn unhex(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    /// Vectors of the Python client's encoder.
    #[test]
    fn keys_have_the_bytes_of_the_clients() {
        for (number, expected) in [
            ("0", "80"),
            ("1", "c11c0000"),
            ("-1", "3ee3fff0"),
            ("12", "c2210010"),
            ("123", "c321c020"),
            ("1234", "c421d9c000"),
            ("-1234", "3bde263ffc"),
            ("0.5", "c0800000"),
            ("1E+100", "fe800000651c0000"),
        ] {
            assert_eq!(base::hex(&lex(number)), expected, "{number}");
            assert_eq!(read_lex(&unhex(expected)), Ok(Number::parse(number).unwrap()), "{number}");
        }
    }

    fn number() -> impl Strategy<Value = Number> {
        let coefficient = prop_oneof![0_u128..1_000_000, 0..10_u128.pow(38)];
        (any::<bool>(), coefficient, -130_i16..88).prop_filter_map("in range", |(negative, coefficient, exponent)| {
            let sign = if negative { "-" } else { "" };
            Number::parse(&format!("{sign}{coefficient}e{exponent}")).ok()
        })
    }

    proptest! {
        #[test]
        fn numbers_come_back(number in number()) {
            let mut out = Writer::new();
            write(&mut out, number);
            prop_assert_eq!(read_all(out.as_bytes()), Ok(number));
            let mut key = Vec::new();
            write_lex(&mut key, number);
            prop_assert_eq!(read_lex(&key), Ok(number));
        }

        #[test]
        fn keys_have_the_order_of_their_numbers(one in number(), other in number()) {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            write_lex(&mut a, one);
            write_lex(&mut b, other);
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
        }

        #[test]
        fn any_bytes_are_a_number_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read_all_any(&bytes);
            let _ = read_lex(&bytes);
        }
    }

    fn read_all_any(bytes: &[u8]) -> Result<Number, NumberProblem> {
        let mut reader = Reader::new(bytes);
        let head = reader.head()?;
        read(head, &mut reader)
    }
}
