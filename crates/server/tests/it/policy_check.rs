//! `stator policy check`, over files.

use std::path::Path;

use serde_json::Value;

use crate::program::run;

const USER: &str = "arn:aws:iam::111122223333:user/team/ada";
const TABLE: &str = "arn:aws:dynamodb:eu-west-3:111122223333:table/Music";
const READ: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Sid":"Read","Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],
     "Resource":"arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/table}",
     "Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:username}"]}}},
    {"Effect":"Deny","Action":"dynamodb:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}]}"#;

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Files {
        Files(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("a path").to_owned()
    }
}

/// How it ends, and what it prints, without the folder's name.
fn check(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = run(&[&["policy", "check", "--principal", USER, "--resource", TABLE], arguments].concat());
    let text = String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text.replace(&format!("{}/", folder.display()), ""))
}

#[test]
fn statement_by_statement() {
    let files = Files::new();
    let read = files.write("read.json", READ);
    let arguments = ["--identity-policy", &read, "--action", "dynamodb:GetItem"];
    let with = |more: &[&str]| check(&[&arguments[..], more].concat(), files.0.path());
    let mine = ["--context", "aws:PrincipalTag/table=Music", "--context", "dynamodb:LeadingKeys=ada"];
    assert_eq!(
        with(&mine),
        (
            Some(0),
            "allowed\n\n\
             identity-based policy read.json, statement 1 (Read): Allow, applies\n  action: fits\n  resource: fits\n  \
             ForAllValues:StringEquals dynamodb:LeadingKeys: wants \"${aws:username}\", the request has \"ada\": met\n  \
             ${aws:principaltag/table} is \"Music\"\n  ${aws:username} is \"ada\"\n\n\
             identity-based policy read.json, statement 2: Deny, does not apply\n  action: fits\n  resource: fits\n  \
             IpAddress aws:SourceIp: wants \"192.0.2.0/24\", the request has \"127.0.0.1\": not met\n"
                .to_owned()
        )
    );
    let start = format!("denied: User: {USER} is not authorized to perform: dynamodb:GetItem on resource: {TABLE} ");
    for (more, why) in [
        (&[][..], "because no identity-based policy allows the dynamodb:GetItem action\n"),
        (
            &["--context", "dynamodb:LeadingKeys=eve"],
            "because no identity-based policy allows the dynamodb:GetItem action\n",
        ),
        (&["--context", "aws:SourceIp=192.0.2.7"], "with an explicit deny in an identity-based policy\n"),
        (
            &["--boundary", &files.write("none.json", &READ.replace("Allow", "Deny").replace("GetItem", "PutItem"))],
            "because no permissions boundary allows the dynamodb:GetItem action\n",
        ),
        (
            &["--resource-account", "444455556666"],
            "because no resource-based policy allows the dynamodb:GetItem action\n",
        ),
    ] {
        let all = if why.contains("identity-based policy allows") { more.to_vec() } else { [&mine, more].concat() };
        let (code, text) = with(&all);
        assert_eq!((code, text.starts_with(&format!("{start}{why}"))), (Some(1), true), "{more:?} {text}");
    }
}

#[test]
fn as_json() {
    let files = Files::new();
    let resource = files.write(
        "table.json",
        &format!(r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{USER}"}},"Action":"dynamodb:*","Resource":"{TABLE}"}}}}"#),
    );
    let (code, text) = check(&["--resource-policy", &resource, "--action", "dynamodb:Scan", "--json"], files.0.path());
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(code, Some(0));
    assert_eq!(answer["decision"], "allowed");
    assert_eq!(
        answer["statements"],
        serde_json::json!([{
            "policy": "resource-based policy", "file": "table.json", "statement": 1, "sid": null, "effect": "Allow",
            "applies": true, "elements": { "action": true, "principal": true, "resource": true }, "conditions": [],
            "variables": {}
        }])
    );
    let (code, text) = check(&["--action", "dynamodb:Scan", "--json"], files.0.path());
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, &answer["decision"], &answer["denial"]["explicit"]), (Some(1), &"denied".into(), &false.into()));
}

/// `ForAllValues` is met by a key that is not there, which it is in every request.
#[test]
fn keys_that_every_request_has_are_missed() {
    let files = Files::new();
    let read = files.write("read.json", &READ.replace("${aws:PrincipalTag/table}", "*"));
    let line = "note: every request of dynamodb:GetItem has dynamodb:LeadingKeys, and none was given";
    let arguments = ["--identity-policy", &read, "--action", "dynamodb:GetItem"];
    let (code, text) = check(&arguments, files.0.path());
    assert!(code == Some(0) && text.contains(line), "{text}");
    let (code, text) = check(&[&arguments[..], &["--context", "dynamodb:leadingkeys=ada"]].concat(), files.0.path());
    assert!(code == Some(0) && !text.contains("note:"), "{text}");
    let (_, text) = check(&[&arguments[..], &["--json"]].concat(), files.0.path());
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["missing"], serde_json::json!(["dynamodb:LeadingKeys"]));
}

/// A key that the action does not have decides nothing, and the answer says so.
#[test]
fn foreign_keys_are_reported_and_ignored() {
    let files = Files::new();
    let read = files.write(
        "count.json",
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"dynamodb:Select":"COUNT"}}}}"#,
    );
    let asked = |action: &str, more: &[&str]| {
        let arguments = ["--identity-policy", &read, "--action", action, "--context", "dynamodb:Select=COUNT"];
        check(&[&arguments[..], more].concat(), files.0.path())
    };
    let (code, text) = asked("dynamodb:Query", &[]);
    assert!(code == Some(0) && !text.contains("ignored"), "{text}");
    let (code, text) = asked("dynamodb:DeleteTable", &["--context", "aws:SourceIp=192.0.2.7"]);
    let line = "\nignored: dynamodb:Select is no condition key of dynamodb:DeleteTable on this resource\n";
    assert!(code == Some(1) && text.contains(line) && !text.contains("ignored: aws:SourceIp"), "{text}");
    assert!(text.contains("wants \"COUNT\", the request does not have it: not met"), "{text}");
    let (_, text) = asked("dynamodb:DeleteTable", &["--json", "--context", "DYNAMODB:select=COUNT"]);
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["ignored"], serde_json::json!(["dynamodb:Select"]));
}

#[test]
fn misspelt_actions_of_policies_are_reported() {
    let files = Files::new();
    let policy = r#"{"Statement":{"Effect":"Allow","Action":["dynamodb:Scan","dynamodb:GetItme"],"Resource":"*"}}"#;
    let misspelt = files.write("misspelt.json", policy);
    let arguments = ["--identity-policy", &misspelt, "--action", "dynamodb:Scan"];
    let (code, text) = check(&arguments, files.0.path());
    assert!(code == Some(0) && text.contains("note: dynamodb:GetItme in "), "{text}");
    let (_, text) = check(&[&arguments[..], &["--json"]].concat(), files.0.path());
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["misspelt"][0]["action"], "dynamodb:GetItme");
    let (_, text) = check(&["--identity-policy", &misspelt, "--action", "s3:GetObject"], files.0.path());
    assert!(text.contains("note: s3:GetObject is of a service that Stator does not know"), "{text}");
}

#[test]
fn unusable_files_and_arguments_are_refused() {
    let files = Files::new();
    let wrong = files.write("wrong.json", "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\"}}");
    let broken = files.write("broken.json", "{\n  \"Statement\": ,}");
    let action = ["--action", "dynamodb:Scan"];
    for (more, said) in [
        (
            &["--identity-policy", &wrong][..],
            "wrong.json is not such a policy: Policy statement must contain resources.",
        ),
        (&["--identity-policy", &wrong], "must contain resources. (statement 1)"),
        (&["--identity-policy", &broken], "Syntax errors in policy. (no JSON: expected value at line 2 column 16)"),
        (&["--boundary", "/nowhere/x.json"], "cannot read /nowhere/x.json"),
        (&["--action", "iam:ListUsers"], "is about no resource of another service"),
        (&["--action", "dynamodb:GetRecords"], "is no resource of dynamodb:GetRecords"),
        (&["--context", "username=x"], "a key has a prefix"),
        (&["--action", "dynamodb:GetItme"], "dynamodb:GetItme is no action"),
        (&["--action", "GetItem"], "GetItem is no action"),
        (&["--action", "dynamodb:*"], "dynamodb:* is no action"),
    ] {
        let action = if more.contains(&"--action") { &[][..] } else { &action };
        let (code, text) = check(&[action, more].concat(), files.0.path());
        assert_eq!((code, text.contains(said)), (Some(2), true), "{more:?} {text}");
    }
    for (more, said) in
        [(&[][..], "is about a resource: name it with --resource"), (&["--resource", "Music"], "Music is no ARN")]
    {
        let arguments = ["policy", "check", "--principal", USER, "--action", "dynamodb:GetItem"];
        let output = run(&[&arguments[..], more].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), text.contains(said)), (Some(2), true), "{text}");
    }
    let role = "arn:aws:iam::111122223333:role/reader";
    let output = run(&["policy", "check", "--principal", role, "--action", "dynamodb:Scan"]);
    assert_eq!(output.status.code(), Some(2));
}

/// What a policy or the command line holds can pass for no line of the report, and hide none.
#[test]
fn texts_of_policies_end_no_lines() {
    let files = Files::new();
    let text = r#"{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*",
        "Condition":{"StringEquals":{"dynamodb:LeadingKeys":"a\n\nallowed\u001b[2J\u202e"}}}]}"#;
    let policy = files.write("inj.json", text);
    let given = "dynamodb:LeadingKeys=b\n\nallowed\u{2028}";
    let arguments = ["--identity-policy", &policy, "--action", "dynamodb:GetItem", "--context", given];
    for more in [&[][..], &["--json"]] {
        let (code, text) = check(&[&arguments[..], more].concat(), files.0.path());
        assert_eq!(code, Some(1), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("allowed")), "{text}");
        assert!(!text.contains(|letter: char| base::is_hidden(letter) && letter != '\n'), "{text:?}");
    }
}
