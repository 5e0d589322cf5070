//! `stator bench start`: how long the server takes from its start to its first answer, and what memory it has then.
//!
//! It starts this very program, again and again: in memory, in a new folder, and in a folder that exists. An unmeasured
//! start precedes the others of its kind: it brings the program into the system's memory, and makes the folder that
//! exists.

mod memory;
mod report;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::arguments::StartArguments;
use crate::{Failure, interrupt, say};
use memory::Memory;
use server::Server;

/// Where a started server keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Memory,
    NewFolder,
    ExistingFolder,
}

impl Place {
    const ALL: [Place; 3] = [Place::Memory, Place::NewFolder, Place::ExistingFolder];

    fn name(self) -> &'static str {
        match self {
            Place::Memory => "in memory",
            Place::NewFolder => "new folder",
            Place::ExistingFolder => "existing folder",
        }
    }
}

/// One start.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// From before the process is made until its first answer is here.
    answered: Duration,
    /// Right after that; only Linux reports it.
    memory: Option<Memory>,
}

/// All starts that were alike.
struct Starts {
    place: Place,
    starts: Vec<Start>,
}

pub(crate) fn run(arguments: &StartArguments) -> Result<(), Failure> {
    interrupt::listen()?;
    let folder = Scratch::make(&arguments.scratch)?;
    let mut all = Vec::new();
    for place in Place::ALL {
        say(format_args!("{}: {} starts", place.name(), arguments.runs));
        all.push(Starts { place, starts: starts(arguments, place, &folder)? });
    }
    report::write(arguments, &all)
}

fn starts(arguments: &StartArguments, place: Place, scratch: &Scratch) -> Result<Vec<Start>, Failure> {
    let data = match (place, &arguments.data) {
        (Place::Memory, _) => None,
        (Place::ExistingFolder, Some(data)) => Some(data.clone()),
        _ => Some(scratch.0.join("data")),
    };
    let mut starts = Vec::new();
    for run in 0..=arguments.runs {
        interrupt::check()?;
        if place == Place::NewFolder {
            scratch.empty()?;
        }
        let start = start(arguments, data.as_deref())?;
        if run > 0 {
            starts.push(start);
        }
    }
    Ok(starts)
}

fn start(arguments: &StartArguments, data: Option<&Path>) -> Result<Start, Failure> {
    let mut server = Server::start(data, &arguments.serve)?;
    let answered = server.first_answer()?;
    let memory = Memory::of_process(server.pid());
    server.stop()?;
    Ok(Start { answered, memory })
}

/// A folder for what this run creates; deleted on drop.
struct Scratch(PathBuf);

impl Scratch {
    fn make(parent: &Path) -> Result<Scratch, Failure> {
        let folder = parent.join(format!("stator-bench-start-{}", std::process::id()));
        fs::create_dir(&folder)
            .map_err(|error| Failure::new(format!("cannot make the folder {}: {error}", folder.display())))?;
        Ok(Scratch(folder))
    }

    fn empty(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(self.0.join("data")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::new(format!("cannot empty the folder {}: {error}", self.0.display())))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is at worst found later.
        let _ = fs::remove_dir_all(&self.0);
    }
}
