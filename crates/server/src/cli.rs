//! The command line: one list of flags, each also an environment variable, that feeds parser, help and completions.

mod config;
mod groups;
mod relations;
mod shown;
mod variables;

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::backup::BackupCommand;
use crate::doctor::{DoctorArguments, SupportBundleArguments};
use crate::export::ExportArguments;
use crate::full_backup::RestoreArguments;
use crate::health::HealthArguments;
use crate::import::ImportArguments;
use crate::init::InitArguments;
use crate::local::LocalArguments;
use crate::man::ManArguments;
use crate::nodes::NodesArguments;
use crate::policy_check::PolicyCheckArguments;
use crate::rekey::RekeyArguments;
use crate::remote_admin::{ClockCommand, FaultsCommand, ResetArguments, SnapshotCommand};
use crate::serve::{DaxCommandArguments, ServeArguments};
use crate::storage_check::StorageCheckArguments;
use crate::tail::TailArguments;

/// DynamoDB that anyone can run.
#[derive(Parser, Debug)]
#[command(name = "stator", version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Parses the command line and checks that its flags do not conflict.
    pub(crate) fn read(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Cli, clap::Error> {
        let mut command = Cli::whole();
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let settings = SettingsOfFile::of(&mut command, &arguments)?;
        let matches = command
            .try_get_matches_from_mut(&arguments)
            .map_err(|error| settings.named(variables::named(error, &command, &arguments)))?;
        if let Some((name, serve)) = matches.subcommand().filter(|(name, _)| config::COMMANDS.contains(name)) {
            let set = |name: &str| {
                let value = std::env::var_os(name).filter(|value| !value.is_empty());
                value.map(|value| value.to_string_lossy().into_owned())
            };
            relations::check(serve, &settings.values, set).map_err(|text| match command.find_subcommand_mut(name) {
                Some(command) => command.error(ErrorKind::ArgumentConflict, text),
                None => command.error(ErrorKind::ArgumentConflict, text),
            })?;
        }
        if let Some(init) = matches.subcommand_matches("init") {
            relations::check_init(init).map_err(|text| command.error(ErrorKind::ArgumentConflict, text))?;
        }
        Cli::from_arg_matches(&matches)
    }

    /// The settings that a command line which was read has, for a support bundle.
    pub(crate) fn shown(arguments: &[OsString]) -> Result<Vec<shown::Shown>, clap::Error> {
        let mut command = Cli::whole();
        let settings = SettingsOfFile::of(&mut command, arguments)?;
        let matches = command.try_get_matches_from_mut(arguments)?;
        let found = matches.subcommand().and_then(|(name, matches)| Some((command.find_subcommand(name)?, matches)));
        Ok(found.map(|(command, matches)| shown::shown(command, matches, &settings.values)).unwrap_or_default())
    }

    /// Sentences about variables of the environment that look like Stator's and have no effect.
    pub(crate) fn unknown_variables() -> Vec<String> {
        let set: Vec<(String, String)> = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        variables::unknown(&Cli::command(), set.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// All commands with their flags, as help and completions show them.
    pub(crate) fn whole() -> clap::Command {
        groups::grouped(Cli::command())
    }
}

/// The settings of a config file, and its name.
#[derive(Default)]
struct SettingsOfFile {
    file: Option<OsString>,
    values: config::Settings,
}

impl SettingsOfFile {
    /// Of the config file of a command line, if it has one; they become the command's defaults.
    fn of(command: &mut clap::Command, arguments: &[OsString]) -> Result<SettingsOfFile, clap::Error> {
        let named = arguments.get(1).and_then(|word| word.to_str()).filter(|word| config::COMMANDS.contains(word));
        let (Some(name), Some(file)) = (named, named.and_then(|name| config::file(name, arguments))) else {
            return Ok(SettingsOfFile::default());
        };
        let serve = command.find_subcommand("serve").cloned().unwrap_or_default();
        let values = config::read(Path::new(&file), &serve);
        let values = values.map_err(|text| command.error(ErrorKind::InvalidValue, text))?;
        *command = config::with_defaults(std::mem::take(command), name, &values);
        Ok(SettingsOfFile { file: Some(file), values })
    }

    /// The error, which names the file too if the flag's value comes from it.
    fn named(&self, mut error: clap::Error) -> clap::Error {
        let (Some(ContextValue::String(flag)), Some(file)) = (error.get(ContextKind::InvalidArg), &self.file) else {
            return error;
        };
        let id = flag.trim_start_matches('-').split([' ', '=']).next().unwrap_or_default().replace('-', "_");
        if self.values.contains_key(&id) && !flag.contains("(variable") {
            let named = format!("{flag} (perhaps in the config file {})", file.display());
            error.insert(ContextKind::InvalidArg, ContextValue::String(named));
        }
        error
    }
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Serve the DynamoDB API from a folder on this machine, or from a database
    Serve(Box<ServeArguments>),
    /// Serve as a drop-in for DynamoDB Local, with its options
    Local(LocalArguments),
    /// Ask a server whether it is healthy; the exit code says so
    Health(HealthArguments),
    /// Serve a cache for DAX's clients in front of any DynamoDB endpoint
    Dax(Box<DaxCommandArguments>),
    /// Make the first account and its root's access key, for serve --auth; prints or writes the key, once
    Init(InitArguments),
    /// Check or rekey a database that stores the tables
    #[command(subcommand)]
    Storage(StorageCommand),
    /// List the servers that share a database
    Nodes(NodesArguments),
    /// Benchmark a DynamoDB endpoint
    Bench(Box<bench::Arguments>),
    /// Print a table's changes as they come, as JSON lines
    Tail(Box<TailArguments>),
    /// Back up tables and restore them, or back up everything
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Make a data folder, or the tables in a database, of a full backup
    Restore(Box<RestoreArguments>),
    /// Write a table's items to a file or to stdout
    Export(Box<ExportArguments>),
    /// Write items of a file or of stdin to a table
    Import(Box<ImportArguments>),
    /// Evaluate IAM policies offline
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Delete all state of a server for tests
    Reset(ResetArguments),
    /// Take and restore snapshots of all state of a server for tests
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// List, add and delete rules of faults of a server for tests
    #[command(subcommand)]
    Faults(FaultsCommand),
    /// Show and move the clock of a server for tests
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Check the folder, the configuration and the machine that a server would run with
    Doctor(DoctorArguments),
    /// Write a tar file that tells a maintainer what a server runs with; no secrets and no items
    SupportBundle(SupportBundleArguments),
    /// Print the manual page, or write one for each command to a folder
    Man(ManArguments),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  source <(stator completions bash)")]
    Completions { shell: clap_complete::Shell },
}

#[derive(Subcommand, Debug)]
pub(crate) enum PolicyCommand {
    /// Explain why policies in files allow or deny a request, statement by statement
    Check(Box<PolicyCheckArguments>),
}

#[derive(Subcommand, Debug)]
pub(crate) enum StorageCommand {
    /// Report a database's version, speed and safety, and what is missing; changes nothing
    Check(StorageCheckArguments),
    /// Change the master key of encrypted data; rewrites none of it
    Rekey(RekeyArguments),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Every setting is a flag and a variable named after it.
    #[test]
    fn every_flag_of_serve_has_its_variable() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").expect("serve");
        for argument in serve.get_arguments().filter(|argument| argument.get_id() != "help") {
            let flag = argument.get_long().expect("a long flag");
            let variable = format!("STATOR_{}", flag.replace('-', "_").to_uppercase());
            assert_eq!(argument.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
        }
    }

    #[test]
    fn values() {
        let check = |flags: &[&str], accepted: bool| {
            let parsed = Cli::read([&["stator", "serve"], flags].concat());
            assert_eq!(parsed.is_ok(), accepted, "{flags:?}");
        };
        check(&[], true);
        check(&["--region", "eu-west-3"], true);
        for region in ["", "EU", "a/b", "région", "a b"] {
            check(&["--region", region], false);
        }
        for size in ["0", "1", "1B", "64MiB", "2 GiB", "1GB"] {
            check(&["--cache", size], true);
        }
        for size in ["", "MiB", "-1", "1.5GiB", "1TiB", "99999999999999999999", "18446744073709551615KiB", "é"] {
            check(&["--cache", size], false);
        }
        check(&["--memory", "--memory-limit", "1GiB"], true);
        check(&["--memory-limit", "1GiB"], false);
        for (limit, accepted) in [("0", true), ("1", false), ("1023KiB", false), ("1MiB", true)] {
            check(&["--memory", "--memory-limit", limit], accepted);
        }
        check(&["--disk-reserve", "0"], true);
        check(&["--disk-reserve", "10%"], false);
        check(&["--storage", "postgres://h/d"], true);
        check(&["--storage", "postgres://h/d", "--memory"], false);
        check(&["--storage", "postgres://h/d", "--data", "d"], false);
        check(&["--storage-password-file", "f"], false);
        check(&["--storage", "postgres://h/d", "--storage-replicas", "postgres://r,s/d"], true);
        check(&["--storage-replicas", "postgres://r/d"], false);
        let replicas = ["--storage", "postgres://h/d", "--storage-replicas", "postgres://r/d"];
        for (lag, accepted) in [("100", true), ("99", false)] {
            check(&[&replicas[..], &["--storage-replica-lag-ms", lag]].concat(), accepted);
        }
        for (lease, accepted) in [("1000", true), ("0", false)] {
            check(&["--storage", "postgres://h/d", "--node-lease-ms", lease], accepted);
        }
    }

    #[test]
    fn values_of_bounds_and_times() {
        let check = |flags: &[&str], accepted: bool| {
            let parsed = Cli::read([&["stator", "serve"], flags].concat());
            assert_eq!(parsed.is_ok(), accepted, "{flags:?}");
        };
        check(&["--connections-max", "0"], false);
        for (time, accepted) in
            [("4", true), ("24h", true), ("30m", true), ("1s", true), ("0", false), ("25", false), ("1d", false)]
        {
            check(&["--stream-shard-hours", time], accepted);
        }
        check(&["--stream-shard-writes", "1"], true);
        check(&["--stream-shard-writes", "0"], false);
        check(&["--body-timeout", "0"], false);
        for (size, accepted) in [("64MiB", true), ("64MB", false), ("0", false), ("4GiB", true)] {
            check(&["--request-memory", size], accepted);
            check(&["--answer-memory", size], accepted);
        }
        check(&["--memory-timeout", "0"], false);
        check(&["--body-timeout", "1"], true);
        for (format, accepted) in [("text", true), ("json", true), ("xml", false), ("", false)] {
            check(&["--log", format], accepted);
        }
        check(&["--log-slow-ms", "-1"], false);
        check(&["--unknown"], false);
    }

    #[test]
    fn endpoints() {
        for (url, accepted) in [
            ("http://127.0.0.1:4566", true),
            ("https://kinesis.eu-west-3.amazonaws.com/", true),
            ("127.0.0.1:4566", false),
            ("http://", false),
            ("http://h/path", false),
            ("ftp://h", false),
            ("http://h:0", false),
            ("http://h:99999", false),
            ("http://me@h", false),
            ("http://h\r\n", false),
        ] {
            let parsed = Cli::read(["stator", "serve", "--kinesis-endpoint", url]);
            assert_eq!(parsed.is_ok(), accepted, "{url:?}");
        }
    }

    #[test]
    fn callers_are_known_by_signatures() {
        for (flags, expected) in
            [(&[][..], false), (&["--isolate"], false), (&["--auth"], true), (&["--credentials", "file"], true)]
        {
            let cli = Cli::read([&["stator", "serve"], flags].concat()).unwrap();
            let Command::Serve(arguments) = cli.command else { panic!("not serve") };
            assert_eq!(arguments.knows_callers(), expected, "{flags:?}");
        }
    }

    #[test]
    fn flags_that_belong_together() {
        let check = |flags: &[&str], accepted: bool| {
            let parsed = Cli::read([&["stator", "serve"], flags].concat());
            assert_eq!(parsed.is_ok(), accepted, "{flags:?}");
        };
        check(&["--tls-certificate", "c", "--tls-key", "k", "--tls-client-ca", "a"], true);
        check(&["--tls-certificate", "c"], false);
        check(&["--tls-key", "k"], false);
        check(&["--tls-self-signed", "--tls-self-signed-file", "f", "--tls-client-ca", "a"], true);
        check(&["--tls-self-signed", "--tls-certificate", "c", "--tls-key", "k"], false);
        check(&["--tls-self-signed-file", "f"], false);
        check(&["--tls-client-ca", "a"], false);
        check(&["--audit-log", "f", "--audit-data", "--audit-log-bytes", "1MiB", "--audit-log-files", "1"], true);
        check(&["--audit-data"], false);
        check(&["--audit-log", "f", "--audit-required"], true);
        check(&["--audit-required"], false);
        check(&["--audit-log", "f", "--audit-log-files", "0"], false);
    }
}
