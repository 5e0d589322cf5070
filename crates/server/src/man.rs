//! `stator man`: manual pages, from the same definitions as `--help`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::Str;
use clap::{Args, Command};
use client::Failure;

use crate::remote;

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  stator man | man -l -\n  stator man --output /usr/local/share/man/man1")]
pub(crate) struct ManArguments {
    /// Write stator.1 and a page for each command, such as stator-serve.1, to this folder, which is made
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &ManArguments, program: &Command) -> Result<(), Failure> {
    match &arguments.output {
        None => remote::print(&page(program)?),
        Some(folder) => write(folder, program),
    }
}

fn write(folder: &Path, program: &Command) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot write manual pages to {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    for (name, page) in pages(program)? {
        fs::write(folder.join(format!("{name}.1")), page).map_err(failed)?;
    }
    Ok(())
}

/// Of the program, and of each command and its commands.
fn pages(program: &Command) -> Result<Vec<(String, String)>, Failure> {
    let mut pages = Vec::new();
    let mut program = program.clone().disable_help_subcommand(true);
    program.build();
    add(&program, "stator", &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, name: &str, pages: &mut Vec<(String, String)>) -> Result<(), Failure> {
    // Named after all commands to it, as its page is.
    let named = command
        .clone()
        .name(Str::from(name.to_owned()))
        .bin_name(name.replace('-', " "))
        .version(env!("CARGO_PKG_VERSION"));
    pages.push((name.to_owned(), page(&named)?));
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        add(inner, &format!("{name}-{}", inner.get_name()), pages)?;
    }
    Ok(())
}

fn page(command: &Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command.clone()).render(&mut page);
    rendered.map_err(|error| Failure::new(format!("the manual page cannot be made: {error}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[test]
    fn each_command_has_its_page() {
        let inner = Command::new("create-all").arg(Arg::new("to").long("to").value_name("DIR"));
        let outer = Command::new("backup").subcommand(inner).subcommand(Command::new("list"));
        let pages = pages(&Command::new("stator").subcommand(outer)).expect("pages");
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["stator", "stator-backup", "stator-backup-create-all", "stator-backup-list"]);
        let page = &pages[2].1;
        assert!(page.contains(".TH") && page.contains("\\-\\-to"), "{page}");
    }
}
