//! The settings of `stator serve` as other commands need them: from the environment alone. What is wrong there is said of the
//! variable, as the command that is run may have no flag of that name.

use std::error::Error;

use clap::error::{ContextKind, ContextValue};
use clap::{Args, Command, FromArgMatches};

use super::ServeArguments;

impl ServeArguments {
    /// As `stator serve` has them without a flag on its command line: from the environment, and by default.
    ///
    /// # Errors
    /// A sentence about the variable whose value cannot be used. It does not repeat the value, which may be a secret.
    pub(crate) fn from_environment() -> Result<ServeArguments, String> {
        let mut command = ServeArguments::augment_args(Command::new("serve"));
        let matches = command.try_get_matches_from_mut(["serve"]);
        let read = matches.and_then(|matches| ServeArguments::from_arg_matches(&matches));
        read.map_err(|error| sentence(&command, &error))
    }
}

fn sentence(command: &Command, error: &clap::Error) -> String {
    let variable = error.get(ContextKind::InvalidArg).and_then(|flag| variable_of(command, flag));
    match (variable, error.source()) {
        (Some(variable), Some(cause)) => format!("the variable {variable} cannot be used: {cause}"),
        (Some(variable), None) => format!("the variable {variable} cannot be used{}", accepted(error)),
        (None, _) => {
            let text = error.to_string();
            text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    }
}

/// Of the flag that an error is about, as clap spells it.
fn variable_of(command: &Command, flag: &ContextValue) -> Option<String> {
    let flag = match flag {
        ContextValue::String(flag) => flag,
        ContextValue::Strings(flags) => flags.first()?,
        _ => return None,
    };
    let argument = command.get_arguments().find(|argument| argument.to_string() == *flag)?;
    Some(argument.get_env()?.to_string_lossy().into_owned())
}

/// The values that would be taken, where they are few.
fn accepted(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => format!(": one of {}", values.join(", ")),
        _ => "; 'stator serve --help' says what it takes".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sentence about flags, which are variables otherwise.
    fn about(flags: &[&str]) -> String {
        let mut command = ServeArguments::augment_args(Command::new("serve"));
        let error = command.try_get_matches_from_mut([&["serve"], flags].concat()).expect_err("a refusal");
        sentence(&command, &error)
    }

    #[test]
    fn what_is_wrong_is_said_of_the_variable_and_once() {
        let small = "a region is made of small letters, digits and hyphens, such as eu-west-3";
        for (flags, expected) in [
            (&["--region", "XX"][..], format!("the variable STATOR_REGION cannot be used: {small}")),
            (&["--region", ""], format!("the variable STATOR_REGION cannot be used: {small}")),
            (&["--log", "xml"], "the variable STATOR_LOG cannot be used: one of text, json".to_owned()),
        ] {
            let said = about(flags);
            assert_eq!(said, expected, "{flags:?}");
        }
    }
}
