//! Command lines that people use, as `stator serve` gets them.

use super::*;

/// What a command line becomes: the flags of `serve` that are not always there, separated by spaces.
fn flags(line: &[&str]) -> Result<String, String> {
    let arguments: Vec<OsString> = line.iter().map(OsString::from).collect();
    let asked = match of_command_line(&arguments) {
        None => self::asked(&line[2..].iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), HOST),
        Some(asked) => asked,
    };
    match asked {
        Ok(Asked::Serve(arguments, _)) => {
            let words: Vec<_> = arguments[3..].iter().map(|word| word.to_string_lossy().into_owned()).collect();
            Ok(words.join(" ").replace(" --console on", ""))
        }
        Ok(Asked::Help) => Ok("help".to_owned()),
        Ok(Asked::Version) => Ok("version".to_owned()),
        Err(Refused(text)) => Err(text),
    }
}

const REMOTE: &str = "0.0.0.0:8000 --allow-unverified-remote";

/// Images' commands and entry points, from compose files, Dockerfiles, testcontainers, CI services and documentation. The entry point
/// of the image is `java`.
#[test]
fn command_lines_of_images() {
    let check = |line: &[&str], expected: &str| {
        let line = [&["java"], line].concat();
        assert_eq!(flags(&line), Ok(expected.replace("REMOTE", REMOTE)), "{line:?}");
    };
    check(&["-jar", "DynamoDBLocal.jar"], "REMOTE --isolate");
    check(&["-jar", "DynamoDBLocal.jar", "-inMemory"], "REMOTE --memory --isolate");
    check(&["-jar", "DynamoDBLocal.jar", "-sharedDb", "-inMemory"], "REMOTE --memory");
    check(&["-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb"], "REMOTE --memory");
    check(&["-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", "."], "REMOTE --data ./stator");
    check(&["-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", "./data"], "REMOTE --data ./data/stator");
    check(&["-jar", "DynamoDBLocal.jar", "-dbPath", "./db", "-sharedDb"], "REMOTE --data ./db/stator");
    check(&["-jar", "./DynamoDBLocal.jar", "-sharedDb", "-dbPath", "/data"], "REMOTE --data /data/stator");
    check(
        &["-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", "/home/dynamodblocal/data"],
        "REMOTE --data /home/dynamodblocal/data/stator",
    );
    check(
        &["-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", "/home/dynamodblocal/data/", "-optimizeDbBeforeStartup"],
        "REMOTE --data /home/dynamodblocal/data/stator",
    );
    check(
        &["-jar", "DynamoDBLocal.jar", "-sharedDb", "-optimizeDbBeforeStartup", "-dbPath", "./data"],
        "REMOTE --data ./data/stator",
    );
    // One string of a list.
    check(&["-jar DynamoDBLocal.jar -sharedDb -inMemory"], "REMOTE --memory");
    check(&["-jar DynamoDBLocal.jar -delayTransientStatuses -sharedDb"], "REMOTE --transition-scale 0.1");
    check(&["java -jar DynamoDBLocal.jar -inMemory"], "REMOTE --memory --isolate");
    check(&["java", "-jar", "DynamoDBLocal.jar", "-sharedDb"], "REMOTE");
    check(
        &["-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", "./data"],
        "REMOTE --data ./data/stator",
    );
    check(&["-Djava.library.path=.", "-jar", "DynamoDBLocal.jar", "-inMemory"], "REMOTE --memory --isolate");
    check(&["-Xmx256m", "-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb"], "REMOTE --memory");
    check(&["-Xmx256m", "-jar DynamoDBLocal.jar -sharedDb -inMemory"], "REMOTE --memory");
    check(
        &["-Xms512m", "-Xmx2048m", "-XX:+UseSerialGC", "-jar", "DynamoDBLocal.jar", "-inMemory"],
        "REMOTE --memory --isolate",
    );
    check(
        &["-jar", "DynamoDBLocal.jar", "-inMemory", "-port", "8003"],
        "0.0.0.0:8003 --allow-unverified-remote --memory --isolate",
    );
    check(&["-jar", "DynamoDBLocal.jar", "-port=8001", "-sharedDb"], "0.0.0.0:8001 --allow-unverified-remote");
    check(&["-jar", "DynamoDBLocal.jar", "-sharedDb", "-inMemory", "-cors", "*"], "REMOTE --memory --cors *");
    check(
        &["-jar", "DynamoDBLocal.jar", "-inMemory", "-cors", "https://a.example,b.example:3000"],
        "REMOTE --memory --isolate --cors https://a.example,http://b.example:3000,https://b.example:3000",
    );
    check(&["-jar", "DynamoDBLocal.jar", "-sharedDb", "-disableTelemetry"], "REMOTE");
    check(&["-jar", "DynamoDBLocal.jar", "-version"], "version");
    check(&["-jar", "DynamoDBLocal.jar", "-help"], "help");
    check(&["-version"], "version");
    check(
        &["-cp", "a.jar:b.jar", "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory"],
        "REMOTE --memory --isolate",
    );
    // A value that the options do not have is ignored, as there.
    check(&["-jar", "DynamoDBLocal.jar", "-inMemory", "true"], "REMOTE --memory --isolate");
    check(&["-jar", "DynamoDBLocal.jar", "-dbPath", "/my data", "-sharedDb"], "REMOTE --data /my data/stator");
}

/// Programs that are given a path to a JVM, or are typed: jest-dynamodb's and serverless-dynamodb's spawn is
/// `java -Djava.library.path=… -jar DynamoDBLocal.jar -port N …`.
#[test]
fn command_lines_of_this_machine() {
    let check = |line: &[&str], expected: &str| assert_eq!(flags(line), Ok(expected.to_owned()), "{line:?}");
    let lib = "-Djava.library.path=./DynamoDBLocal_lib";
    check(
        &["/usr/bin/java", lib, "-jar", "DynamoDBLocal.jar", "-port", "8000", "-inMemory", "-sharedDb"],
        "0.0.0.0:8000 --allow-unverified-remote --memory",
    );
    check(
        &[
            "java",
            "-Xms1024m",
            lib,
            "-jar",
            "DynamoDBLocal.jar",
            "-port",
            "8000",
            "-optimizeDbBeforeStartup",
            "-inMemory",
        ],
        "0.0.0.0:8000 --allow-unverified-remote --memory --isolate",
    );
    check(&["stator", "-jar", "DynamoDBLocal.jar", "-inMemory"], "127.0.0.1:8000 --memory --isolate");
    check(&["stator", "local"], "127.0.0.1:8000 --isolate");
    check(&["stator", "local", "-inMemory", "-sharedDb"], "127.0.0.1:8000 --memory");
    check(&["stator", "local", "--in-memory", "--shared-db", "--port", "0"], "127.0.0.1:0 --memory");
    check(&["stator", "local", "-sharedDB", "-dbpath", "d"], "127.0.0.1:8000 --data d/stator");
    check(&["stator", "local", "-host", "::1"], "[::1]:8000 --isolate");
    check(&["stator", "local", "-host", "0.0.0.0"], "0.0.0.0:8000 --allow-unverified-remote --isolate");
    check(&["stator", "local", "-portFile", "p", "-port", "0"], "127.0.0.1:0 --isolate --port-file p");
    check(&["stator", "local", "-help"], "help");
}

#[test]
fn wrong_options_are_refused_as_there() {
    for (line, expected) in [
        (&["-foo"][..], "Unrecognized option: -foo"),
        (&["-port"], "Missing argument for option: port"),
        (&["-dbPath"], "Missing argument for option: dbPath"),
        (&["-dbPath", ""], "Missing argument for option: dbPath"),
        (&["-port", "eight"], "The port is a number from 0 to 65535, and not 'eight'"),
        (&["-port", "65536"], "The port is a number from 0 to 65535, and not '65536'"),
        (
            &["-inMemory", "-dbPath", "."],
            "-inMemory and -dbPath cannot be used together: the data is in memory, or in a folder",
        ),
        (&["-jar"], "Missing argument for option: jar"),
    ] {
        let line = [&["java", "-jar", "DynamoDBLocal.jar"], line].concat();
        assert_eq!(flags(&line), Err(expected.to_owned()), "{line:?}");
    }
    let refused = Refused("Unrecognized option: -foo".to_owned()).to_string();
    assert!(
        refused.starts_with("Error while parsing options. Unrecognized option: -foo\n")
            && refused.contains("-inMemory")
    );
}

#[test]
fn other_commands_are_not_taken() {
    for line in
        [&["stator"][..], &["stator", "serve"], &["stator", "--help"], &["stator", "-V"], &["javac", "serve"], &[]]
    {
        let arguments: Vec<OsString> = line.iter().map(OsString::from).collect();
        assert_eq!(of_command_line(&arguments), None, "{line:?}");
    }
}

#[test]
fn the_first_lines_are_those_that_scripts_wait_for() {
    let line: Vec<OsString> =
        ["java", "-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", "./data"].iter().map(OsString::from).collect();
    let Some(Ok(Asked::Serve(_, banner))) = of_command_line(&line) else { panic!("it is served") };
    let expected = "Initializing DynamoDB Local with the following configuration:\nPort:\t8001\nInMemory:\tfalse\nVersion:\tstator VERSION\n\
                    DbPath:\t./data/stator\nSharedDb:\ttrue\nshouldDelayTransientStatuses:\tfalse\nCorsParams:\tnull\n\n";
    let text = banner.text("0.0.0.0:8001".parse().expect("an address"));
    assert_eq!(text, expected.replace("VERSION", env!("CARGO_PKG_VERSION")));
}

/// Each line is one that `serve` accepts.
#[test]
fn serve_accepts_what_is_made() {
    for line in [
        &["java", "-jar", "X.jar", "-inMemory", "-sharedDb", "-cors", "*,a.example", "-delayTransientStatuses"][..],
        &["java", "-jar", "X.jar", "-dbPath", "d", "-port", "0", "-portFile", "p", "-host", "::1"],
    ] {
        let arguments: Vec<OsString> = line.iter().map(OsString::from).collect();
        let Some(Ok(Asked::Serve(arguments, _))) = of_command_line(&arguments) else { panic!("{line:?}") };
        let read = crate::cli::Cli::read(arguments);
        assert!(read.is_ok(), "{line:?}: {:?}", read.err());
    }
}
