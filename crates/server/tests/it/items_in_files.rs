//! `stator export` and `stator import` against a real server: what comes back in each format, what is bad, and how they end.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;
use crate::program::{command, output, run};
use crate::tail_script::{Step, serve};
use crate::test_server::TestServer;

const DIGITS: &str = "-1234567890123456789012345678901234567.8";
/// With its key and names almost the largest item. Unit: bytes.
const LARGE: usize = 400 * 1024 - 100;

/// A table with a string and a binary key.
fn make_table(client: &mut Client, name: &str) {
    client.ask(
        "CreateTable",
        json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "z", "AttributeType": "S"}, {"AttributeName": "b", "AttributeType": "B"}],
            "KeySchema": [{"AttributeName": "z", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}]}),
    );
}

fn put(client: &mut Client, table: &str, item: &Value) {
    client.ask("PutItem", json!({"TableName": table, "Item": item}));
}

/// All items, by their keys.
fn items(client: &mut Client, table: &str) -> Vec<Value> {
    let (mut all, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut body = json!({"TableName": table});
        if !start.is_null() {
            body["ExclusiveStartKey"] = start;
        }
        let page = client.ask("Scan", body);
        all.extend(page["Items"].as_array().expect("items").iter().cloned());
        start = page["LastEvaluatedKey"].clone();
        if start.is_null() {
            all.sort_by_key(|item: &Value| item["z"]["S"].to_string());
            return all;
        }
    }
}

/// Runs a command to its end: the exit code, stdout, and stderr.
fn ran(server: &TestServer, arguments: &[&str]) -> (Option<i32>, String, String) {
    text(run(&[arguments, &["--endpoint", &server.url()]].concat()))
}

fn text(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("a path").to_owned()
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), contents).expect("written");
        self.path(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    }
}

fn every_type() -> Value {
    json!({"z": {"S": "every"}, "b": {"B": "/wA="}, "n": {"N": DIGITS}, "small": {"N": "0.0000000001"}, "t": {"BOOL": true},
        "u": {"NULL": true}, "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["1", "2.5"]}, "bs": {"BS": ["AQ==", "Ag=="]},
        "l": {"L": [{"S": "\u{1}\"é,\n"}, {"L": []}, {"N": "2"}]}, "m": {"M": {"a b": {"M": {}}, "c": {"B": "AQ=="}}},
        "empty": {"S": ""}, "eb": {"B": ""}})
}

/// A few thousand items on several pages, one of each type, and a large one.
fn fill(client: &mut Client, table: &str) {
    make_table(client, table);
    for batch in 0..80 {
        let request = |at: usize| {
            let item =
                json!({"z": {"S": format!("{:05}", batch * 25 + at)}, "b": {"B": "AA=="}, "x": {"S": "y".repeat(600)}});
            json!({"PutRequest": {"Item": item}})
        };
        let requests: Vec<Value> = (0..25).map(request).collect();
        client.ask("BatchWriteItem", json!({"RequestItems": {table: requests}}));
    }
    put(client, table, &every_type());
    put(client, table, &json!({"z": {"S": "large"}, "b": {"B": "AA=="}, "x": {"S": "\"".repeat(LARGE)}}));
}

#[test]
fn dynamodb_json_loses_nothing() {
    let (server, folder) = (TestServer::in_memory().start(), Folder::new());
    let mut client = server.client();
    fill(&mut client, "Music");
    make_table(&mut client, "Copy");
    let expected = items(&mut client, "Music");
    let file = folder.write("music.json", "as it was");
    let (code, stdout, stderr) = ran(&server, &["export", "Music", "--output", &file, "--consistent-read"]);
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(stderr.starts_with("export: 2002 items of Music in ") && stderr.lines().count() == 1, "{stderr}");
    assert_eq!(folder.names(), ["music.json"]);
    let lines = std::fs::read_to_string(&file).expect("a text");
    assert!(lines.lines().count() == 2002 && lines.lines().all(|line| line.starts_with(r#"{"Item":{"b":{"B":"#)));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("a file").permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let (code, stdout, stderr) = ran(&server, &["import", "Copy", &file]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "2002 items written to Copy, 0 bad lines\n", ""));
    assert!(items(&mut client, "Copy") == expected);
}

/// From one program to the other, without a file.
#[test]
fn ion_loses_nothing_and_files_can_be_compressed() {
    let (server, folder) = (TestServer::in_memory().start(), Folder::new());
    let mut client = server.client();
    fill(&mut client, "Music");
    let expected = items(&mut client, "Music");
    for (format, compression, start) in [
        ("ion", "none", &b"$ion_1_0 {Item:{"[..]),
        ("ion", "gzip", &[0x1F, 0x8B]),
        ("dynamodb-json", "gzip", &[0x1F, 0x8B]),
    ] {
        let copy = format!("Copy-{format}-{compression}");
        make_table(&mut client, &copy);
        let file = folder.path("music");
        let format = ["--format", format];
        let output = ["--compression", compression, "--output", &file];
        let (code, _, stderr) = ran(&server, &[&["export", "Music"], &format[..], &output].concat());
        assert_eq!(code, Some(0), "{stderr}");
        assert!(std::fs::read(&file).expect("a file").starts_with(start));
        let (code, stdout, stderr) = ran(&server, &[&["import", &copy, &file], &format[..]].concat());
        assert_eq!((code, stdout), (Some(0), format!("2002 items written to {copy}, 0 bad lines\n")), "{stderr}");
        assert!(items(&mut client, &copy) == expected, "{copy}");
    }
}

#[test]
fn an_export_is_imported_through_a_pipe() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    fill(&mut client, "Music");
    make_table(&mut client, "Copy");
    let mut export = command(&["export", "Music", "--segments", "1", "--endpoint", &server.url()]);
    let mut exporting = export.spawn().expect("start");
    let lines = exporting.stdout.take().expect("stdout");
    let mut import =
        command(&["import", "Copy", "-", "--requests", "2", "--output", "json", "--endpoint", &server.url()]);
    let (code, stdout, stderr) = text(output(import.stdin(Stdio::from(lines))));
    assert!(exporting.wait().expect("an end").success());
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let counts: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(counts, json!({"ProcessedItemCount": 2002, "ImportedItemCount": 2002, "ErrorCount": 0}));
    assert!(items(&mut client, "Copy") == items(&mut client, "Music"));
}

#[test]
fn plain_json_keeps_all_but_sets_and_binary_values() {
    let (server, folder) = (TestServer::in_memory().start(), Folder::new());
    let mut client = server.client();
    fill(&mut client, "Music");
    make_table(&mut client, "Copy");
    let file = folder.path("music.json");
    let (code, _, stderr) = ran(&server, &["export", "Music", "--format", "json", "--output", &file]);
    assert_eq!(code, Some(0), "{stderr}");
    let lines = std::fs::read_to_string(&file).expect("a text");
    let line = lines.lines().find(|line| line.contains("every")).expect("the line");
    let expected = format!(
        r#"{{"b":"/wA=","bs":["AQ==","Ag=="],"eb":"","empty":"","l":["\u0001\"é,\n",[],2],"m":{{"a b":{{}},"c":"AQ=="}},"n":{DIGITS},"ns":[1,2.5],"small":0.0000000001,"ss":["x","y"],"t":true,"u":null,"z":"every"}}"#
    );
    assert_eq!(line, expected);
    let (code, stdout, stderr) = ran(&server, &["import", "Copy", "--format", "json", &file]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "2002 items written to Copy, 0 bad lines\n", ""));
    let mut expected = items(&mut client, "Music");
    let every = expected.iter_mut().find(|item| item["z"]["S"] == "every").expect("the item");
    every["ss"] = json!({"L": [{"S": "x"}, {"S": "y"}]});
    every["ns"] = json!({"L": [{"N": "1"}, {"N": "2.5"}]});
    every["bs"] = json!({"L": [{"S": "AQ=="}, {"S": "Ag=="}]});
    every["m"]["M"]["c"] = json!({"S": "AQ=="});
    every["eb"] = json!({"S": ""});
    assert!(items(&mut client, "Copy") == expected);
}

#[test]
fn csv_keeps_keys_and_texts() {
    let (server, folder) = (TestServer::in_memory().start(), Folder::new());
    let mut client = server.client();
    make_table(&mut client, "Music");
    make_table(&mut client, "Copy");
    let item = |z: &str, text: &str| json!({"z": {"S": z}, "b": {"B": "/wA="}, "a": {"S": text}, "n": {"N": DIGITS}});
    let large = "\"".repeat(LARGE - 100);
    let texts = [" a", "q\"\",\r\n", "é", large.as_str()];
    for (at, text) in texts.iter().enumerate() {
        put(&mut client, "Music", &item(&at.to_string(), text));
    }
    let file = folder.path("music.csv");
    let csv =
        |rest: &[&str]| ran(&server, &[&["export", "Music", "--format", "csv", "--output", &file], rest].concat());
    let (code, _, stderr) = csv(&[]);
    assert_eq!(code, Some(0), "{stderr}");
    let lines = std::fs::read_to_string(&file).expect("a text");
    assert!(lines.starts_with("z,b,a,n\n") && lines.contains(&format!("\n2,/wA=,é,{DIGITS}\n")));
    let (code, stdout, stderr) = ran(&server, &["import", "Copy", "--format", "csv", &file]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "4 items written to Copy, 0 bad lines\n", ""));
    let expected: Vec<Value> = items(&mut client, "Music")
        .into_iter()
        .map(|mut item| {
            item["n"] = json!({"S": DIGITS});
            item
        })
        .collect();
    assert!(items(&mut client, "Copy") == expected);

    // What has no column is named, and what was not wanted is not.
    put(
        &mut client,
        "Music",
        &json!({"z": {"S": "more"}, "b": {"B": "AA=="}, "extra": {"N": "1"}, "a": {"S": "x"}, "n": {"N": "1"}}),
    );
    // Whichever item is first, the other one has an attribute without a column.
    put(&mut client, "Music", &json!({"z": {"S": "less"}, "b": {"B": "AA=="}, "other": {"S": "x"}}));
    let (code, _, stderr) = csv(&["--segments", "1"]);
    assert!(code == Some(1) && stderr.contains("attributes without a column were left out: "), "{stderr}");
    let (code, _, stderr) = csv(&["--columns", "n,z,extra"]);
    assert_eq!((code, stderr.lines().count()), (Some(0), 1), "{stderr}");
    let lines = std::fs::read_to_string(&file).expect("a text");
    assert!(
        lines.starts_with("n,z,extra\n") && lines.contains("\n1,more,1\n") && lines.contains("\n,less,\n"),
        "{lines}"
    );
    let file = folder.write("bare.csv", "c,AA==,1\n");
    let (code, _, stderr) = ran(&server, &["import", "Copy", "--format", "csv", "--columns", "z,b,n", &file]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let found = client.ask("GetItem", json!({"TableName": "Copy", "Key": {"z": {"S": "c"}, "b": {"B": "AA=="}}}));
    assert_eq!(found["Item"]["n"], json!({"S": "1"}));
}

#[test]
fn an_empty_table_is_an_empty_file() {
    let server = TestServer::in_memory().start();
    make_table(&mut server.client(), "Music");
    for (format, expected) in [("json", ""), ("dynamodb-json", ""), ("csv", "z,b\n")] {
        let (code, stdout, stderr) = ran(&server, &["export", "Music", "--format", format]);
        assert_eq!((code, stdout.as_str()), (Some(0), expected), "{stderr}");
    }
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    // One frame with one block that is not compressed: single segment, the size of the content in four bytes.
    let size = plain.len() as u32;
    let header = (size << 3 | 1).to_le_bytes();
    [&0xFD2F_B528_u32.to_le_bytes()[..], &[0xA0], &size.to_le_bytes(), &header[..3], plain].concat()
}

#[test]
fn compressed_files_are_known_by_their_content() {
    let (server, folder) = (TestServer::in_memory().start(), Folder::new());
    let mut client = server.client();
    make_table(&mut client, "Copy");
    let line = |at: usize| format!("{{\"Item\":{{\"z\":{{\"S\":\"{at}\"}},\"b\":{{\"B\":\"AA==\"}}}}}}\n");
    let lines: String = (0..60).map(line).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(lines.as_bytes()).expect("memory");
    let gzip = gzip.finish().expect("memory");
    for (name, contents) in [("plain", lines.clone().into_bytes()), ("gzip", gzip), ("zstd", zstd(lines.as_bytes()))] {
        let file = folder.write(name, contents);
        let (code, stdout, stderr) = ran(&server, &["import", "Copy", &file]);
        assert_eq!((code, stdout.as_str()), (Some(0), "60 items written to Copy, 0 bad lines\n"), "{name}: {stderr}");
    }
    // The end of a cut file is bad, what precedes it is written.
    let file = folder.write("cut", &zstd(lines.as_bytes())[..1_000]);
    let (code, _, stderr) = ran(&server, &["import", "Copy", &file]);
    assert!(
        code == Some(1) && stderr.contains("line 1: the object ends within a Zstandard frame; the rest is not read"),
        "{stderr}"
    );
}

/// Each bad line costs only itself, whether the reader or the server refuses it.
#[test]
fn bad_lines_are_counted_and_named() {
    let (server, folder) = (TestServer::in_memory().start(), Folder::new());
    let mut client = server.client();
    make_table(&mut client, "Copy");
    let good = |z: &str| format!(r#"{{"Item":{{"z":{{"S":"{z}"}},"b":{{"B":"AA=="}}}}}}"#);
    let too_large =
        format!(r#"{{"Item":{{"z":{{"S":"l"}},"b":{{"B":"AA=="}},"x":{{"S":"{}"}}}}}}"#, "x".repeat(400 * 1024));
    let lines = [
        good("a"),
        "nonsense".to_owned(),
        String::new(),
        r#"{"Item":{"z":{"S":"no range key"}}}"#.to_owned(),
        r#"{"Item":{"z":{"N":"1"},"b":{"B":"AA=="}}}"#.to_owned(),
        good("b"),
        r#"{"Item":{"z":{"S":"c"},"b":{"B":"AA=="},"x":{"NS":[]}}}"#.to_owned(),
        too_large,
        good("d"),
    ];
    let file = folder.write("lines", lines.join("\n"));
    let (code, stdout, stderr) = ran(&server, &["import", "Copy", "--requests", "1", &file]);
    assert_eq!((code, stdout.as_str()), (Some(1), "3 items written to Copy, 5 bad lines\n"), "{stderr}");
    let expected = [
        "import: line 2: a line is no JSON of an item",
        "import: line 4: The provided key element does not match the schema",
        "import: line 5: The provided key element does not match the schema",
        "import: line 7: One or more parameter values were invalid: An number set  may not be empty",
        "import: line 8: Item size has exceeded the maximum allowed size",
    ];
    let said: Vec<&str> = stderr.lines().collect();
    assert_eq!(said.len(), expected.len(), "{stderr}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.starts_with(expected), "{said}");
    }
    assert_eq!(items(&mut client, "Copy").len(), 3);
    // Of many the first ten.
    let file = folder.write("lines", "x\n".repeat(1_000));
    let (code, stdout, stderr) = ran(&server, &["import", "Copy", "--output", "json", &file]);
    assert!(code == Some(1) && stdout.contains("\"ErrorCount\": 1000"), "{stdout}");
    let said: Vec<&str> = stderr.lines().collect();
    assert!(
        said.len() == 12 && said[9].starts_with("import: line 10: ") && said[10] == "import: and 990 more bad lines"
    );
    // No line is an item: perhaps the file has another format.
    assert_eq!(said[0], "import: line 1: a line is no JSON of an item: expected value at byte 1");
    assert_eq!(said[11], "import: no line is an item of --format dynamodb-json; the others are json, ion, csv");
    let (_, _, stderr) = ran(&server, &["import", "Copy", "--format", "json", &folder.write("lines", "[\n1\n]\n")]);
    assert!(stderr.contains("line 1: a line is no JSON object, but a list: write its elements one a line"), "{stderr}");
}

/// Of lines with one key the last one stays, however many requests there are at the same time.
#[test]
fn lines_with_one_key_are_written_in_their_order() {
    let (server, folder) = (TestServer::in_memory().start(), Folder::new());
    let mut client = server.client();
    make_table(&mut client, "Copy");
    let line = |at: usize| format!("{{\"z\":\"{}\",\"b\":\"AA==\",\"at\":{at}}}\n", at % 7);
    let lines: String = (0..2_000).map(line).collect();
    let file = folder.write("lines", lines);
    let (code, stdout, _) = ran(&server, &["import", "Copy", "--format", "json", "--requests", "8", &file]);
    assert_eq!((code, stdout.as_str()), (Some(0), "2000 items written to Copy, 0 bad lines\n"));
    let found = items(&mut client, "Copy");
    let at = |item: &Value| item["at"]["N"].as_str().expect("a number").parse::<usize>().expect("a number");
    assert!(found.len() == 7 && found.iter().all(|item| at(item) >= 1_993), "{found:?}");
}

#[test]
fn a_failed_export_leaves_the_file_as_it_was() {
    let (server, folder) = (TestServer::in_memory().start(), Folder::new());
    let file = folder.write("music.json", "as it was");
    let (code, _, stderr) = ran(&server, &["export", "Music", "--output", &file]);
    let expected = format!(
        "DescribeTable: ResourceNotFoundException: Requested resource not found: Table: Music not found (in region us-east-1 at {}",
        server.url()
    );
    assert!(code == Some(1) && stderr.contains(&expected), "{stderr}");
    // The server refuses after a page.
    let described = json!({"Table": {"KeySchema": [{"AttributeName": "z", "KeyType": "HASH"}]}});
    let page = json!({"Items": [{"z": {"S": "a"}}], "LastEvaluatedKey": {"z": {"S": "a"}}});
    let start =
        json!({"ExclusiveStartKey": {"z": {"S": "a"}}, "Segment": 0, "TotalSegments": 1, "ConsistentRead": false});
    let refused = json!({"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no"});
    let steps = vec![
        ("DescribeTable", json!({"TableName": "Music"}), 200, described),
        ("Scan", json!({"TableName": "Music"}), 200, page),
        ("Scan", start, 400, refused),
    ];
    let (url, served) = serve("DynamoDB", steps);
    let (code, _, stderr) = text(run(&["export", "Music", "--segments", "1", "--endpoint", &url, "--output", &file]));
    assert_eq!(served.join().expect("the script"), Ok(()), "{stderr}");
    assert!(code == Some(1) && stderr.contains("Scan: AccessDeniedException: no"), "{stderr}");
    assert_eq!(
        (folder.names(), std::fs::read_to_string(&file).expect("a text")),
        (vec!["music.json".to_owned()], "as it was".to_owned())
    );
    // Where no file can be.
    for output in [folder.path(""), folder.path("no/file")] {
        let (code, _, stderr) = ran(&server, &["export", "Music", "--output", &output]);
        assert!(code == Some(1), "{stderr}");
    }
    let (code, _, stderr) = ran(&server, &["export", "Music", "--columns", "a"]);
    assert!(code == Some(1) && stderr.contains("--columns is for --format csv"), "{stderr}");
}

/// Ctrl-C while the server is silent.
#[test]
fn an_interrupted_export_leaves_no_file() {
    let folder = Folder::new();
    let described = json!({"Table": {"KeySchema": [{"AttributeName": "z", "KeyType": "HASH"}]}});
    let page = json!({"Items": [{"z": {"S": "a"}}], "LastEvaluatedKey": {"z": {"S": "a"}}});
    let (url, served) =
        serve("DynamoDB", vec![("DescribeTable", json!({}), 200, described), ("Scan", json!({}), 200, page)]);
    let file = folder.path("music.json");
    let mut export = command(&["export", "Music", "--segments", "1", "--endpoint", &url, "--output", &file]);
    let exporting = export.spawn().expect("start");
    assert_eq!(served.join().expect("the script"), Ok(()));
    assert!(folder.names().len() == 1 && folder.names()[0].ends_with(".partial"), "{:?}", folder.names());
    let status = std::process::Command::new("kill").args(["-INT", &exporting.id().to_string()]).status().expect("kill");
    assert!(status.success());
    let (code, _, stderr) = text(exporting.wait_with_output().expect("an end"));
    assert!(code == Some(1) && stderr.contains("interrupted"), "{stderr}");
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn a_closed_pipe_ends_an_export_quietly() {
    let server = TestServer::in_memory().start();
    fill(&mut server.client(), "Music");
    let mut exporting = command(&["export", "Music", "--endpoint", &server.url()]).spawn().expect("start");
    let mut lines = exporting.stdout.take().expect("stdout");
    lines.read_exact(&mut [0; 1]).expect("a byte");
    drop(lines);
    let (code, _, stderr) = text(exporting.wait_with_output().expect("an end"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_device_is_written_and_not_replaced() {
    let null = Path::new("/dev/null");
    if !null.exists() {
        return;
    }
    let server = TestServer::in_memory().start();
    make_table(&mut server.client(), "Music");
    let (code, _, stderr) = ran(&server, &["export", "Music", "--output", "/dev/null"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(!std::fs::metadata(null).expect("a device").is_file());
}

/// What is unprocessed is written again, alone.
#[test]
fn unprocessed_items_are_written_again() {
    let folder = Folder::new();
    let line = |z: &str| format!("{{\"z\":\"{z}\"}}\n");
    let file = folder.write("lines", ["a", "b", "c"].map(line).concat());
    let described = json!({"Table": {"KeySchema": [{"AttributeName": "z", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "z", "AttributeType": "S"}]}});
    let puts = |keys: &[&str]| {
        let put = |key: &&str| json!({"PutRequest": {"Item": {"z": {"S": key}}}});
        json!({"Music": keys.iter().map(put).collect::<Vec<_>>()})
    };
    let asked = |keys: &[&str]| json!({"RequestItems": puts(keys)});
    let throttled = json!({"__type": "x#ThrottlingException", "message": "slower"});
    let steps: Vec<Step> = vec![
        ("DescribeTable", json!({"TableName": "Music"}), 200, described),
        ("BatchWriteItem", asked(&["a", "b", "c"]), 400, throttled),
        ("BatchWriteItem", asked(&["a", "b", "c"]), 200, json!({"UnprocessedItems": puts(&["b", "c"])})),
        ("BatchWriteItem", asked(&["b", "c"]), 200, json!({"UnprocessedItems": puts(&["c"])})),
        ("BatchWriteItem", asked(&["c"]), 200, json!({"UnprocessedItems": {}})),
    ];
    let (url, served) = serve("DynamoDB", steps);
    let arguments = ["import", "Music", "--format", "json", "--requests", "1", "--endpoint", &url, &file];
    let (code, stdout, stderr) = text(run(&arguments));
    assert_eq!(served.join().expect("the script"), Ok(()), "{stderr}");
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "3 items written to Music, 0 bad lines\n", ""));
    // A server that is gone ends it, with what was written.
    let output = run(&["import", "Music", "--endpoint", "http://127.0.0.1:1", &file]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("cannot reach http://127.0.0.1:1"), "{said}");
    assert!(said.contains("0 items were written"), "{said}");
}
