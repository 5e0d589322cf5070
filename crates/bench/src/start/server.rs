//! The process that is started, asked once, and stopped.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use api::Operation;
use client::{Connection, Credentials, Endpoint, Trouble};
use tokio::runtime::Runtime;

use crate::{Failure, interrupt, runtime};

/// Between two attempts to connect.
const POLL: Duration = Duration::from_micros(200);
/// Opening a large folder after a crash takes a while; more than this is no start.
const PATIENCE: Duration = Duration::from_secs(600);
/// Only this module chooses where data is stored and where to listen.
const CHOSEN_HERE: [&str; 3] = ["STATOR_DATA", "STATOR_MEMORY", "STATOR_LISTEN"];
/// Flags of a folder, all with a value, which a server in memory refuses.
const OF_FOLDERS: [&str; 4] = ["--cache", "--memtable", "--disk-reserve", "--data-key-days"];

/// A running server; killed when dropped.
pub(super) struct Server {
    child: Child,
    started: Instant,
    runtime: Runtime,
    connection: Connection,
}

impl Server {
    /// On any free port. Another program may take it before the server does, which then says so and ends.
    pub(super) fn start(data: Option<&Path>, flags: &[String]) -> Result<Server, Failure> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = port.map_err(|error| Failure::new(format!("there is no free port: {error}")))?.to_string();
        let runtime = runtime::one_thread()?;
        let endpoint = Endpoint::parse(&format!("http://{address}"), None)?;
        let credentials = Credentials::from_environment(&endpoint, None)?;
        let mut connection = Connection::new(&endpoint, &credentials, PATIENCE);
        connection.prepare(Operation::ListTables, b"{}");

        let failure = |error: std::io::Error| Failure::new(format!("cannot start the server: {error}"));
        let mut command = Command::new(std::env::current_exe().map_err(failure)?);
        command.args(["serve", "--listen", &address]);
        // Else Linux does not say what memory it takes.
        command.env("STATOR_ALLOW_CORE_DUMPS", "true");
        match data {
            Some(data) => command.arg("--data").arg(data).args(flags),
            None => command.arg("--memory").args(for_memory(flags)),
        };
        for name in CHOSEN_HERE {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let started = Instant::now();
        let child = command.spawn().map_err(failure)?;
        Ok(Server { child, started, runtime, connection })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks until there is an answer.
    pub(super) fn first_answer(&mut self) -> Result<Duration, Failure> {
        loop {
            let asked = self.runtime.block_on(self.connection.exchange()).map(|_| ());
            let elapsed = self.started.elapsed();
            match asked {
                Ok(()) => return Ok(elapsed),
                Err(Trouble::Connection(_)) if elapsed < PATIENCE => {}
                Err(trouble) => return Err(Failure::new(format!("the server does not answer: {trouble}"))),
            }
            interrupt::check()?;
            self.check_alive()?;
            std::thread::sleep(POLL);
        }
    }

    fn check_alive(&mut self) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            _ => Err(Failure::new(format!("the server ended before it answered: {}", self.last_words()))),
        }
    }

    fn last_words(&mut self) -> String {
        let mut text = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            // Words that cannot be read are none.
            let _ = stderr.read_to_string(&mut text);
        }
        text.trim().to_owned()
    }

    /// As an operator would, so that its folder is closed in order.
    pub(super) fn stop(mut self) -> Result<(), Failure> {
        // An open connection would be waited for.
        self.connection.close();
        terminate(&mut self.child).map_err(|error| Failure::new(format!("cannot stop the server: {error}")))?;
        match self.child.wait() {
            Ok(status) if status.success() || cfg!(not(unix)) => Ok(()),
            Ok(status) => Err(Failure::new(format!("the server ended with {status}: {}", self.last_words()))),
            Err(error) => Err(Failure::new(format!("cannot stop the server: {error}"))),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
fn terminate(child: &mut Child) -> std::io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process};
    Ok(kill_process(Pid::from_child(child), Signal::TERM)?)
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) -> std::io::Result<()> {
    child.kill()
}

/// Without flags that only a folder has a use for.
fn for_memory(flags: &[String]) -> Vec<&String> {
    let mut flags = flags.iter();
    let mut left = Vec::new();
    while let Some(flag) = flags.next() {
        let name = flag.split('=').next().unwrap_or(flag);
        match OF_FOLDERS.contains(&name) {
            true if name == flag => drop(flags.next()),
            true => {}
            false => left.push(flag),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_folders_are_left_out_in_memory() {
        let flags = ["--cache", "64MiB", "--log", "json", "--disk-reserve=0", "--region=x"].map(str::to_owned);
        assert_eq!(for_memory(&flags), ["--log", "json", "--region=x"]);
    }
}
