//! `--config FILE`: settings of `stator serve` in a TOML file, beside flags and variables. A flag overrides its variable, and both override
//! the file.
//!
//! Keys are the names of flags: `listen = "127.0.0.1:8000"`, `memory = true`, `regions = ["eu-west-1", "us-east-1"]`. A key that no flag has is
//! an error, as is a value that the flag would refuse. Tables (`[section]`) only group keys.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::builder::OsStr;
use clap::{ArgAction, Command};
use toml::{Table, Value};

const FLAG: &str = "config";
/// The commands that take the flags of `serve`.
pub(super) const COMMANDS: [&str; 3] = ["serve", "doctor", "support-bundle"];
const VARIABLE: &str = "STATOR_CONFIG";
/// Unit: bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The values of a file, by the ids of flags.
pub(super) type Settings = BTreeMap<String, String>;

/// The file that a command line names, or the variable.
pub(super) fn file(command: &str, arguments: &[OsString]) -> Option<OsString> {
    let mut words = arguments.iter().skip_while(|word| *word != command).skip(1);
    let long = format!("--{FLAG}");
    while let Some(word) = words.next() {
        if *word == *long {
            return words.next().cloned();
        }
        if let Some(value) = word.to_str().and_then(|word| word.strip_prefix(&long)?.strip_prefix('=')) {
            return Some(value.into());
        }
    }
    std::env::var_os(VARIABLE).filter(|file| !file.is_empty())
}

/// # Errors
/// A sentence about the file, or the first of its keys that cannot be used.
pub(super) fn read(file: &Path, serve: &Command) -> Result<Settings, String> {
    let name = file.display();
    let failed = |error: std::io::Error| format!("cannot read the config file {name}: {error}");
    let size = std::fs::metadata(file).map_err(failed)?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("the config file {name} has {size} bytes, and {FILE_BYTES_MAX} is the most"));
    }
    let text = std::fs::read_to_string(file).map_err(failed)?;
    parse(&text, serve).map_err(|error| format!("the config file {name} cannot be used: {error}"))
}

fn parse(text: &str, serve: &Command) -> Result<Settings, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string().trim_end().to_owned())?;
    let mut settings = Settings::new();
    add(&table, serve, &mut settings)?;
    Ok(settings)
}

fn add(table: &Table, serve: &Command, settings: &mut Settings) -> Result<(), String> {
    for (key, value) in table {
        if let Value::Table(inner) = value {
            add(inner, serve, settings)?;
            continue;
        }
        let id = key.replace('-', "_");
        let argument = serve.get_arguments().find(|argument| argument.get_id() == id.as_str() && id != FLAG);
        let argument = argument.ok_or_else(|| {
            format!(
                "there is no setting '{}'; 'stator serve --help' lists them, and a key is a flag's name",
                base::visible(key)
            )
        })?;
        let is_switch = matches!(argument.get_action(), ArgAction::SetTrue);
        let text = text(value)
            .ok_or_else(|| format!("the value of '{key}' is a text, a number, true or false, or a list of those"))?;
        if is_switch && !value.is_bool() {
            return Err(format!("the value of '{key}' is true or false"));
        }
        if settings.insert(id, text).is_some() {
            return Err(format!("'{key}' is there twice"));
        }
    }
    Ok(())
}

/// As a variable has it: lists are separated by commas.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(is_true) => Some(is_true.to_string()),
        Value::Array(values) => Some(values.iter().map(text).collect::<Option<Vec<_>>>()?.join(",")),
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// The command with the file's values as defaults: what is typed or a variable comes before a default.
pub(super) fn with_defaults(command: Command, name: &str, settings: &Settings) -> Command {
    command.mut_subcommand(name, |serve| {
        serve.mut_args(|argument| match settings.get(argument.get_id().as_str()) {
            // A list of values is split by the argument's own delimiter.
            Some(value) => argument.default_value(OsStr::from(value.clone())),
            None => argument,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command as Parsed};

    fn parsed(text: &str) -> Result<Settings, String> {
        parse(text, Cli::whole().find_subcommand("serve").expect("serve"))
    }

    #[test]
    fn keys_are_flags_and_nothing_else() {
        let text = "listen = \"127.0.0.1:9\"\nregions = [\"eu-west-1\", \"eu-west-2\"]\n[storage]\nmemory = true\ncache = \"1GiB\"\n";
        let expected =
            [("cache", "1GiB"), ("listen", "127.0.0.1:9"), ("memory", "true"), ("regions", "eu-west-1,eu-west-2")];
        let expected: Settings = expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(parsed(text), Ok(expected));
        assert_eq!(parsed("idle-timeout = 5"), parsed("idle_timeout = 5"));
        for (text, expected) in [
            ("listem = \"x\"", "there is no setting 'listem'"),
            ("config = \"x\"", "there is no setting 'config'"),
            ("help = true", "there is no setting 'help'"),
            ("memory = \"yes\"", "is true or false"),
            ("cache = 2020-01-01", "a text, a number"),
            ("a = ", "TOML"),
            ("[a]\nmemory = true\n[b]\nmemory = false", "twice"),
        ] {
            let error = parsed(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn flags_come_before_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("stator.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:9\"\nmemory = true\nregions = [\"eu-west-1\", \"eu-west-2\"]\n")
            .expect("written");
        let read = |flags: &[&str]| {
            let config = ["stator", "serve", "--config", file.to_str().expect("a name")];
            match Cli::read([&config[..], flags].concat()).map(|cli| cli.command) {
                Ok(Parsed::Serve(arguments)) => Ok(arguments),
                Ok(_) => panic!("not serve"),
                Err(error) => Err(error.to_string()),
            }
        };
        let arguments = read(&[]).expect("read");
        assert_eq!((arguments.listen.as_str(), arguments.engine.memory), ("127.0.0.1:9", true));
        assert_eq!(arguments.service.regions, ["eu-west-1", "eu-west-2"]);
        assert_eq!(read(&["--listen", "127.0.0.1:8"]).expect("read").listen, "127.0.0.1:8");
        // Relations hold between a flag and the file as well.
        let refused = read(&["--data", "d"]).expect_err("refused");
        assert!(refused.contains("--data") && refused.contains("cannot be used with"), "{refused}");
        std::fs::write(&file, "log-slow-ms = \"soon\"\n").expect("written");
        let refused = read(&[]).expect_err("refused");
        assert!(refused.contains("--log-slow-ms") && refused.contains("stator.toml"), "{refused}");
    }
}
