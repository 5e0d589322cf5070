//! The scanner and the reader over values, over parts of them, and over bytes that are none.

use proptest::prelude::*;

use super::*;

fn scanned(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let mut scanner = Scanner::new(1 << 20);
    Ok(scanner.value(bytes)?.then(|| scanner.position()))
}

/// Values of all kinds, and how many bytes each takes.
fn samples() -> Vec<Vec<u8>> {
    let mut out = Writer::new();
    out.map(2);
    out.int(-70_000);
    out.tag(TAG_DECIMAL);
    out.array(2);
    out.int(-2);
    out.int(150);
    out.text("é");
    out.float(0.5);
    vec![
        vec![0],
        vec![0x1b, 0, 0, 0, 1, 0, 0, 0, 0],
        vec![0x60],
        vec![0x80],
        vec![0xa0],
        vec![0xf6],
        vec![0x43, 1, 2, 3],
        vec![0xbf, 0x61, b'a', 0x9f, 1, 2, 0xff, 1, 0x80, 0xff],
        vec![0x7f, 0x61, b'a', 0x60, 0xff],
        vec![0xd9, 0x0c, 0xf9, 0x81, 0x61, b'a'],
        out.into_bytes(),
    ]
}

#[test]
fn a_value_ends_where_it_ends_however_it_arrives() {
    for value in samples() {
        let bytes = [&value[..], &[0x80, 0x61]].concat();
        assert_eq!(scanned(&bytes), Ok(Some(value.len())), "{value:?}");
        // Byte by byte.
        let mut scanner = Scanner::new(1 << 20);
        let ends: Vec<bool> =
            (0..=value.len()).map(|end| scanner.value(&bytes[..end]).unwrap()).take(value.len() + 1).collect();
        assert!(ends.iter().rev().skip(1).all(|ended| !ended) && ends.last() == Some(&true), "{value:?} {ends:?}");
        assert_eq!(scanner.position(), value.len());
        let mut reader = Reader::new(&bytes);
        reader.skip().unwrap();
        assert_eq!(reader.position(), value.len());
    }
}

#[test]
fn values_follow_each_other() {
    let bytes = samples().concat();
    let mut scanner = Scanner::new(1 << 20);
    for value in samples() {
        let before = scanner.position();
        assert_eq!(scanner.value(&bytes), Ok(true));
        assert_eq!(scanner.position() - before, value.len());
    }
    assert_eq!(scanner.value(&bytes), Ok(false));
}

/// An announced length takes nothing: it is refused, or waited for.
#[test]
fn announced_lengths_are_bounded() {
    let small = |bytes: &[u8]| Scanner::new(100).value(bytes);
    for head in [0x5b_u8, 0x7b, 0x9b, 0xbb] {
        let bytes = [&[head][..], &u64::MAX.to_be_bytes()].concat();
        assert!(small(&bytes).is_err(), "{head:x}");
        assert!(Reader::new(&bytes).skip().is_err());
    }
    assert_eq!(small(&[0x58, 50, 1]), Ok(false));
    assert!(small(&[0x58, 200, 1]).is_err());
    assert!(small(&[0x82; 200]).is_err());
    assert!(Scanner::new(1 << 20).value(&[0x9f; 200]).is_err());
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    for bytes in [
        &[0x1c][..],
        &[0xff],
        &[0xf7],
        &[0xf9, 0, 0],
        &[0xfa, 0, 0, 0, 0],
        &[0xdf],
        &[0xbf, 0x61, b'a', 0xff],
        &[0x5f, 0x61, b'a', 0xff],
        &[0x5f, 0x5f, 0x41, 1, 0xff, 0xff],
        &[0x82, 1, 0xff],
        &[0xc1, 0xff],
    ] {
        assert!(scanned(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn heads_are_the_shortest() {
    let of = |value: i64| {
        let mut out = Writer::new();
        out.int(value);
        let bytes = out.into_bytes();
        assert_eq!(Reader::new(&bytes).int(), Ok(value));
        bytes.len()
    };
    for (value, size) in [(0, 1), (23, 1), (24, 2), (255, 2), (256, 3), (65_536, 5), (1 << 32, 9), (i64::MAX, 9)] {
        assert_eq!((of(value), of(-1 - value)), (size, size), "{value}");
    }
}

proptest! {
    /// The scanner and the reader agree, whatever the bytes are and however they arrive.
    #[test]
    fn any_bytes_are_scanned(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..300) {
        let whole = scanned(&bytes);
        let mut scanner = Scanner::new(1 << 20);
        let at = at.min(bytes.len());
        let parts = match scanner.value(&bytes[..at]) {
            Ok(false) => scanner.value(&bytes).map(|ended| ended.then(|| scanner.position())),
            Ok(true) => Ok(Some(scanner.position())),
            Err(malformed) => Err(malformed),
        };
        prop_assert_eq!(whole, parts);
        let mut reader = Reader::new(&bytes);
        if let Ok(Some(end)) = whole {
            prop_assert_eq!(reader.skip(), Ok(()));
            prop_assert_eq!(reader.position(), end);
        } else {
            prop_assert!(reader.skip().is_err());
        }
    }
}
