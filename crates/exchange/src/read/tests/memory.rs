//! What a record becomes in memory, by a count of its tree.

use std::collections::BTreeMap;

use model::AttributeValue;

use super::*;

const TOO_LARGE: &str = "!! a record takes more than 33554432 bytes of memory";

fn csv() -> InputFormat {
    InputFormat::Csv(CsvOptions { delimiter: b',', header: None, key_types: BTreeMap::new() })
}

fn plain() -> InputFormat {
    InputFormat::Plain(BTreeMap::new())
}

/// All records, as `read_in` has them.
fn found(format: InputFormat, object: &[u8]) -> Vec<String> {
    read_in(format, Compression::None, object, 1 << 16)
}

/// What a value takes, without the place where it is.
fn heap(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.capacity(),
        AttributeValue::B(bytes) => bytes.capacity(),
        AttributeValue::L(list) => size_of::<AttributeValue>() * list.capacity() + list.iter().map(heap).sum::<usize>(),
        AttributeValue::M(map) => attributes(map),
        AttributeValue::SS(set) => {
            size_of::<String>() * set.capacity() + set.iter().map(String::capacity).sum::<usize>()
        }
        AttributeValue::N(_) | AttributeValue::Bool(_) | AttributeValue::Null => 0,
        AttributeValue::NS(_) | AttributeValue::BS(_) => panic!("no test has one"),
    }
}

fn attributes(map: &Attributes) -> usize {
    let one = |(name, value): (&str, &AttributeValue)| size_of::<(String, AttributeValue)>() + name.len() + heap(value);
    map.iter().map(one).sum()
}

/// A binary Ion value with a long length.
fn long(kind: u8, content: &[u8]) -> Vec<u8> {
    let size = content.len();
    let length = [(size >> 21) as u8, (size >> 14 & 0x7f) as u8, (size >> 7 & 0x7f) as u8, 0x80 | (size & 0x7f) as u8];
    [&[kind << 4 | 14][..], &length, content].concat()
}

/// Binary Ion: a symbol table of these texts, from number 10 on, and a record whose item is this content of a struct.
fn binary(symbols: &[&[u8]], item: &[u8]) -> Vec<u8> {
    let names: Vec<u8> = symbols.iter().flat_map(|text| long(8, text)).collect();
    let table = long(13, &[&[0x87][..], &long(11, &names)].concat());
    let table = long(14, &[&[0x81, 0x83][..], &table].concat());
    [&[0xE0, 1, 0, 0xEA][..], &table, &long(13, &[&[0x8A][..], &long(13, item)].concat())].concat()
}

#[test]
fn symbols_of_ion_count_as_often_as_they_are_named() {
    let long_text = "x".repeat(4_000_000);
    let begin = format!("$ion_symbol_table::{{symbols:[\"{long_text}\"]}}\n");
    for record in [
        format!("{{Item:{{{}}}}}", "$10:1,".repeat(300)),
        format!("{{Item:{{a:[{}]}}}}", "$10,".repeat(300)),
        format!("{{Item:{{a:{}1}}}}", "$10::".repeat(300)),
    ] {
        assert_eq!(found(InputFormat::Ion, format!("{begin}{record}").as_bytes()), [TOO_LARGE]);
    }
    // Fields, symbols as values, annotations.
    for item in [
        [0x8B, 0x11].repeat(300),
        [&[0x84][..], &long(11, &[0x71, 11].repeat(300))].concat(),
        [&[0x84][..], &long(14, &[&[2, 0x80 | 44][..], &[0x8B; 300], &[0x11]].concat())].concat(),
    ] {
        assert_eq!(found(InputFormat::Ion, &binary(&[b"Item", long_text.as_bytes()], &item)), [TOO_LARGE]);
    }
}

#[test]
fn values_of_a_byte_are_counted() {
    let count = 4_000_000;
    for (format, object) in [
        (InputFormat::Ion, binary(&[b"Item"], &[&[0x84][..], &long(11, &vec![0x0F; count])].concat())),
        (InputFormat::Ion, format!("{{Item:{{a:[{}]}}}}", "1,".repeat(count / 2)).into_bytes()),
        (InputFormat::Ion, format!("{{Item:{{a:{}1}}}}", "b::".repeat(count / 3)).into_bytes()),
        (
            InputFormat::DynamoDbJson,
            format!("{{\"Item\":{{\"a\":{{\"L\":[{}{{}}]}}}}}}", "{},".repeat(count / 3)).into(),
        ),
        (
            InputFormat::DynamoDbJson,
            format!("{{\"Item\":{{\"a\":{{\"SS\":[{}\"\"]}}}}}}", "\"\",".repeat(count / 3)).into(),
        ),
        (plain(), format!("{{\"a\":[{}1]}}", "1,".repeat(count / 2)).into()),
        (csv(), format!("a,b\n{}\n", ",".repeat(count)).into()),
        (csv(), format!("{}\n", ",".repeat(count)).into()),
    ] {
        assert_eq!(found(format, &object), [TOO_LARGE], "{}", String::from_utf8_lossy(&object[..20]));
    }
}

/// The largest item by DynamoDB's own measure, in each format: it is read, and takes no more than it says.
#[test]
fn what_a_record_takes_is_what_it_says() {
    let empty_texts = model::limits::ITEM_SIZE_MAX - 4;
    let objects = [
        (InputFormat::Ion, binary(&[b"Item"], &[&[0x84][..], &long(11, &vec![0x80; empty_texts])].concat())),
        (InputFormat::Ion, format!("{{Item:{{a:[{}]}}}}", "\"\",".repeat(empty_texts)).into()),
        (
            InputFormat::DynamoDbJson,
            format!("{{\"Item\":{{\"a\":{{\"L\":[{}{{\"S\":\"\"}}]}}}}}}", "{\"S\":\"\"},".repeat(empty_texts - 1))
                .into(),
        ),
        (plain(), format!("{{\"a\":[{}\"\"]}}", "\"\",".repeat(empty_texts - 1)).into()),
        (InputFormat::Ion, binary(&[b"Item", &[b'x'; 60_000]], &[0x8B, 0x11].repeat(500))),
    ];
    for (format, object) in objects {
        let mut reader = ObjectReader::new(format, Compression::None);
        reader.push(object.into());
        reader.push_end();
        let record = loop {
            match reader.next_record() {
                Next::Record(record) => break record,
                Next::Busy => {}
                other => panic!("{other:?}"),
            }
        };
        let taken = attributes(&record.item.expect("an item"));
        assert!(taken <= record.memory && record.memory <= RECORD_MEMORY_MAX, "{taken} of {}", record.memory);
        assert_eq!(reader.next_record(), Next::End);
    }
}
