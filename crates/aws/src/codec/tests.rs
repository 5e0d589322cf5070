//! Requests and answers of one toy service in all protocols, and bytes that are none.
#![allow(unreachable_pub)]

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::form::Parameters;
use crate::shape::{Bounds, list, map, optional, structure};
use crate::toy::TOY;
use crate::typed::structures;
use crate::value::Timestamp;

structures! {
    Thing {
        0 name required String;
        1 kind optional String;
        2 count optional i32;
        3 size optional i64;
        4 ratio optional f64;
        5 is_on optional bool;
        6 data optional Vec<u8>;
        7 at optional Timestamp;
        8 tags optional Vec<Tag>;
        9 labels optional BTreeMap<String, i32>;
        10 parts optional Vec<Thing>;
        11 flat optional Vec<i32>;
        12 id optional String;
        13 keys optional Vec<String>;
        14 nth optional i32;
    }
    Tag {
        0 key required String;
        1 value optional String;
    }
}

fn put_thing() -> OperationId {
    TOY.operation("PutThing").expect("an operation")
}

/// A thing with every kind of member that all protocols have in their bodies.
fn whole() -> Thing {
    let named = |name: &str| Thing { name: name.to_owned(), ..Thing::default() };
    Thing {
        kind: Some("RED".to_owned()),
        count: Some(7),
        size: Some(-5_000_000_000),
        ratio: Some(0.25),
        is_on: Some(true),
        data: Some(vec![0, 255]),
        at: Some(Timestamp(1_700_000_000_500)),
        tags: Some(vec![
            Tag { key: "k".to_owned(), value: Some("v".to_owned()) },
            Tag { key: "l".to_owned(), value: None },
        ]),
        labels: Some([("one".to_owned(), 1), ("two".to_owned(), 2)].into()),
        parts: Some(vec![Thing { parts: Some(vec![named("b")]), ..named("a") }]),
        flat: Some(vec![1, 2]),
        ..named("thing")
    }
}

fn body(protocol: Protocol, bytes: &[u8]) -> Result<Thing, DecodeError> {
    let body = Bytes::copy_from_slice(bytes);
    let input = match protocol {
        Protocol::RestJson => Input::Rest { labels: Vec::new(), query: "", body },
        _ => Input::Body(body),
    };
    decode(put_thing(), protocol, &input).and_then(|request| typed(put_thing(), request))
}

fn form(form: &str) -> Result<Thing, DecodeError> {
    let parameters = Parameters::parse(form.as_bytes()).map_err(|_| DecodeError::Malformed)?;
    decode(put_thing(), Protocol::Query, &Input::Form(&parameters)).and_then(|request| typed(put_thing(), request))
}

fn answered(protocol: Protocol, thing: Thing) -> Reply {
    let Value::Structure(output) = thing.into_value() else { panic!("a structure") };
    answer(put_thing(), protocol, &output, "id")
}

/// In these protocols requests and answers are written alike.
#[test]
fn answers_are_read_as_they_are_written() {
    for protocol in [Protocol::AwsJson, Protocol::RestJson, Protocol::RpcV2Cbor] {
        let reply = answered(protocol, whole());
        assert_eq!(reply.status, if protocol == Protocol::RestJson { 201 } else { 200 });
        assert_eq!(body(protocol, &reply.body), Ok(whole()), "{protocol:?}");
    }
}

#[test]
fn json_bodies() {
    let reply = answered(Protocol::AwsJson, whole());
    let expected = r#"{"Name":"thing","Kind":"RED","Count":7,"Size":-5000000000,"Ratio":0.25,"IsOn":true,"Data":"AP8=","At":1700000000.500,"Tags":[{"Key":"k","Value":"v"},{"Key":"l"}],"Labels":{"one":1,"two":2},"Parts":[{"Name":"a","Parts":[{"Name":"b"}]}],"Flat":[1,2]}"#;
    assert_eq!(String::from_utf8(reply.body).unwrap(), expected);
    let read = |text: &str| body(Protocol::AwsJson, text.as_bytes());
    let named = Thing { name: "a".to_owned(), ..Thing::default() };
    for text in [r#"{"Name":"a"}"#, r#" {"Name":"b","Kind":null,"Other":{"x":[1,{}]},"Name":"a"} "#] {
        assert_eq!(read(text), Ok(named.clone()), "{text}");
    }
    assert_eq!(read(r#"{"Name":"a","Count":5.0}"#), Ok(Thing { count: Some(5), ..named.clone() }));
    assert_eq!(read(r#"{"Name":"a","Labels":{"x":1,"x":2}}"#).unwrap().labels, Some([("x".to_owned(), 2)].into()));
    assert_eq!(read(r#"{"Name":"a","At":"2023-11-14T22:13:20.5Z"}"#).unwrap().at, Some(Timestamp(1_700_000_000_500)));
    for text in ["[]", "7", "null", "\"a\"", "{", "{}x", "{\"Name\":\"\\ud800\"}", "\u{feff}{}"] {
        assert_eq!(read(text), Err(DecodeError::Malformed), "{text}");
    }
}

#[test]
fn members_of_another_type() {
    let check = |text: &str, member: &'static str, expected: Expected| {
        assert_eq!(body(Protocol::AwsJson, text.as_bytes()), Err(DecodeError::Type { member, expected }), "{text}");
    };
    check(r#"{"Name":1}"#, "Name", Expected::Other);
    check(r#"{"Count":"1"}"#, "Count", Expected::Number);
    check(r#"{"Count":1.5}"#, "Count", Expected::Number);
    check(r#"{"Size":1e30}"#, "Size", Expected::Number);
    check(r#"{"IsOn":"true"}"#, "IsOn", Expected::Boolean);
    check(r#"{"At":-1}"#, "At", Expected::Timestamp);
    check(r#"{"Data":"*"}"#, "Data", Expected::Other);
    check(r#"{"Tags":{}}"#, "Tags", Expected::Other);
    check(r#"{"Tags":[null]}"#, "Tags", Expected::Other);
    check(r#"{"Labels":{"a":null}}"#, "Labels", Expected::Other);
    check(r#"{"Tags":[{"Key":[]}]}"#, "Key", Expected::Other);
    for (text, member, expected) in [
        ("Name=a&Count=x", "Count", Expected::Number),
        ("Name=a&Ratio=inf", "Ratio", Expected::Number),
        ("Name=a&IsOn=1", "IsOn", Expected::Boolean),
        ("Name=a&At=1", "At", Expected::Timestamp),
    ] {
        assert_eq!(form(text), Err(DecodeError::Type { member, expected }), "{text}");
    }
}

#[test]
fn forms() {
    let sent = "Action=PutThing&Name=thing&Kind=RED&Count=7&Size=-5000000000&Ratio=0.25&IsOn=true&Data=AP8%3D&\
                At=2023-11-14T22:13:20.500Z&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.7.Key=l&\
                Labels.entry.1.key=one&Labels.entry.1.value=1&Labels.entry.2.key=two&Labels.entry.2.value=2&\
                Parts.member.1.Name=a&Parts.member.1.Parts.member.1.Name=b&Flat.1=1&Flat.2=2&Other=x&Id=y";
    assert_eq!(form(sent), Ok(Thing { id: Some("y".to_owned()), ..whole() }));
    let empty = form("Name=a&Tags=&Labels=").unwrap();
    assert_eq!((empty.tags, empty.labels, empty.flat), (Some(Vec::new()), Some(BTreeMap::new()), None));
}

/// What is misspelt below a known member is refused: an AssumeRole without its list of session policies has all of the role's.
#[test]
fn parameters_of_another_form_than_their_member() {
    let refused = [
        "Tags=k",
        "Tags.member.1=k",
        "Tags.1.Key=k",
        "Tags.member.0.Key=k",
        "Tags.member.01.Key=k",
        "Tags.member.4294967296.Key=k",
        "Tags.member.x.Key=k",
        "Kind.x=RED",
        "Labels.entry.1.value=1",
        "Labels.1.key=k",
        "Flat.member.1=7",
    ];
    for text in refused {
        let refusal = form(&format!("Name=a&{text}"));
        assert!(matches!(refusal, Err(DecodeError::Type { .. })), "{text}: {refusal:?}");
    }
    let tags =
        |text: &str| form(&format!("Name=a&Other.member.x=1&{text}")).map(|thing| thing.tags.map(|tags| tags.len()));
    assert_eq!(tags(""), Ok(None));
    assert_eq!(tags("Tags="), Ok(Some(0)));
    assert_eq!(tags("Tags.member.7.Key=k&Tags.member.7.Unknown=x&Tags.member.9.Key=l"), Ok(Some(2)));
}

/// Of several values of a member the last one counts, also where it is none.
#[test]
fn a_later_null_is_the_value() {
    let named = Thing { name: "a".to_owned(), ..Thing::default() };
    assert_eq!(body(Protocol::AwsJson, br#"{"Name":"a","Kind":"RED","Kind":null}"#), Ok(named.clone()));
    assert_eq!(body(Protocol::RpcV2Cbor, b"\xbf\x64Name\x61a\x64Kind\x63RED\x64Kind\xf6\xff"), Ok(named));
}

#[test]
fn xml_answers() {
    let expected = "<PutThingResponse xmlns=\"https://toy/\"><PutThingResult><Name>thing</Name><Kind>RED</Kind>\
        <Count>7</Count><Size>-5000000000</Size><Ratio>0.25</Ratio><IsOn>true</IsOn><Data>AP8=</Data>\
        <At>2023-11-14T22:13:20.500Z</At><Tags><member><Key>k</Key><Value>v</Value></member><member><Key>l</Key>\
        </member></Tags><Labels><entry><key>one</key><value>1</value></entry><entry><key>two</key><value>2</value>\
        </entry></Labels><Parts><member><Name>a</Name><Parts><member><Name>b</Name></member></Parts></member></Parts>\
        <Flat>1</Flat><Flat>2</Flat></PutThingResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>\
        </PutThingResponse>";
    assert_eq!(String::from_utf8(answered(Protocol::Query, whole()).body).unwrap(), expected);
}

#[test]
fn members_in_paths_and_queries() {
    let labels = vec![("Id", "label".to_owned())];
    let body = Bytes::from_static(br#"{"Name":"a","Id":"x"}"#);
    let twice = Input::Rest { labels: labels.clone(), query: "count=1&c%6funt=2", body: body.clone() };
    let refusal = DecodeError::Type { member: "Nth", expected: Expected::Number };
    assert_eq!(decode(put_thing(), Protocol::RestJson, &twice), Err(refusal));
    let input = Input::Rest { labels, query: "keys=b&keys=c%2B+&Keys=d&other&c%6funt=2", body };
    let request = decode(put_thing(), Protocol::RestJson, &input).unwrap();
    let thing = Thing::from_value(Value::Structure(request)).unwrap();
    let expected = Thing {
        name: "a".to_owned(),
        id: Some("label".to_owned()),
        keys: Some(vec!["b".to_owned(), "c+ ".to_owned()]),
        nth: Some(2),
        ..Thing::default()
    };
    assert_eq!(thing, expected);
}

/// As the SDK for Go sends them: maps and lists of indefinite length; and in other ways that RFC 8949 has.
#[test]
fn cbor_bodies() {
    let read = |bytes: &[u8]| body(Protocol::RpcV2Cbor, bytes);
    let named = |member: &[u8]| read(&[b"\xbf\x64Name\x61a", member, b"\xff"].concat());
    assert_eq!(named(b"\x65Count\x07").unwrap().count, Some(7));
    assert_eq!(named(b"\x64Size\x3b\0\0\0\x01\x2a\x05\xf1\xff").unwrap().size, Some(-5_000_000_000));
    assert_eq!(named(b"\x62At\xc1\xfb\x41\xd9\x54\xfc\x40\x20\0\0").unwrap().at, Some(Timestamp(1_700_000_000_500)));
    assert_eq!(named(b"\x62At\xc1\x1a\x65\x53\xf1\0").unwrap().at, Some(Timestamp(1_700_000_000_000)));
    assert_eq!(named(b"\x65Ratio\xf9\x34\0").unwrap().ratio, Some(0.25));
    assert_eq!(named(b"\x65Ratio\xfa\x3e\x80\0\0").unwrap().ratio, Some(0.25));
    assert_eq!(named(b"\x65Ratio\x20").unwrap().ratio, Some(-1.0));
    assert_eq!(named(b"\x64Flat\x82\x01\x02").unwrap().flat, Some(vec![1, 2]));
    assert_eq!(named(b"\x64Kind\x7f\x62RE\x61D\xff").unwrap().kind, Some("RED".to_owned()));
    assert_eq!(named(b"\x64Kind\xf6\x65Other\xa1\x82\x01\xc2\x41\0\xbf\xff").unwrap().kind, None);
    assert_eq!(read(b"\xa1\x64Name\x61a").unwrap().name, "a");
    for bytes in [
        &b"\xbf"[..],
        b"\xa1",
        b"\xa2\x64Name\x61a",
        b"\xbf\x64Name\x61a\xff\0",
        b"\xbf\x64Name\x61\xff\xff",
        b"\xbf\x01\x02\xff",
        b"\x80",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xbf\x64Name\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xbf\x64Name\x1c\xff",
        b"\xbf\x61x\xff\xff",
    ] {
        assert_eq!(read(bytes), Err(DecodeError::Malformed), "{bytes:02x?}");
    }
    let misfit = |member: &'static str, expected| Err(DecodeError::Type { member, expected });
    assert_eq!(named(b"\x65Count\x61\x31"), misfit("Count", Expected::Number));
    assert_eq!(named(b"\x62At\xc1\x20"), misfit("At", Expected::Timestamp));
    assert_eq!(named(b"\x64Flat\x81\xf6"), misfit("Flat", Expected::Other));
    assert_eq!(named(b"\x64Size\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), misfit("Size", Expected::Number));
}

#[test]
fn halves() {
    for (bits, number) in
        [(0x3c00, 1.0), (0xc000, -2.0), (0x0001, 2f64.powi(-24)), (0x7bff, 65_504.0), (0x7c00, f64::INFINITY)]
    {
        assert_eq!(cbor::half(bits), number);
    }
    assert!(cbor::half(0x7e00).is_nan());
}

#[test]
fn broken_constraints_are_in_one_sentence() {
    let refused = |text: &str| body(Protocol::AwsJson, text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        refused("{}"),
        "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"
    );
    assert_eq!(
        refused(r#"{"Name":"","Kind":"GREEN","Count":11,"Tags":[{"Key":"k"},{"Key":"A","Value":"123456789"}]}"#),
        "6 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater \
         than or equal to 1; Value 'GREEN' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: \
         [RED, BLUE]; Value '11' at 'count' failed to satisfy constraint: Member must have value less than or equal to \
         10; Value 'A' at 'tags.2.member.key' failed to satisfy constraint: Member must satisfy regular expression \
         pattern: [a-z]*; Value '123456789' at 'tags.2.member.value' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [a-z]*; Value '123456789' at 'tags.2.member.value' failed to satisfy constraint: \
         Member must have length less than or equal to 8"
    );
    assert_eq!(
        refused(r#"{"Name":"a","Tags":[{"Key":"k","Value":"v"},{"Key":"l"},{"Key":"m"}],"Data":"AAAAAAA="}"#),
        "2 validation errors detected: Value '5 bytes' at 'data' failed to satisfy constraint: Member must have length \
         less than or equal to 4; Value '[Tag(key=k, value=v), Tag(key=l), Tag(key=m)]' at 'tags' failed to satisfy \
         constraint: Member must have length less than or equal to 2"
    );
    assert_eq!(
        refused(r#"{"Name":"a","Labels":{"A":1,"b":11}}"#),
        "2 validation errors detected: Value '{A=1, b=11}' at 'labels' failed to satisfy constraint: Map keys must \
         satisfy constraint: [Member must have length less than or equal to 8, Member must have length greater than or \
         equal to 1, Member must satisfy regular expression pattern: [a-z]*]; Value '{A=1, b=11}' at 'labels' failed to \
         satisfy constraint: Member must satisfy constraint: [Member must have value less than or equal to 10, Member \
         must have value greater than or equal to 0]"
    );
}

#[test]
fn sizes_are_checked_by_themselves() {
    let sizes = |text: &str| {
        let body = Bytes::copy_from_slice(text.as_bytes());
        let request = decode(put_thing(), Protocol::AwsJson, &Input::Body(body)).expect("a request");
        check_sizes(put_thing(), &request).map_err(|error| error.to_string())
    };
    assert_eq!(sizes(r#"{"Kind":"GREEN","Count":-1,"Tags":[{"Key":""}]}"#), Ok(()));
    assert_eq!(
        sizes(r#"{"Kind":"GREEN","Count":11,"Tags":[{"Key":"ABCDEFGHI"}]}"#),
        Err("2 validation errors detected: Value '11' at 'count' failed to satisfy constraint: Member must have value \
             less than or equal to 10; Value 'ABCDEFGHI' at 'tags.1.member.key' failed to satisfy constraint: Member must \
             have length less than or equal to 8"
            .to_owned())
    );
}

/// As IAM words it.
#[test]
fn single_items_are_refused_where_the_service_does() {
    let flat = Value::List([1, 11, -1].map(Value::Integer).into());
    let mut request = Structure::default();
    request.put(0, Value::Text("a".to_owned()));
    request.put(11, flat);
    let refused = |refuses_items| crate::check::check(TOY.shapes, refuses_items, 0, &request, Extent::All).unwrap_err();
    assert_eq!(
        refused(true).to_string(),
        "2 validation errors detected: Value '11' at 'flat' failed to satisfy constraint: Member must have value less \
         than or equal to 10; Value '-1' at 'flat' failed to satisfy constraint: Member must have value greater than or \
         equal to 0"
    );
    assert_eq!(
        refused(false).to_string(),
        "1 validation error detected: Value '[1, 11, -1]' at 'flat' failed to satisfy constraint: Member must satisfy \
         constraint: [Member must have value less than or equal to 10, Member must have value greater than or equal to 0]"
    );
}

#[test]
fn members_are_found_by_name() {
    use crate::{IAM, Members};
    let operation = IAM.operation("CreateUser").expect("an operation");
    let sent = "UserName=ada&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.2.Key=l&MaxItems=7&Other=x";
    let parameters = Parameters::parse(sent.as_bytes()).expect("a form");
    let request = decode(operation, Protocol::Query, &Input::Form(&parameters)).expect("a request");
    let members = Members::of_request(operation, &request);
    assert_eq!((members.text("UserName"), members.text("Path"), members.text("Other")), (Some("ada"), None, None));
    // What the operation does not have is not there, and what is of another type is not either.
    assert_eq!((members.text("MaxItems"), members.text("Tags")), (None, None));
    let tags = members.structures("Tags");
    let tags: Vec<_> = tags.iter().map(|tag| (tag.text("Key"), tag.text("Value"))).collect();
    assert_eq!(tags, [(Some("k"), Some("v")), (Some("l"), None)]);
    assert!(members.structures("UserName").is_empty() && members.texts("Tags").is_empty());
}

/// A refusal is not many times its request.
#[test]
fn refusals_are_bounded() {
    let parts = r#"{"Name":"A"},"#.repeat(1_000);
    let text = format!(r#"{{"Name":"a","Parts":[{}]}}"#, parts.trim_end_matches(','));
    let refused = body(Protocol::AwsJson, text.as_bytes()).unwrap_err().to_string();
    assert!(refused.starts_with("64 validation errors detected: "), "{refused}");
    let long = format!(r#"{{"Name":"{}"}}"#, "é".repeat(1_000_000));
    let refused = body(Protocol::AwsJson, long.as_bytes()).unwrap_err().to_string();
    assert!(refused.len() < 4_096, "{}", refused.len());
}

/// One item refuses its list, whatever the number of others is.
#[test]
fn many_broken_items_are_one_constraint() {
    static WORDS: &[Shape] = &[
        structure("Many", &[optional("Words", 1), optional("Map", 3)]),
        list(2, Bounds::NONE),
        Shape::Words(&["RED", "BLUE"]),
        map(2, 2, Bounds::NONE),
    ];
    let word = |at: usize| format!("word{at}");
    let mut many = Structure::default();
    many.put(0, Value::List((0..400_000).map(|at| Value::Text(word(at))).collect()));
    many.put(1, Value::Map((0..400_000).map(|at| (word(at), Value::Text(word(at)))).collect()));
    let broken = crate::check::check(WORDS, false, 0, &many, Extent::All).unwrap_err();
    assert_eq!(broken.into_sentences().len(), 3);
    let broken = crate::check::check(WORDS, true, 0, &many, Extent::All).unwrap_err();
    assert_eq!(broken.into_sentences().len(), 64);
}

/// Outside of REST a path, a query string and headers have no members: they are in the body, under their own names.
#[test]
fn places_of_members_are_rests_alone() {
    let thing = Thing {
        name: "a".to_owned(),
        id: Some("i".to_owned()),
        keys: Some(vec!["k".to_owned()]),
        nth: Some(1),
        ..Thing::default()
    };
    for protocol in [Protocol::AwsJson, Protocol::RpcV2Cbor] {
        let encoded = answer(put_thing(), protocol, &output(thing.clone()), "id");
        assert_eq!(body(protocol, &encoded.body), Ok(thing.clone()), "{protocol:?}");
    }
    let json = answer(put_thing(), Protocol::AwsJson, &output(thing.clone()), "id").body;
    assert_eq!(String::from_utf8_lossy(&json), r#"{"Name":"a","Id":"i","Keys":["k"],"Nth":1}"#);
    let rest = |labels: &[(&'static str, String)], query: &str| {
        decode_rest(put_thing(), labels, query, &json).and_then(|request| typed::<Thing>(put_thing(), request))
    };
    assert_eq!(rest(&[("Id", "i".to_owned())], "keys=k&count=1"), Ok(thing.clone()));
    assert_eq!(rest(&[], ""), Ok(Thing { name: "a".to_owned(), ..Thing::default() }));
    assert_eq!(form("Name=a&Id=i&Keys.member.1=k&Nth=1"), Ok(thing.clone()));
    let xml = answer(put_thing(), Protocol::Query, &output(thing), "id").body;
    let result = "<Name>a</Name><Id>i</Id><Keys><member>k</member></Keys><Nth>1</Nth>";
    assert!(String::from_utf8_lossy(&xml).contains(result), "{}", String::from_utf8_lossy(&xml));
}

/// CloudWatch's largest request, within its size: 1,000 data with five dimensions each.
#[test]
fn the_largest_forms_are_decoded() {
    let put = crate::CLOUDWATCH.operation("PutMetricData").expect("an operation");
    let datum = |at: usize| {
        let prefix = format!("MetricData.member.{at}");
        let dimension = |of: usize| {
            let prefix = format!("{prefix}.Dimensions.member.{of}");
            format!("&{prefix}.Name=n{of}&{prefix}.Value=v{of}")
        };
        let dimensions: String = (1..=5).map(dimension).collect();
        format!("&{prefix}.MetricName=m&{prefix}.Value={at}&{prefix}.Unit=Count{dimensions}")
    };
    let form: String = (1..=1_000).map(datum).collect();
    let form = format!("Action=PutMetricData&Version=2010-08-01&Namespace=n{form}");
    let parameters = Parameters::parse(form.as_bytes()).expect("a form");
    let request = decode(put, Protocol::Query, &Input::Form(&parameters)).expect("a request");
    assert_eq!(check(put, &request), Ok(()));
    let members = crate::Members::of_request(put, &request);
    assert_eq!(members.structures("MetricData").len(), 1_000);
    assert_eq!(members.structures("MetricData")[999].structures("Dimensions").len(), 5);
}

#[test]
fn depth_and_counts_are_bounded() {
    let deep = |depth: usize| [r#"{"Name":"a","Parts":["#.repeat(depth), "]}".repeat(depth)].concat();
    assert!(body(Protocol::AwsJson, deep(20).as_bytes()).is_ok());
    for depth in [40, 60, 100, 10_000] {
        let refused = body(Protocol::AwsJson, deep(depth).as_bytes()).unwrap_err();
        assert!(matches!(refused, DecodeError::TooLarge | DecodeError::Malformed), "{refused:?}");
    }
    let many = format!(r#"{{"Flat":[{}1]}}"#, "1,".repeat(VALUES_MAX));
    assert_eq!(body(Protocol::AwsJson, many.as_bytes()), Err(DecodeError::TooLarge));
    let deep = |name: &[u8], depth: usize| [b"\xbf".as_slice(), name, &b"\x81".repeat(depth)].concat();
    assert_eq!(body(Protocol::RpcV2Cbor, &deep(b"\x61x", 100_000)), Err(DecodeError::TooLarge));
    let deep = [b"\xbf\x65Parts\x81".repeat(100_000)].concat();
    assert_eq!(body(Protocol::RpcV2Cbor, &deep), Err(DecodeError::TooLarge));
    let many = [b"\xbf\x64Flat\x9f".as_slice(), &vec![1; VALUES_MAX], b"\xff\xff"].concat();
    assert_eq!(body(Protocol::RpcV2Cbor, &many), Err(DecodeError::TooLarge));
    let name = "Parts.member.1.".repeat(100);
    assert_eq!(form(&format!("{name}Name=a")), Err(DecodeError::TooLarge));
}

#[test]
fn errors_are_in_the_protocol() {
    let error = || ServiceError {
        members: vec![("Id", "<7>".to_owned())],
        detail: Some("inside".to_owned()),
        ..ServiceError::new("ThingMissingFault", 404, "No \"thing\"")
    };
    let check = |protocol: Protocol, headers: &[(&'static str, String)], body: &[u8]| {
        let reply = refuse(&TOY, protocol, error(), "id");
        assert_eq!(String::from_utf8_lossy(&reply.body), String::from_utf8_lossy(body), "{protocol:?}");
        assert_eq!((reply.status, &*reply.headers), (404, headers), "{protocol:?}");
        let (message, detail) = ("No \"thing\"".to_owned(), Some("inside".to_owned()));
        let expected = ReplyError { name: "ThingMissingFault", message, detail };
        assert_eq!(reply.error, Some(expected));
    };
    let of_query = [("x-amzn-query-error", "ThingMissing;Sender".to_owned())];
    check(Protocol::AwsJson, &of_query, br#"{"__type":"ThingMissingFault","Message":"No \"thing\"","Id":"<7>"}"#);
    check(Protocol::RestJson, &[], br#"{"Message":"No \"thing\"","Id":"<7>"}"#);
    check(
        Protocol::RpcV2Cbor,
        &of_query,
        b"\xbf\x66__type\x71ThingMissingFault\x67Message\x6aNo \"thing\"\x62Id\x63<7>\xff",
    );
    check(
        Protocol::Query,
        &[],
        b"<ErrorResponse xmlns=\"https://toy/\"><Error><Type>Sender</Type><Code>ThingMissing</Code>\
          <Message>No &quot;thing&quot;</Message><Id>&lt;7&gt;</Id></Error><RequestId>id</RequestId></ErrorResponse>",
    );
}

/// The tables that are generated: each shape is of the kind that its users take it for.
#[test]
fn generated_tables_are_whole() {
    use crate::{APPLICATION_AUTO_SCALING, CLOUDWATCH, IAM, LAMBDA, STS};
    for service in [&APPLICATION_AUTO_SCALING, &CLOUDWATCH, &IAM, &LAMBDA, &STS] {
        let is_structure = |index: ShapeIndex| matches!(service.shapes[usize::from(index)], Shape::Structure { .. });
        for operation in service.operations() {
            let model = operation.model();
            assert!([model.input, model.output].into_iter().flatten().all(is_structure), "{operation:?}");
            let members = model.input.map(|input| members(service.shapes, input)).unwrap_or_default();
            assert!(members.iter().map(|member| member.name).eq(model.members.iter().copied()), "{operation:?}");
        }
        for shape in service.shapes {
            let parts = match shape {
                Shape::Structure { members, .. } => members.iter().map(|member| member.shape).collect(),
                Shape::List { item, .. } => vec![*item],
                Shape::Map { key, value, .. } => {
                    assert!(matches!(service.shapes[usize::from(*key)], Shape::Text { .. } | Shape::Words(_)));
                    vec![*key, *value]
                }
                _ => Vec::new(),
            };
            if let Shape::Structure { members, .. } = shape {
                let names: BTreeSet<&str> = members.iter().map(|member| member.name).collect();
                assert_eq!(names.len(), members.len(), "{shape:?}");
            }
            assert!(parts.iter().all(|part| usize::from(*part) < service.shapes.len()), "{shape:?}");
        }
        assert!(service.errors.is_sorted_by(|a, b| a.name < b.name));
    }
}

fn things() -> impl Strategy<Value = Thing> {
    let times = 0..253_402_300_799_000u64;
    let tags = proptest::collection::vec(("[a-z]{1,8}", proptest::option::of("[a-z]{1,8}")), 0..=2);
    let labels = proptest::collection::btree_map("[a-z]{1,8}", 0..=10i32, 0..5);
    let scalars = (proptest::option::of(0..=10i32), any::<Option<i64>>(), any::<Option<bool>>());
    let numbers = (proptest::option::of(-1e12..1e12f64), proptest::option::of(times));
    let data = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..=4));
    ("[a-z]{1,8}", scalars, numbers, data, tags, labels).prop_map(
        |(name, (count, size, is_on), (ratio, at), data, tags, labels)| Thing {
            name,
            count,
            size,
            is_on,
            ratio,
            data,
            at: at.map(Timestamp),
            tags: Some(tags.into_iter().map(|(key, value)| Tag { key, value }).collect()),
            labels: Some(labels),
            ..Thing::default()
        },
    )
}

proptest! {
    #[test]
    fn any_thing_survives(thing in things()) {
        for protocol in [Protocol::AwsJson, Protocol::RestJson, Protocol::RpcV2Cbor] {
            let written = answered(protocol, thing.clone()).body;
            prop_assert_eq!(body(protocol, &written), Ok(thing.clone()));
        }
    }

    #[test]
    fn any_bytes_are_a_request_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for protocol in [Protocol::AwsJson, Protocol::RestJson, Protocol::RpcV2Cbor] {
            let _ = body(protocol, &bytes);
        }
        if let Ok(parameters) = Parameters::parse(&bytes) {
            let _ = decode(put_thing(), Protocol::Query, &Input::Form(&parameters));
        }
    }

    /// Good bodies with some bytes changed come nearer to the ends of decoders.
    #[test]
    fn changed_bodies_are_a_request_or_refused(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..5),
        end in any::<proptest::sample::Index>(),
    ) {
        for protocol in [Protocol::AwsJson, Protocol::RpcV2Cbor] {
            let mut bytes = answered(protocol, whole()).body;
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let _ = body(protocol, &bytes);
            let _ = body(protocol, &bytes[..end.index(bytes.len())]);
        }
    }

    #[test]
    fn any_form_is_a_request_or_refused(
        pairs in proptest::collection::vec(("(Name|Tags|Parts|Labels|Flat|Count)(\\.(member|entry|[0-9]{1,3}|key|value|Key|Parts|Tags)){0,6}", "[a-z0-9]{0,3}"), 0..20),
    ) {
        let sent: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let _ = form(&sent.join("&"));
    }
}
