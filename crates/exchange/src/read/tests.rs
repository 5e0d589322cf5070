//! Objects and their records, as examples and as properties.

mod conditions;
mod csv;
mod ion;
mod memory;
mod plain;
mod random;
mod round_trip;

use std::io::Write;

use bytes::Bytes;
use model::codec::json::write_map;

use super::*;

/// All records of an object, pushed in pieces of this size: items as DynamoDB JSON, problems with a `!`, a failure with `!!`.
fn read_in(format: InputFormat, compression: Compression, object: &[u8], piece: usize) -> Vec<String> {
    let mut reader = ObjectReader::new(format, compression);
    let (mut pieces, mut found) = (object.chunks(piece), Vec::new());
    loop {
        match reader.next_record() {
            Next::Record(record) => {
                found.push(match record.item {
                    Ok(item) => {
                        let mut json = Vec::new();
                        write_map(&mut json, item.view());
                        String::from_utf8(json).expect("UTF-8")
                    }
                    Err(why) => format!("! {why}"),
                });
                assert_eq!(reader.count(), record.index + 1);
            }
            Next::Busy => {}
            Next::Starved => match pieces.next() {
                Some(piece) => reader.push(Bytes::copy_from_slice(piece)),
                None => reader.push_end(),
            },
            Next::Failed(why) => found.push(format!("!! {why}")),
            Next::End => return found,
        }
    }
}

/// As [`read_in`], whatever the pieces are.
fn read(format: &InputFormat, compression: Compression, object: &[u8]) -> Vec<String> {
    let whole = read_in(format.clone(), compression, object, object.len().max(1));
    for piece in [1, 2, 3, 7, 64] {
        assert_eq!(read_in(format.clone(), compression, object, piece), whole, "in pieces of {piece} bytes");
    }
    whole
}

fn lines(object: &str) -> Vec<String> {
    read(&InputFormat::DynamoDbJson, Compression::None, object.as_bytes())
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest)
}

const TWO_LINES: &str = "{\"Item\":{\"pk\":{\"S\":\"a\"}}}\n{\"Item\":{\"pk\":{\"S\":\"b\"}}}\n";
const TWO_ITEMS: [&str; 2] = [r#"{"pk":{"S":"a"}}"#, r#"{"pk":{"S":"b"}}"#];

#[test]
fn each_line_has_an_item() {
    assert_eq!(lines(TWO_LINES), TWO_ITEMS);
    assert_eq!(lines(TWO_LINES.trim_end()), TWO_ITEMS);
    assert_eq!(lines(""), [""; 0]);
    assert_eq!(lines("\n  \n\t\r\n"), [""; 0]);
    let spaced = " { \"x\" : [1, {}], \"Item\" : { \"pk\" : { \"S\" : \"a\" } } } \r\n\n";
    assert_eq!(lines(spaced), TWO_ITEMS[..1]);
    let every = r#"{"b":{"B":"/wA="},"bool":{"BOOL":true},"bs":{"BS":["AQ==","Ag=="]},"l":{"L":[{"NULL":true}]},"m":{"M":{"x":{"N":"1.5"}}},"ns":{"NS":["1","2"]},"s":{"S":""},"ss":{"SS":["x","y"]}}"#;
    assert_eq!(lines(&format!("{{\"Item\":{every}}}\n")), [every]);
}

#[test]
fn a_line_that_cannot_be_read_ends_its_object() {
    for line in [
        "nonsense",
        "{}",
        "[]",
        "{\"Item\":1}",
        "{\"Item\":{\"a\":{\"S\":1}}}",
        "{\"Item\":{}} x",
        "{\"Item\":{\"a\":{\"B\":\"?\"}}}",
    ] {
        let found = lines(&format!("{{\"Item\":{{\"pk\":{{\"S\":\"a\"}}}}}}\n{line}\n{TWO_LINES}"));
        assert_eq!(found.len(), 2, "{line}: {found:?}");
        assert_eq!(found[0], TWO_ITEMS[0]);
        assert!(found[1].starts_with("!! "), "{line}: {found:?}");
    }
}

#[test]
fn an_item_that_is_not_valid_costs_only_itself() {
    let deep = |levels: usize| format!("{}{{\"NULL\":true}}{}", "{\"L\":[".repeat(levels - 1), "]}".repeat(levels - 1));
    let refused = [
        (r#"{"S":"a","N":"1"}"#.to_owned(), "! Supplied AttributeValue has more than one datatypes set"),
        ("{}".to_owned(), "! Supplied AttributeValue is empty"),
        (r#"{"N":"x"}"#.to_owned(), "! The parameter cannot be converted to a numeric value: x"),
        (format!("{{\"N\":\"{}\"}}", "1".repeat(39)), "! Attempting to store more than 38 significant digits"),
        (r#"{"SS":[]}"#.to_owned(), "! One or more parameter values were invalid: An string set  may not be empty"),
        (
            r#"{"SS":["a","a"]}"#.to_owned(),
            "! One or more parameter values were invalid: Input collection [a, a] contains",
        ),
        (r#"{"NULL":false}"#.to_owned(), "! One or more parameter values were invalid: Null attribute value types"),
        (r#"{"M":{"":{"S":"x"}}}"#.to_owned(), "! One or more parameter values were invalid: Empty attribute name"),
        (deep(33), "! Nesting Levels have exceeded supported limits"),
        (deep(50), "! Nesting Levels have exceeded supported limits"),
    ];
    for (value, refusal) in refused {
        let found = lines(&format!("{{\"Item\":{{\"a\":{value}}}}}\n{TWO_LINES}"));
        assert!(found[0].starts_with(refusal), "{value}: {found:?}");
        assert_eq!(found[1..], TWO_ITEMS);
    }
    assert_eq!(lines(&format!("{{\"Item\":{{\"a\":{}}}}}\n", deep(32))).len(), 1);
    let far_too_deep = lines(&format!("{{\"Item\":{{\"a\":{}}}}}\n", deep(10_000)));
    assert!(far_too_deep[0].starts_with("! Nesting Levels have exceeded supported limits"), "{far_too_deep:?}");
}

#[test]
fn a_line_is_bounded() {
    let long = format!("{{\"Item\":{{\"pk\":{{\"S\":\"{}\"}}}}}}", "a".repeat(RECORD_SIZE_MAX));
    for object in [long.clone(), format!("{long}\n")] {
        for compression in [Compression::None, Compression::Gzip] {
            let bytes =
                if compression == Compression::Gzip { gzip(object.as_bytes()) } else { object.clone().into_bytes() };
            let found = read_in(InputFormat::DynamoDbJson, compression, &bytes, 4096);
            assert_eq!(found, ["!! a record is larger than 4194304 bytes"]);
        }
    }
}

/// What an item of 400 KB can take most in a line: characters that are escaped, and lists of NULL.
#[test]
fn the_largest_items_are_no_longer_than_a_line() {
    let text = format!("{{\"S\":\"{}\"}}", "\\u0001".repeat(400_000));
    let nulls = format!("{{\"L\":[{}]}}", vec!["{\"NULL\":true}"; 200_000].join(","));
    for value in [text, nulls] {
        let found = lines(&format!("{{\"Item\":{{\"a\":{value}}}}}\n"));
        assert!(found.len() == 1 && !found[0].starts_with('!'), "{}", &found[0][..80]);
    }
}

#[test]
fn compressed_objects_may_have_several_parts() {
    let (first, second) = TWO_LINES.split_at(40);
    let two_members = [gzip(first.as_bytes()), gzip(b""), gzip(second.as_bytes())].concat();
    assert_eq!(read(&InputFormat::DynamoDbJson, Compression::Gzip, &two_members), TWO_ITEMS);
    let skipped = [&0x184D_2A53_u32.to_le_bytes()[..], &5_u32.to_le_bytes(), b"hello"].concat();
    let two_frames = [skipped.clone(), zstd(first.as_bytes()), skipped, zstd(second.as_bytes())].concat();
    assert_eq!(read(&InputFormat::DynamoDbJson, Compression::Zstd, &two_frames), TWO_ITEMS);
    for compression in [Compression::Gzip, Compression::Zstd] {
        assert_eq!(read(&InputFormat::DynamoDbJson, compression, b""), [""; 0], "an empty object has no items");
    }
}

#[test]
fn what_is_not_compressed_as_said_fails_once() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        let found = read(&InputFormat::DynamoDbJson, compression, TWO_LINES.as_bytes());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("!! the object is not a valid "), "{found:?}");
        let bytes =
            if compression == Compression::Gzip { gzip(TWO_LINES.as_bytes()) } else { zstd(TWO_LINES.as_bytes()) };
        let found = read(&InputFormat::DynamoDbJson, Compression::None, &bytes);
        assert!(found.len() == 1 && found[0].starts_with("!! "), "{found:?}");
        for size in 1..bytes.len() {
            let found = read_in(InputFormat::DynamoDbJson, compression, &bytes[..size], 16);
            assert!(found.last().is_some_and(|last| last.starts_with("!! ")), "{size} of {}: {found:?}", bytes.len());
        }
    }
}

#[test]
fn little_that_stands_for_much_is_read_in_portions() {
    let lines = TWO_LINES.repeat(200_000);
    for (compression, bytes) in
        [(Compression::Gzip, gzip(lines.as_bytes())), (Compression::Zstd, zstd(lines.as_bytes()))]
    {
        let mut reader = ObjectReader::new(InputFormat::DynamoDbJson, compression);
        reader.push(bytes.into());
        reader.push_end();
        let mut in_memory = 0;
        while matches!(reader.next_record(), Next::Record(_) | Next::Busy) {
            in_memory = in_memory.max(reader.bytes.capacity());
        }
        assert_eq!((reader.count(), reader.offset()), (400_000, lines.len() as u64));
        assert!(in_memory < 4 << 20, "{compression:?}: {in_memory}");
    }
}

#[test]
fn much_that_is_nothing_is_read_in_turns() {
    let blank = vec![b'\n'; 64 << 20];
    let mut reader = ObjectReader::new(InputFormat::DynamoDbJson, Compression::Gzip);
    reader.push(gzip(&blank).into());
    reader.push_end();
    let mut turns = 0;
    while reader.next_record() == Next::Busy {
        turns += 1;
    }
    assert_eq!((reader.count(), reader.offset()), (0, blank.len() as u64));
    assert!(turns > 2, "{turns}");
}

#[test]
fn much_that_is_nothing_ends_its_object() {
    let nothing = vec![b'\n'; BLANK_SIZE_MAX as usize];
    for (format, record) in [(InputFormat::DynamoDbJson, "{\"Item\":{}}\n"), (InputFormat::Ion, "{Item:{}}\n")] {
        let few = [record.as_bytes(), &nothing[1..], record.as_bytes()].concat();
        assert_eq!(read_in(format.clone(), Compression::None, &few, 1 << 20), ["{}"; 2]);
        let many = [record.as_bytes(), &nothing, b"\n", record.as_bytes()].concat();
        let expected = ["{}", "!! more than 67108864 bytes have no record"];
        assert_eq!(read_in(format, Compression::None, &many, 1 << 20), expected);
    }
}

#[test]
fn a_frame_with_a_large_window_is_refused() {
    // Magic number, no flags, a window of 64 MiB.
    let found = read(&InputFormat::DynamoDbJson, Compression::Zstd, &[0x28, 0xb5, 0x2f, 0xfd, 0, 16 << 3, 1, 0, 0]);
    assert!(found[0].starts_with("!! the object is not a valid Zstandard file"), "{found:?}");
}

#[test]
fn an_object_can_be_read_from_an_offset() {
    assert!(ObjectReader::can_start_within(&InputFormat::DynamoDbJson, Compression::None));
    assert!(!ObjectReader::can_start_within(&InputFormat::DynamoDbJson, Compression::Gzip));
    assert!(!ObjectReader::can_start_within(&InputFormat::Ion, Compression::None));
    let mut reader = ObjectReader::new(InputFormat::DynamoDbJson, Compression::None);
    reader.push(Bytes::from_static(TWO_LINES.as_bytes()));
    reader.push_end();
    assert!(matches!(reader.next_record(), Next::Record(Record { index: 0, .. })));
    let offset = reader.offset();
    let mut later = ObjectReader::new(InputFormat::DynamoDbJson, Compression::None);
    later.start_within(offset, 1);
    later.push(Bytes::from_static(&TWO_LINES.as_bytes()[offset as usize..]));
    later.push_end();
    assert_eq!(later.next_record(), reader.next_record());
    assert_eq!((later.offset(), later.count()), (TWO_LINES.len() as u64, 2));
}
