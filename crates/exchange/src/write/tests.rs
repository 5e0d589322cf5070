//! The bytes of lines and of files, as examples.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use model::codec::compact::OwnedMap;
use model::{AttributeValue, Attributes, MapRef, Number};

use super::*;

use AttributeValue::*;

fn number(text: &str) -> Number {
    Number::parse(text).expect("a number")
}

fn item(entries: &[(&str, AttributeValue)]) -> Attributes {
    entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// Checks the line of an item as a tree, and as stored bytes.
fn check(format: LineFormat, item: &Attributes, expected: &str) {
    let stored = OwnedMap::from(item.view());
    for view in [item.view(), MapRef::Compact(stored.view())] {
        let mut line = Vec::new();
        format.push_item(&mut line, view);
        assert_eq!(String::from_utf8(line).as_deref(), Ok(expected));
    }
}

#[test]
fn a_json_line_is_compact_and_sorted() {
    let first = item(&[("pk", S("a".to_owned())), ("n", N(number("600")))]);
    check(LineFormat::DynamoDbJson, &first, "{\"Item\":{\"n\":{\"N\":\"600\"},\"pk\":{\"S\":\"a\"}}}\n");
    let second = item(&[("tags", SS(vec!["x".to_owned(), "y".to_owned()])), ("pk", S("b".to_owned()))]);
    check(LineFormat::DynamoDbJson, &second, "{\"Item\":{\"pk\":{\"S\":\"b\"},\"tags\":{\"SS\":[\"x\",\"y\"]}}}\n");
    check(
        LineFormat::DynamoDbJson,
        &item(&[("b", B(vec![255])), ("a", Null)]),
        "{\"Item\":{\"a\":{\"NULL\":true},\"b\":{\"B\":\"/w==\"}}}\n",
    );
}

#[test]
fn every_type_has_its_ion() {
    let ion = |value: AttributeValue, expected: &str| {
        check(LineFormat::Ion, &item(&[("a", value)]), &format!("$ion_1_0 {{Item:{{a:{expected}}}}}\n"));
    };
    ion(S("q\" 'b' \\ \n\r\t \u{1} \u{7f} é 𝄞".to_owned()), "\"q\\\" 'b' \\\\ \\n\\r\\t \\x01 \\x7f é 𝄞\"");
    ion(S(String::new()), "\"\"");
    ion(Bool(true), "true");
    ion(Bool(false), "false");
    ion(Null, "null");
    ion(B(vec![0xff, 0]), "{{/wA=}}");
    ion(L(vec![Null, S("x".to_owned())]), "[null,\"x\"]");
    ion(M(item(&[("x", N(number("1")))])), "{x:1.}");
    ion(SS(vec!["x".to_owned()]), "$dynamodb_SS::[\"x\"]");
    ion(NS(vec![number("1"), number("2.5")]), "$dynamodb_NS::[1.,2.5]");
    ion(BS(vec![vec![1], vec![2]]), "$dynamodb_BS::[{{AQ==}},{{Ag==}}]");
}

#[test]
fn numbers_have_the_spelling_of_ions_java_library() {
    for (text, expected) in [
        ("103", "103."),
        ("600", "6d2"),
        ("2000", "2d3"),
        ("1.5", "1.5"),
        ("-1.50", "-1.5"),
        ("0", "0."),
        ("0.5", "0.5"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1d-7"),
        ("-12e-9", "-12d-9"),
        ("0.0000012", "0.0000012"),
        ("1e125", "1d125"),
        ("1e-130", "1d-130"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678."),
    ] {
        check(LineFormat::Ion, &item(&[("n", N(number(text)))]), &format!("$ion_1_0 {{Item:{{n:{expected}}}}}\n"));
    }
}

#[test]
fn names_that_are_no_identifiers_are_quoted() {
    for (name, expected) in [
        ("a_B$9", "a_B$9"),
        ("9a", "'9a'"),
        ("a-b", "'a-b'"),
        ("it's", "'it\\'s'"),
        ("null", "'null'"),
        ("true", "'true'"),
        ("$10", "'$10'"),
        ("$", "$"),
        ("é", "'é'"),
        ("a\"b", "'a\"b'"),
    ] {
        check(LineFormat::Ion, &item(&[(name, Null)]), &format!("$ion_1_0 {{Item:{{{expected}:null}}}}\n"));
    }
}

#[test]
fn a_change_has_its_images() {
    let keys = item(&[("pk", S("a".to_owned()))]);
    let image = item(&[("pk", S("a".to_owned())), ("v", N(number("1")))]);
    let whole = Change {
        write_timestamp_micros: 1_684_374_845_117_899,
        keys: keys.view(),
        new_image: Some(image.view()),
        old_image: Some(keys.view()),
    };
    let line = |format: LineFormat, change: &Change<'_>| {
        let mut line = Vec::new();
        format.push_change(&mut line, change);
        String::from_utf8(line).expect("UTF-8")
    };
    assert_eq!(
        line(LineFormat::DynamoDbJson, &whole),
        "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"1684374845117899\"}},\"Keys\":{\"pk\":{\"S\":\"a\"}},\
         \"NewImage\":{\"pk\":{\"S\":\"a\"},\"v\":{\"N\":\"1\"}},\"OldImage\":{\"pk\":{\"S\":\"a\"}}}\n"
    );
    assert_eq!(
        line(LineFormat::Ion, &whole),
        "$ion_1_0 {Record:{Keys:{pk:\"a\"},Metadata:{WriteTimestampMicros:1684374845117899.},\
         NewImage:{pk:\"a\",v:1.},OldImage:{pk:\"a\"}}}\n"
    );
    let deleted = Change { new_image: None, old_image: None, ..whole };
    assert_eq!(
        line(LineFormat::DynamoDbJson, &deleted),
        "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"1684374845117899\"}},\"Keys\":{\"pk\":{\"S\":\"a\"}}}\n"
    );
}

#[test]
fn a_data_file_knows_its_checksum_and_counts() {
    let mut file = DataFile::new();
    let mut sent = Vec::new();
    for at in 0..20_000 {
        file.push(format!("line {at} {}\n", at * 7919).as_bytes(), 1).expect("memory");
        if file.pending_size() > 1000 {
            sent.extend_from_slice(&file.take());
        }
    }
    assert!(!sent.is_empty(), "a file is sent before it is complete");
    let finished = file.finish().expect("memory");
    sent.extend_from_slice(&finished.rest);
    let mut lines = String::new();
    MultiGzDecoder::new(sent.as_slice()).read_to_string(&mut lines).expect("gzip");
    assert_eq!(lines.lines().count(), 20_000);
    assert_eq!((finished.item_count, finished.size), (20_000, lines.len() as u64));
    assert_eq!(finished.compressed_size, sent.len() as u64);
    assert_eq!(base64_simd::STANDARD.encode_to_string(finished.md5), md5_base64(&sent));
}

#[test]
fn a_data_file_without_lines_is_a_gzip_of_nothing() {
    let finished = DataFile::new().finish().expect("memory");
    assert_eq!(finished.compressed_size, 20);
    assert_eq!(finished.item_count, 0);
    let mut lines = String::new();
    MultiGzDecoder::new(finished.rest.as_ref()).read_to_string(&mut lines).expect("gzip");
    assert_eq!(lines, "");
}

#[test]
fn a_manifest_has_its_checksum_in_base64() {
    let manifest = "{\"itemCount\":2,\"md5Checksum\":\"IjHox0eq3M49eYwZDZUCCg==\",\"etag\":\"7ff3d12b179039031fad85980fd53fce-1\",\"dataFileS3Key\":\"nightly/AWSDynamoDB/01795944000123-0badf00d/data/mfxwk3tqmfzgs5dimfzgs5dimu.json.gz\"}\n{\"itemCount\":0,\"md5Checksum\":\"Sk3TWYcHYDs/dqI3ikUEqg==\",\"etag\":\"a6b2cbb1ed8396717de354038c5cd5ff-1\",\"dataFileS3Key\":\"nightly/AWSDynamoDB/01795944000123-0badf00d/data/nbswy3dpeb3w64tmmqqhi2djom.json.gz\"}\n";
    assert_eq!(md5_base64(manifest.as_bytes()), "/oTEPP7Q/apj/Vowf/BMrg==");
}
