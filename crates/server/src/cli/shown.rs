//! The settings of a command line as a support bundle shows them: each flag with its value, and where that comes from.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::config::Settings;

/// Name, value, and source.
pub(crate) type Shown = (String, String, &'static str);

/// Of flags that may hold a secret the value is not shown.
pub(super) fn shown(command: &Command, matches: &ArgMatches, of_file: &Settings) -> Vec<Shown> {
    let mut settings = Vec::new();
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let Some(source) = matches.try_contains_id(id).ok().and_then(|_| matches.value_source(id)) else { continue };
        let source = match source {
            ValueSource::CommandLine => "flag",
            ValueSource::EnvVariable => "variable",
            _ if of_file.contains_key(id) => "config file",
            _ => "default",
        };
        let values = matches.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
        let value = match argument.is_hide_env_values_set() {
            true => "(hidden)".to_owned(),
            false => values.collect::<Vec<_>>().join(","),
        };
        settings.push((id.replace('_', "-"), value, source));
    }
    settings
}
