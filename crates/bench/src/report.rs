//! Shows the figures: as a table, as JSON lines, and as a page with plots.

mod html;
mod json;
mod plot;
mod text;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use crate::figures::Figures;
use crate::plan::Plan;
use crate::{Failure, date};

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
        let cores = std::thread::available_parallelism().map_or("unknown".to_owned(), |cores| cores.to_string());
        let rounds = format!(
            "{} of {:.1} s, after {:.1} s of warm-up",
            plan.rounds,
            plan.duration.as_secs_f64(),
            plan.warmup.as_secs_f64()
        );
        Circumstances {
            settings: vec![
                ("date", date::readable(seconds)),
                ("version", env!("CARGO_PKG_VERSION").to_owned()),
                ("build", if cfg!(debug_assertions) { "debug: its figures say nothing" } else { "release" }.to_owned()),
                ("system", format!("{} {}, {cores} cores", std::env::consts::OS, std::env::consts::ARCH)),
                ("loop", loop_kind),
                ("connections", plan.connections.to_string()),
                ("client_threads", plan.threads.to_string()),
                ("keys", plan.keys.to_string()),
                ("value_size_bytes", plan.value_size.to_string()),
                ("consistent_reads", plan.consistent.to_string()),
                ("rounds", rounds),
                ("seed", plan.seed.to_string()),
            ],
        }
    }
}

pub(crate) fn write(plan: &Plan, figures: &[Figures]) -> Result<(), Failure> {
    let circumstances = Circumstances::of(plan, base::Clock::system().now_ms() / 1_000);
    // A closed stdout is no reason not to write the files.
    let _ = std::io::stdout().lock().write_all(text::table(figures).as_bytes());
    if let Some(path) = &plan.json {
        append(path, &json::lines(&circumstances, figures))?;
    }
    if let Some(path) = &plan.html {
        let written = std::fs::write(path, html::page(&circumstances, figures));
        written.map_err(|error| unwritable(path, &error))?;
    }
    Ok(())
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()))
}
