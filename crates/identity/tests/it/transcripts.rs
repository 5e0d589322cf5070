//! Requests and their answers, as text: a line is a request, and the next one its answer: the result if it
//! has one, or the refusal's status, code and sentence. Ids, secrets and markers are cut short.
//!
//! With `UPDATE_TRANSCRIPTS` set, what was answered is written down instead of compared.

use std::fs;
use std::path::Path;

use crate::node::{Node, node};

const RANDOM: [(&str, usize); 5] = [("AIDA", 17), ("AGPA", 17), ("AROA", 17), ("ANPA", 17), ("AKIA", 16)];

#[tokio::test]
async fn every_transcript_is_answered_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/transcripts");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        let expected = fs::read_to_string(&file).unwrap();
        let answered = played(&node().await, &expected).await;
        if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
            fs::write(&file, &answered).unwrap();
            continue;
        }
        for (expected, answered) in expected.lines().zip(answered.lines()) {
            assert_eq!(answered, expected, "{}", file.display());
        }
        assert_eq!(answered.lines().count(), expected.lines().count(), "{}", file.display());
    }
}

async fn played(node: &Node, transcript: &str) -> String {
    let mut answered = String::new();
    for line in transcript.lines() {
        if let Some(form) = line.strip_prefix("> ") {
            answered += &format!("{line}\n{}\n", shown(node, form).await);
        } else if line.starts_with('#') || line.is_empty() {
            answered += &format!("{line}\n");
        }
    }
    answered
}

async fn shown(node: &Node, form: &str) -> String {
    let reply = node.ask(&format!("Action={form}")).await;
    if let Some(refusal) = &reply.refusal {
        return format!("{} {refusal}", reply.status);
    }
    let (_, rest) = reply.body.split_once('>').unwrap();
    let (result, _) = rest.split_once("<ResponseMetadata>").unwrap();
    if result.is_empty() { "200".to_owned() } else { masked(result) }
}

/// Without what chance gave.
fn masked(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let random = RANDOM.iter().find(|(prefix, _)| rest.starts_with(prefix)).filter(|(prefix, length)| {
            let id = rest.as_bytes().get(prefix.len()..prefix.len() + length);
            id.is_some_and(|id| id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
        });
        let skipped = match random {
            Some((prefix, length)) => {
                shown += &format!("{prefix}…");
                prefix.len() + length
            }
            None => {
                shown.push(letter);
                letter.len_utf8()
            }
        };
        rest = &rest[skipped..];
    }
    let Some((before, rest)) = shown.split_once("<SecretAccessKey>") else { return shown };
    format!("{before}<SecretAccessKey>…{}", &rest[rest.find('<').unwrap()..])
}

#[tokio::test]
async fn whole_answers() {
    let node = node().await;
    let made = node.ask("Action=CreateGroup&GroupName=g&Version=2010-05-08").await;
    let id = crate::node::text_of(&made.body, "GroupId");
    assert_eq!(
        made.body,
        format!(
            "<CreateGroupResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><CreateGroupResult><Group>\
             <Path>/</Path><GroupName>g</GroupName><GroupId>{id}</GroupId><Arn>arn:aws:iam::123456789012:group/g</Arn>\
             <CreateDate>2026-01-02T03:04:05Z</CreateDate></Group></CreateGroupResult><ResponseMetadata><RequestId>\
             request-1</RequestId></ResponseMetadata></CreateGroupResponse>"
        )
    );
    let deleted = node.ask("Action=DeleteGroup&GroupName=g").await;
    assert_eq!(
        deleted.body,
        "<DeleteGroupResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ResponseMetadata><RequestId>\
         request-1</RequestId></ResponseMetadata></DeleteGroupResponse>"
    );
    let refused = node.ask("Action=DeleteGroup&GroupName=g").await;
    assert_eq!(
        (refused.status, &*refused.body),
        (
            404,
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
             <Code>NoSuchEntity</Code><Message>The group with name g cannot be found.</Message></Error>\
             <RequestId>request-1</RequestId></ErrorResponse>"
        )
    );
}

#[test]
fn compatibility_names_every_operation() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../COMPATIBILITY.md");
    let text = fs::read_to_string(file).unwrap();
    let (_, section) = text.split_once("## IAM and STS").unwrap();
    for name in identity::iam::OPERATION_NAMES {
        assert!(section.contains(&format!("`{name}`")), "{name}");
    }
}
