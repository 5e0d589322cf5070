//! Writes values with the shortest heads.

use super::{
    BREAK, FALSE, FLOAT64, MAJOR_ARRAY, MAJOR_BYTES, MAJOR_MAP, MAJOR_NEGATIVE, MAJOR_TAG, MAJOR_TEXT, MAJOR_UNSIGNED,
    NULL, TAG_BIGNUM, TAG_NEGATIVE_BIGNUM, TRUE,
};

/// A message, or a part of one, that is being written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub fn new() -> Writer {
        Writer::default()
    }

    pub fn with_capacity(capacity: usize) -> Writer {
        Writer { bytes: Vec::with_capacity(capacity) }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Without the room that was left for more: for what is kept.
    pub fn into_boxed_bytes(self) -> Box<[u8]> {
        self.bytes.into_boxed_slice()
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Values that are CBOR already, or the undelimited end of a key.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        let wide = argument.to_be_bytes();
        match argument {
            0..=23 => self.bytes.push(major | argument as u8),
            24..=0xff => self.bytes.extend_from_slice(&[major | 24, argument as u8]),
            0x100..=0xffff => {
                self.bytes.push(major | 25);
                self.bytes.extend_from_slice(&wide[6..]);
            }
            0x1_0000..=0xffff_ffff => {
                self.bytes.push(major | 26);
                self.bytes.extend_from_slice(&wide[4..]);
            }
            _ => {
                self.bytes.push(major | 27);
                self.bytes.extend_from_slice(&wide);
            }
        }
    }

    pub fn int(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(MAJOR_UNSIGNED, value),
            Err(_) => self.head(MAJOR_NEGATIVE, !value as u64),
        }
    }

    /// An integer of any size, as its sign and the big-endian bytes of its magnitude without leading zeros.
    pub fn integer(&mut self, is_negative: bool, magnitude: &[u8]) {
        // A negative integer n is written as -1 - n.
        let mut lowered = magnitude.to_vec();
        if is_negative {
            for byte in lowered.iter_mut().rev() {
                let (less, borrows) = byte.overflowing_sub(1);
                *byte = less;
                if !borrows {
                    break;
                }
            }
        }
        let zeros = lowered.iter().take_while(|byte| **byte == 0).count();
        let argument = &lowered[zeros..];
        if argument.len() <= 8 {
            let value = argument.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            return self.head(if is_negative { MAJOR_NEGATIVE } else { MAJOR_UNSIGNED }, value);
        }
        self.tag(if is_negative { TAG_NEGATIVE_BIGNUM } else { TAG_BIGNUM });
        self.bytes(argument);
    }

    pub fn bytes(&mut self, value: &[u8]) {
        self.head(MAJOR_BYTES, value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    pub fn text(&mut self, value: &str) {
        self.head(MAJOR_TEXT, value.len() as u64);
        self.bytes.extend_from_slice(value.as_bytes());
    }

    pub fn array(&mut self, count: usize) {
        self.head(MAJOR_ARRAY, count as u64);
    }

    pub fn map(&mut self, count: usize) {
        self.head(MAJOR_MAP, count as u64);
    }

    /// A map of unknown size, which [`Writer::end`] ends.
    pub fn open_map(&mut self) {
        self.bytes.push(MAJOR_MAP << 5 | 31);
    }

    pub fn end(&mut self) {
        self.bytes.push(BREAK);
    }

    pub fn tag(&mut self, tag: u64) {
        self.head(MAJOR_TAG, tag);
    }

    pub fn bool(&mut self, value: bool) {
        self.bytes.push(if value { TRUE } else { FALSE });
    }

    pub fn null(&mut self) {
        self.bytes.push(NULL);
    }

    pub fn float(&mut self, value: f64) {
        self.bytes.push(FLOAT64);
        self.bytes.extend_from_slice(&value.to_bits().to_be_bytes());
    }

    /// A text, or null.
    pub fn optional_text(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }
}
