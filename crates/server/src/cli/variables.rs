//! Errors about values that come from variables name the variable beside the flag, and variables that nothing reads are found.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::{encryption, root_key};

const PREFIX: &str = "STATOR_";
/// Those that are no flag's.
const WITHOUT_FLAG: [&str; 4] = [encryption::VARIABLE, encryption::NEW_VARIABLE, root_key::ID, root_key::SECRET];
/// Those of this project's own tests, which start servers.
const OF_TESTS: [&str; 3] = ["STATOR_PROOF_", "STATOR_TEST_", "STATOR_REQUIRE_"];

/// Sentences about variables that begin as Stator's do, and that no command of it knows.
pub(super) fn unknown<'n>(command: &Command, set: impl Iterator<Item = (&'n str, &'n str)>) -> Vec<String> {
    let mut known: BTreeSet<String> = WITHOUT_FLAG.map(str::to_owned).into();
    add_known(command, &mut known);
    let is_unknown = |name: &str, value: &str| {
        name.starts_with(PREFIX)
            && !known.contains(name)
            && !OF_TESTS.iter().any(|start| name.starts_with(start))
            && !is_service_link(name, value)
    };
    let unknown = set.filter(|(name, value)| is_unknown(name, value));
    unknown
        .map(|(name, _)| match nearest(name, &known) {
            Some(near) => format!("the variable {name} is none of Stator's and has no effect; perhaps {near} is meant"),
            None => {
                format!("the variable {name} is none of Stator's and has no effect; 'stator serve --help' lists them")
            }
        })
        .collect()
}

fn add_known(command: &Command, known: &mut BTreeSet<String>) {
    known.extend(
        command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_string_lossy().into_owned())),
    );
    command.get_subcommands().for_each(|inner| add_known(inner, known));
}

/// What Kubernetes and Docker put into containers beside a service that is called `stator`: `STATOR_SERVICE_HOST`,
/// `STATOR_PORT=tcp://…`, `STATOR_PORT_8000_TCP`.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_numbered_port =
        || name.split_once("_PORT_").is_some_and(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit()));
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT") && value.contains("://")
        || is_numbered_port()
}

/// The known name that a third of the letters or fewer make of it, or that begins with it.
fn nearest<'k>(name: &str, known: &'k BTreeSet<String>) -> Option<&'k String> {
    let letters = |name: &str| name.trim_start_matches(PREFIX).to_ascii_uppercase();
    let name = letters(name);
    let (distance, near) = known.iter().map(|near| (distance(&name, &letters(near)), near)).min()?;
    let begins = || known.iter().find(|near| !name.is_empty() && letters(near).starts_with(&name));
    if distance <= name.len() / 3 { Some(near) } else { begins() }
}

/// Letters that are inserted, left out or exchanged between two words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (other_at, other_letter) in other.bytes().enumerate() {
            let exchanged = diagonal + usize::from(letter != other_letter);
            diagonal = row[other_at + 1];
            row[other_at + 1] = exchanged.min(diagonal + 1).min(row[other_at] + 1);
        }
    }
    row[other.len()]
}

/// The error, which names the variable too if the flag's value comes from it.
pub(super) fn named(mut error: clap::Error, command: &Command, arguments: &[OsString]) -> clap::Error {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return error };
    let flag = flag.clone();
    let command = subcommand(command, arguments);
    let Some(argument) = command.get_arguments().find(|argument| argument.to_string() == flag) else { return error };
    if let Some(variable) = variable(argument, arguments) {
        if std::env::var_os(&variable).is_some_and(|value| value.is_empty()) {
            return command.clone().error(
                ErrorKind::InvalidValue,
                format!("the variable {variable} is set and empty: give it a value, or unset it"),
            );
        }
        error.insert(ContextKind::InvalidArg, ContextValue::String(format!("{flag} (variable {variable})")));
    }
    error
}

/// The innermost command that the words name.
fn subcommand<'a>(command: &'a Command, arguments: &[OsString]) -> &'a Command {
    let mut found = command;
    for word in arguments.iter().skip(1) {
        match word.to_str().and_then(|word| found.find_subcommand(word)) {
            Some(inner) => found = inner,
            None => break,
        }
    }
    found
}

/// The variable of a flag, if it is set and the flag is not typed.
fn variable(argument: &Arg, arguments: &[OsString]) -> Option<String> {
    let variable = argument.get_env()?;
    std::env::var_os(variable)?;
    let long = format!("--{}", argument.get_long()?);
    let is_flag = |word: &str| word == long || word.strip_prefix(&long).is_some_and(|rest| rest.starts_with('='));
    let is_typed = arguments.iter().filter_map(|word| word.to_str()).any(is_flag);
    (!is_typed).then(|| variable.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn variables_that_nothing_reads_are_named_with_the_nearest_that_is_read() {
        for (name, value, expected) in [
            ("STATOR_LISTEM", "", Some("perhaps STATOR_LISTEN is meant")),
            ("STATOR_AUDITLOG", "f", Some("perhaps STATOR_AUDIT_LOG is meant")),
            ("STATOR_listen", "a", Some("perhaps STATOR_LISTEN is meant")),
            ("STATOR_TLS_CERT", "f", Some("perhaps STATOR_TLS_CERTIFICATE is meant")),
            ("STATOR_PORT", "9000", Some("perhaps STATOR_PORT_FILE is meant")),
            ("STATOR_ZZZZZZZZZZ", "", Some("lists them")),
            // Of the server, of other commands, and of none of the flags.
            ("STATOR_LISTEN", "", None),
            ("STATOR_MEMTABLE", "", None),
            ("STATOR_NEW_KMS_KEY_ID", "", None),
            ("STATOR_MASTER_KEY", "", None),
            ("STATOR_ROOT_SECRET_ACCESS_KEY", "", None),
            ("STATOR_REQUIRE_POSTGRES", "1", None),
            ("STATOR_PROOF_SEED", "1", None),
            // Of Kubernetes.
            ("STATOR_SERVICE_HOST", "10.0.0.1", None),
            ("STATOR_NODES_SERVICE_PORT_HTTP", "8000", None),
            ("STATOR_PORT", "tcp://10.0.0.1:8000", None),
            ("STATOR_PORT_8000_TCP_ADDR", "10.0.0.1", None),
            ("PATH", "", None),
        ] {
            let said = unknown(&Cli::command(), std::iter::once((name, value)));
            match (&said[..], expected) {
                ([], None) => {}
                ([said], Some(expected)) => assert!(said.contains(name) && said.ends_with(expected), "{said}"),
                _ => panic!("{name}: {said:?}"),
            }
        }
    }

    #[test]
    fn distances() {
        for (one, other, expected) in [("", "", 0), ("a", "", 1), ("AB", "BA", 2), ("LISTEM", "LISTEN", 1)] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
