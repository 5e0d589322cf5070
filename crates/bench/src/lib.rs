//! `stator bench`: puts a DynamoDB endpoint under load and says what it gave.
//!
//! It knows no engine and nothing of Stator beyond the names of the operations: it speaks HTTP/1.1 and DynamoDB's JSON
//! to whatever listens, encrypted or not, so that any two implementations can be measured with the same load.
//!
//! `plan` is what was asked for, proven once. `campaign` creates the tables and runs the workloads in rounds, the
//! servers taking turns; `load` is one round against one server; `figures` is what came of it, and `report` shows it.
//! What a workload asks and which replies it accepts is in `workload`, one file each; a `peer` gets it.
//!
//! Modules, lowest first: the content of tables (`data`) and the `workload`s over it; `peer`; `arguments` and `plan`, which chooses
//! among them; `schedule` and `load`; `fill`, `tables`, `figures` and `report`; `campaign`.
//!
//! The client must cost little beside the server, for both often share a machine: it asks through
//! the crate `client`, and looks at replies without parsing them (`reply`).

mod arguments;
mod campaign;
mod ceiling;
mod chance;
mod cpu;
mod data;
mod database;
mod date;
mod dax;
mod echo;
mod figures;
mod fill;
mod interrupt;
mod load;
mod peer;
mod plan;
mod recorder;
mod reply;
mod report;
mod runtime;
mod schedule;
mod start;
mod tables;
mod trouble;
mod workload;
mod zipf;

pub use arguments::Arguments;
pub use client::Failure;
pub use database::{BoxFuture, Database, Reach, RowKey, Session, Work};

use std::fmt;
use std::io::{self, Write};

use arguments::Command;
use plan::Plan;

/// Runs the load, or the bare server that it is compared with, or starts servers. Writes progress to stderr, and the
/// table to stdout.
pub fn run(arguments: &Arguments, reach: Reach<'_>) -> Result<(), Failure> {
    match &arguments.command {
        Some(Command::Echo(echo)) => echo::run(echo),
        Some(Command::Start(start)) => start::run(start),
        None => load(&Plan::new(&arguments.load, reach)?),
    }
}

fn load(plan: &Plan) -> Result<(), Failure> {
    interrupt::listen()?;
    let figures = campaign::run(plan)?;
    report::write(plan, &figures)?;
    match figures.iter().all(figures::Figures::is_result) {
        true => Ok(()),
        false => Err(Failure::new("some requests failed: what they belong to is no result")),
    }
}

/// Reports the progress of the run. A closed stderr does not stop it.
fn say(text: fmt::Arguments<'_>) {
    let _ = io::stderr().lock().write_all(format!("bench: {text}\n").as_bytes());
}
