//! Errors about values that come from variables name the variable beside the flag.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};

/// The error, which names the variable too if the flag's value comes from it.
pub(super) fn named(mut error: clap::Error, command: &Command, arguments: &[OsString]) -> clap::Error {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return error };
    let flag = flag.clone();
    let Some(argument) = subcommand(command, arguments).get_arguments().find(|argument| argument.to_string() == flag)
    else {
        return error;
    };
    if let Some(variable) = variable(argument, arguments) {
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
