//! DynamoDB's number: an exact decimal of up to 38 significant digits.
//!
//! Stored as `coefficient × 10^exponent` with no trailing zero in the coefficient, so that equal numbers are equal
//! structs whatever their spelling (`1e3`, `1000` and `+1000.0` are one key). No `f64` is ever involved.
//!
//! Source: Developer Guide, "Data types: Number"; range 1E-130 to 9.99…9E+125 by magnitude, and zero.

use std::cmp::Ordering;
use std::fmt;

use crate::limits::{NUMBER_DIGITS_MAX, NUMBER_MAGNITUDE_MAX, NUMBER_MAGNITUDE_MIN};

/// An exact decimal. Equality and order are numeric.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Number {
    negative: bool,
    /// At most 38 digits, the last of them not zero; zero for the number zero.
    coefficient: u128,
    exponent: i16,
}

/// Why a text or a sum is not a DynamoDB number. `Display` is DynamoDB's sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NumberError {
    /// Not a decimal at all; carries the text.
    Malformed(String),
    /// No text, where the message names none ([`NumberReading::BigDecimal`]).
    Empty,
    Overflow,
    Underflow,
    TooManyDigits,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NumberError::Malformed(text) => {
                write!(f, "The parameter cannot be converted to a numeric value: {text}")
            }
            NumberError::Empty => f.write_str("The parameter cannot be converted to a numeric value"),
            NumberError::Overflow => {
                f.write_str("Number overflow. Attempting to store a number with magnitude larger than supported range")
            }
            NumberError::Underflow => f.write_str(
                "Number underflow. Attempting to store a number with magnitude smaller than supported range",
            ),
            NumberError::TooManyDigits => {
                f.write_str("Attempting to store more than 38 significant digits in a Number")
            }
        }
    }
}

impl std::error::Error for NumberError {}

/// How the exponent of a text is read. DynamoDB has two readers; each operation uses one of them. They agree on every
/// number that can be stored and differ in their refusals. Observed in eu-west-2 and us-east-1, 2026.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberReading {
    /// An exponent of 64 bits, compared with the range as it is.
    Exact,
    /// As Java's `BigDecimal`: exponent and scale have 32 bits, and so has the arithmetic of the range check, which
    /// wraps: `1e2147483647` is an underflow.
    BigDecimal,
}

impl Number {
    pub const ZERO: Number = Number { negative: false, coefficient: 0, exponent: 0 };

    /// The number a text spells.
    ///
    /// # Errors
    /// [`NumberError`], in DynamoDB's words.
    pub fn parse(text: &str) -> Result<Number, NumberError> {
        Number::parse_as(text, NumberReading::Exact)
    }

    /// The number a text spells for this reader.
    ///
    /// # Errors
    /// [`NumberError`], in DynamoDB's words.
    pub fn parse_as(text: &str, reading: NumberReading) -> Result<Number, NumberError> {
        let malformed = || match reading {
            NumberReading::BigDecimal if text.is_empty() => NumberError::Empty,
            _ => NumberError::Malformed(text.to_owned()),
        };
        let spelling = Spelling::read(text.as_bytes()).ok_or_else(malformed)?;
        if reading == NumberReading::BigDecimal && !spelling.fits_big_decimal() {
            return Err(malformed());
        }
        spelling.value(reading)
    }

    pub fn from_u64(value: u64) -> Number {
        Number { negative: false, coefficient: u128::from(value), exponent: 0 }.trimmed()
    }

    /// Rebuilds a number from the parts that [`Number::parts`] gave; `None` if they are not a normal form.
    pub fn from_parts(negative: bool, coefficient: u128, exponent: i16) -> Option<Number> {
        let number = Number { negative, coefficient, exponent };
        if coefficient == 0 {
            return (number == Number::ZERO).then_some(number);
        }
        let digits = digit_count(coefficient);
        let magnitude = i32::from(exponent) + digits as i32 - 1;
        let is_in_range = (NUMBER_MAGNITUDE_MIN..=NUMBER_MAGNITUDE_MAX).contains(&magnitude);
        (is_in_range && digits <= NUMBER_DIGITS_MAX && !ends_with_zero(coefficient)).then_some(number)
    }

    /// As [`Number::from_parts`], of parts that it has taken before.
    pub(crate) fn of_parts((negative, coefficient, exponent): (bool, u128, i16)) -> Number {
        Number { negative, coefficient, exponent }
    }

    /// Sign, coefficient and exponent of the normal form.
    pub fn parts(&self) -> (bool, u128, i16) {
        (self.negative, self.coefficient, self.exponent)
    }

    pub fn is_zero(&self) -> bool {
        self.coefficient == 0
    }

    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The value as an integer, if it is one that fits.
    pub fn to_i64(&self) -> Option<i64> {
        if self.exponent < 0 {
            return None;
        }
        let scale = 10_i128.checked_pow(u32::from(self.exponent.unsigned_abs()))?;
        let magnitude = i128::try_from(self.coefficient).ok()?.checked_mul(scale)?;
        i64::try_from(if self.negative { -magnitude } else { magnitude }).ok()
    }

    /// Decimal digits of the coefficient; 0 for zero.
    pub fn digits(&self) -> u32 {
        if self.coefficient == 0 { 0 } else { digit_count(self.coefficient) }
    }

    /// The power of ten of the leading digit.
    pub fn magnitude(&self) -> i32 {
        i32::from(self.exponent) + self.digits() as i32 - 1
    }

    /// The exact sum.
    ///
    /// # Errors
    /// A sum that needs more than 38 digits, or leaves the range, is refused, never rounded.
    pub fn checked_add(self, other: Number) -> Result<Number, NumberError> {
        if self.is_zero() {
            return Ok(other);
        }
        if other.is_zero() {
            return Ok(self);
        }
        let (high, low) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        // Scaling past 128 bits leaves more than 38 digits before the low one's last digit, which is not zero.
        let scaled = 10_u128
            .checked_pow((i32::from(high.exponent) - i32::from(low.exponent)) as u32)
            .and_then(|scale| high.coefficient.checked_mul(scale))
            .ok_or(NumberError::Overflow)?;
        let (negative, coefficient) = if high.negative == low.negative {
            (high.negative, scaled.checked_add(low.coefficient).ok_or(NumberError::Overflow)?)
        } else if scaled >= low.coefficient {
            (high.negative, scaled - low.coefficient)
        } else {
            (low.negative, low.coefficient - scaled)
        };
        let sum = Number { negative, coefficient, exponent: low.exponent }.trimmed();
        if sum.digits() > NUMBER_DIGITS_MAX {
            return Err(NumberError::Overflow);
        }
        sum.in_range()
    }

    /// The exact difference; see [`Number::checked_add`].
    ///
    /// # Errors
    /// As [`Number::checked_add`].
    pub fn checked_sub(self, other: Number) -> Result<Number, NumberError> {
        self.checked_add(other.negated())
    }

    #[must_use]
    pub fn negated(self) -> Number {
        Number { negative: !self.negative && self.coefficient != 0, ..self }
    }

    /// Writes the plain decimal spelling: never scientific, no leading or trailing zeros.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        if self.negative {
            out.push(b'-');
        }
        let mut buffer = itoa::Buffer::new();
        let digits = match u64::try_from(self.coefficient) {
            Ok(small) => buffer.format(small),
            Err(_) => buffer.format(self.coefficient),
        };
        let point = digits.len() as i32 + i32::from(self.exponent);
        if self.exponent >= 0 {
            out.extend_from_slice(digits.as_bytes());
            out.resize(out.len() + self.exponent as usize, b'0');
        } else if point > 0 {
            let (whole, fraction) = digits.split_at(point as usize);
            out.extend_from_slice(whole.as_bytes());
            out.push(b'.');
            out.extend_from_slice(fraction.as_bytes());
        } else {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + point.unsigned_abs() as usize, b'0');
            out.extend_from_slice(digits.as_bytes());
        }
    }

    /// Bytes that the number counts for in an item's size: one, and one for each pair of digits on either side of
    /// the point, and one for a minus sign.
    pub fn size(&self) -> usize {
        let digits = self.digits() as i32;
        let fraction = (-i32::from(self.exponent)).clamp(0, digits);
        let whole = digits - fraction;
        let pairs = (whole + 1) / 2 + (fraction + 1) / 2;
        1 + pairs as usize + usize::from(self.negative)
    }

    fn trimmed(mut self) -> Number {
        if self.coefficient == 0 {
            return Number::ZERO;
        }
        while self.coefficient.is_multiple_of(10) {
            self.coefficient /= 10;
            self.exponent += 1;
        }
        self
    }

    fn in_range(self) -> Result<Number, NumberError> {
        if self.coefficient == 0 {
            Ok(self)
        } else if self.magnitude() > NUMBER_MAGNITUDE_MAX {
            Err(NumberError::Overflow)
        } else if self.magnitude() < NUMBER_MAGNITUDE_MIN {
            Err(NumberError::Underflow)
        } else {
            Ok(self)
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (self.sign(), other.sign()) {
            (a, b) if a != b => a.cmp(&b),
            (0, _) => Ordering::Equal,
            (1, _) => compare_magnitudes(self, other),
            _ => compare_magnitudes(other, self),
        }
    }
}

impl Number {
    fn sign(&self) -> i8 {
        match (self.coefficient, self.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }
}

fn compare_magnitudes(a: &Number, b: &Number) -> Ordering {
    // Equal leading powers mean that the exponents differ by less than 38, and the aligned product by 38 digits.
    a.magnitude().cmp(&b.magnitude()).then_with(|| {
        let low = a.exponent.min(b.exponent);
        let align = |n: &Number| n.coefficient * 10_u128.pow((n.exponent - low) as u32);
        align(a).cmp(&align(b))
    })
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(48);
        self.write_to(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

fn digit_count(coefficient: u128) -> u32 {
    // Most numbers are short, and arithmetic of 128 bits is slow.
    u64::try_from(coefficient).map_or_else(|_| coefficient.ilog10(), u64::ilog10) + 1
}

fn ends_with_zero(coefficient: u128) -> bool {
    u64::try_from(coefficient).map_or_else(|_| coefficient.is_multiple_of(10), |small| small.is_multiple_of(10))
}

/// A number as written: `[sign] digits [. digits] [e [sign] digits]`.
struct Spelling {
    negative: bool,
    /// The significant digits, without leading zeros; trailing zeros are dropped and counted in `exponent`.
    coefficient: u128,
    digits: u32,
    exponent: i64,
    /// The exponent and the digits behind the point, as written.
    written_exponent: i64,
    fraction_digits: i64,
}

impl Spelling {
    fn read(text: &[u8]) -> Option<Spelling> {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mantissa_end = rest.iter().position(|&b| b == b'e' || b == b'E').unwrap_or(rest.len());
        let (mantissa, exponent_text) = rest.split_at(mantissa_end);
        let written_exponent = match exponent_text {
            [] => 0,
            [_, digits @ ..] => read_exponent(digits)?,
        };
        let mut spelling = Spelling {
            negative,
            coefficient: 0,
            digits: 0,
            exponent: written_exponent,
            written_exponent,
            fraction_digits: 0,
        };
        let fraction_digits = spelling.read_mantissa(mantissa)?;
        spelling.exponent = spelling.exponent.saturating_sub(fraction_digits);
        spelling.fraction_digits = fraction_digits;
        Some(spelling)
    }

    /// Reads the digits; returns how many follow the point. Zeros are only added once a later digit needs them, so that
    /// neither leading nor trailing ones count.
    fn read_mantissa(&mut self, mantissa: &[u8]) -> Option<i64> {
        let (mut point, mut seen, mut zeros, mut fraction) = (false, false, 0_u32, 0_i64);
        for &byte in mantissa {
            match byte {
                b'.' if !point => point = true,
                b'0'..=b'9' => {
                    seen = true;
                    fraction += i64::from(point);
                    if byte == b'0' {
                        zeros = zeros.saturating_add(1);
                    } else {
                        self.push_digit(zeros, byte - b'0');
                        zeros = 0;
                    }
                }
                _ => return None,
            }
        }
        self.exponent = self.exponent.saturating_add(i64::from(zeros));
        seen.then_some(fraction)
    }

    fn push_digit(&mut self, zeros: u32, digit: u8) {
        let zeros = if self.digits == 0 { 0 } else { zeros };
        self.digits = self.digits.saturating_add(zeros).saturating_add(1);
        if self.digits <= NUMBER_DIGITS_MAX {
            self.coefficient = self.coefficient * 10_u128.pow(zeros + 1) + u128::from(digit);
        }
    }

    /// Whether exponent and scale have 32 bits.
    fn fits_big_decimal(&self) -> bool {
        let scale = self.fraction_digits.saturating_sub(self.written_exponent);
        i32::try_from(self.written_exponent).is_ok() && i32::try_from(scale).is_ok()
    }

    fn value(self, reading: NumberReading) -> Result<Number, NumberError> {
        let magnitude = match self.digits {
            // Zero with a written exponent is still range-checked, when it has no fraction (observed on AWS: `0e126` is
            // refused and `0.0e126` is not).
            0 if self.fraction_digits == 0 => self.written_exponent,
            0 => 0,
            digits => self.exponent.saturating_add(i64::from(digits) - 1),
        };
        // The older reader compares precision less scale, which is one more than the magnitude.
        let magnitude = match reading {
            NumberReading::Exact => magnitude,
            NumberReading::BigDecimal => i64::from(magnitude.saturating_add(1) as i32) - 1,
        };
        if magnitude > i64::from(NUMBER_MAGNITUDE_MAX) {
            return Err(NumberError::Overflow);
        }
        if magnitude < i64::from(NUMBER_MAGNITUDE_MIN) {
            return Err(NumberError::Underflow);
        }
        if self.digits == 0 {
            return Ok(Number::ZERO);
        }
        if self.digits > NUMBER_DIGITS_MAX {
            return Err(NumberError::TooManyDigits);
        }
        Ok(Number { negative: self.negative, coefficient: self.coefficient, exponent: self.exponent as i16 })
    }
}

/// An exponent of 64 bits, with any number of leading zeros.
fn read_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Downwards, where the range is larger by one.
    let down = digits.iter().try_fold(0_i64, |sum, b| sum.checked_mul(10)?.checked_sub(i64::from(b - b'0')))?;
    if negative { Some(down) } else { down.checked_neg() }
}

#[cfg(test)]
mod tests;
