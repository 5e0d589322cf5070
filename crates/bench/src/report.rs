//! Shows the figures: as a table, as JSON lines, and as a page with plots.

mod html;
mod json;
mod plot;
mod text;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use crate::arguments::StartArguments;
use crate::figures::Figures;
use crate::plan::Plan;
use crate::{Failure, date};
pub(crate) use json::run_line;
pub(crate) use text::aligned;

/// What a reader must know of a run besides its figures.
pub(crate) struct Circumstances {
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl Circumstances {
    fn of(plan: &Plan, seconds: u64) -> Circumstances {
        let loop_kind = match plan.rate {
            None => "closed: each connection sends its next request when it has its reply".to_owned(),
            Some(rate) => format!("open: {rate} requests a second, latency from the intended moment"),
        };
        let rounds = format!(
            "{} of {:.1} s, after {:.1} s of warm-up",
            plan.rounds,
            plan.duration.as_secs_f64(),
            plan.warmup.as_secs_f64()
        );
        let mut settings = surroundings(seconds);
        settings.extend([
            ("loop", loop_kind),
            ("connections", plan.connections.to_string()),
            ("client_threads", plan.threads.to_string()),
            ("keys", plan.keys.to_string()),
            ("value_size_bytes", plan.value_size.to_string()),
            ("consistent_reads", plan.consistent.to_string()),
            ("rounds", rounds),
            ("seed", plan.seed.to_string()),
        ]);
        Circumstances { settings }
    }

    pub(crate) fn of_start(arguments: &StartArguments, seconds: u64) -> Circumstances {
        let mut settings = surroundings(seconds);
        settings.extend([("runs", arguments.runs.to_string()), ("serve_flags", arguments.serve.join(" "))]);
        Circumstances { settings }
    }
}

/// What holds for every run: when, what, and on what machine.
fn surroundings(seconds: u64) -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or("unknown".to_owned(), |cores| cores.to_string());
    let build = if cfg!(debug_assertions) { "debug: its figures say nothing" } else { "release" };
    vec![
        ("date", date::readable(seconds)),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("build", build.to_owned()),
        ("system", format!("{} {}, {cores} cores", std::env::consts::OS, std::env::consts::ARCH)),
    ]
}

/// A closed stdout is no reason not to write the files.
pub(crate) fn show(table: &str) {
    let _ = std::io::stdout().lock().write_all(table.as_bytes());
}

pub(crate) fn write(plan: &Plan, figures: &[Figures]) -> Result<(), Failure> {
    let circumstances = Circumstances::of(plan, date::now_seconds());
    show(&text::table(figures));
    if let Some(path) = &plan.json {
        append(path, &json::lines(&circumstances, figures))?;
    }
    if let Some(path) = &plan.html {
        let written = std::fs::write(path, html::page(&circumstances, figures));
        written.map_err(|error| unwritable(path, &error))?;
    }
    Ok(())
}

pub(crate) fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()))
}
