//! Consumers as definitions imply and store them.

use super::*;
use crate::fixture;

/// A log as older programs wrote it.
const OLDER: &str = r#"{"next_shard":3,"open":[{"number":2,"from_hash":0}],"closing":[1]}"#;

#[test]
fn older_definitions_have_the_consumers_of_their_settings() {
    let mut definition = fixture::definition();
    definition.log = serde_json::from_str(OLDER).unwrap();
    assert!(definition.log_consumers().is_empty());
    let stream = r#"{"label":"new","view":"KeysOnly","enabled":true}"#;
    definition.stream = Some(serde_json::from_str(stream).unwrap());
    let past = r#"{"label":"old","view":"NewImage","enabled":false,"disabled_ms":7}"#;
    definition.past_streams.push(serde_json::from_str(past).unwrap());
    let kinesis = r#"{"next":4,"all":[
        {"number":1,"stream_arn":"a","status":"Disabled"},{"number":2,"stream_arn":"b","status":"Disabling"},
        {"number":3,"stream_arn":"c","status":"Enabling"}]}"#;
    definition.kinesis = serde_json::from_str(kinesis).unwrap();
    let written = String::from_utf8(definition.encode().unwrap()).unwrap();
    assert!(!written.contains("consumers"), "{written}");
    let found = definition.log_consumers().into_iter();
    let found: Vec<_> = found.map(|consumer| (consumer.name, consumer.needs, consumer.state)).collect();
    let expected = [
        ("stream-old", ConsumerNeeds::Images, ConsumerState::Ended { since_ms: 7 }),
        ("stream-new", ConsumerNeeds::Keys, ConsumerState::Active),
        ("kinesis-2", ConsumerNeeds::Images, ConsumerState::Removing),
        ("kinesis-3", ConsumerNeeds::Images, ConsumerState::Active),
    ];
    assert_eq!(found, expected.map(|(name, needs, state)| (name.to_owned(), needs, state)));
}

#[test]
fn stored_consumers_are_read_back_with_what_newer_programs_add() {
    let mut definition = fixture::definition();
    let retention = Retention::Position { max_ms: 72 };
    let consumer =
        LogConsumer::new("archive-1".to_owned(), Start::At { epoch_ms: 5 }, ConsumerNeeds::Images, retention);
    definition.log.consumers.push(consumer);
    let written = String::from_utf8(definition.encode().unwrap()).unwrap();
    assert_eq!(Definition::read(written.as_bytes()).unwrap(), definition);
    let newer = written.replace(r#""name":"archive-1""#, r#""name":"archive-1","shard_limit":4"#);
    let read = Definition::read(newer.as_bytes()).unwrap();
    assert_eq!(read.log_consumers()[0].state, ConsumerState::Active);
    assert!(String::from_utf8(read.encode().unwrap()).unwrap().contains(r#""shard_limit":4"#));
}

#[test]
fn names_of_consumers_are_bounded() {
    let named = |name: &str| {
        let retention = Retention::Age { ms: 1 };
        LogConsumer::new(name.to_owned(), Start::Latest, ConsumerNeeds::Keys, retention).name_problem()
    };
    assert_eq!(named(&"x".repeat(NAME_SIZE_MAX)), None);
    for name in ["", "a\0b", "kinesis-1", &"x".repeat(NAME_SIZE_MAX + 1)] {
        assert!(named(name).is_some(), "{name}");
    }
}
