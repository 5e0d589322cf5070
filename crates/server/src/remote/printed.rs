//! What a command prints on standard output: text for people, or JSON.

use std::io::{self, ErrorKind, Write};

use clap::ValueEnum;
use client::Failure;
use serde_json::Value;

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum PrintedFormat {
    /// For people
    Text,
    /// For machines: one document
    Json,
}

/// Prints a text. A reader that closes the pipe has read enough.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(format!("cannot print: {error}"))),
        _ => Ok(()),
    }
}

pub(crate) fn print_json(document: &Value) -> Result<(), Failure> {
    print(&format!("{document:#}\n"))
}
