//! Counts the processor instructions of a few hot requests, and compares them with those that are recorded.
//!
//! `cargo instructions` counts, shows, and fails if a request takes much more than it used to; `cargo instructions
//! --record` makes the new counts those to compare with. Instructions hardly swing, whatever else a machine does, so
//! that a regression shows without a quiet machine.
//!
//! The program runs itself below valgrind, once for each request and engine ([`count`]); there it asks the request many
//! times ([`drive`]). What is counted begins with the bytes of a request's body and ends with the bytes of the answer,
//! on the thread that serves the request: sockets, HTTP and the committer's thread are not in it. The requests are in
//! [`requests`], the recorded counts in `recorded.txt` ([`recorded`]), and [`report`] compares them. [`comparison`],
//! which uses both, proves that the time to refuse a wrong signature says nothing about the right one. Of these
//! modules, `requests` and `drive` are the lowest, then `count`, then `comparison`.

mod comparison;
mod count;
mod drive;
mod recorded;
mod report;
mod requests;

use std::io::Write;
use std::process::ExitCode;

use requests::{ENGINES, REQUESTS};

/// The server's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: cargo instructions [--record]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => count_all().and_then(|counts| compare(&counts)).and_then(|()| comparison::check()),
        ["--record"] => count_all().and_then(|counts| recorded::write(&counts)),
        [drive::COMMAND, comparison::SIGNATURE, digit] => comparison::run(digit),
        [drive::COMMAND, engine, request] => drive::run(engine, request),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("instructions: {text}");
            ExitCode::FAILURE
        }
    }
}

/// Instructions of one request on one engine.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Count {
    engine: String,
    request: String,
    instructions: u64,
}

fn count_all() -> Result<Vec<Count>, String> {
    if cfg!(debug_assertions) {
        return Err("counts of a debug build say nothing: run `cargo instructions`, which builds with --release".into());
    }
    let mut counts = Vec::new();
    for engine in ENGINES {
        for request in REQUESTS {
            let instructions = count::count(engine, request.name)?;
            counts.push(Count { engine: engine.to_owned(), request: request.name.to_owned(), instructions });
        }
    }
    Ok(counts)
}

fn compare(counts: &[Count]) -> Result<(), String> {
    let recorded = recorded::read()?;
    // A closed stdout does not change what was counted.
    let _ = std::io::stdout().lock().write_all(report::table(counts, &recorded).as_bytes());
    report::judge(counts, &recorded)
}
