//! Development tasks, run as `cargo xtask <task>`.
//!
//! `generate` writes what follows from the AWS service models: the types of `api`, the tables of `wire`, the models of `aws`, and
//! the permissions of `auth`. The output is checked in, so that building needs no generator; `generate
//! --check` and a test compare it with the models. `console-vendor` makes the console's libraries from their published packages; it
//! needs npm and tar, and is the only task that uses the network.

mod authorization;
mod console_vendor;
mod generate;
mod model;
mod names;
mod service_model;
#[cfg(test)]
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask generate|console-vendor [--check]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["generate"] => generate::write(),
        ["generate", "--check"] => generate::check(),
        ["console-vendor"] => console_vendor::write(),
        ["console-vendor", "--check"] => console_vendor::check(),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}
