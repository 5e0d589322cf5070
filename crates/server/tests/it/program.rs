//! Starts and stops the program under test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::client::Client;

/// The bound of every wait for an event: only a hang reaches it, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) ready_line: String,
    /// What it said before it was ready.
    pub(crate) said: Vec<String>,
    says: mpsc::Receiver<String>,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Server {
        Server::start_with(arguments, &[])
    }

    /// With environment variables.
    pub(crate) fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Server {
        let anywhere = ["--listen", "127.0.0.1:0"];
        let listen: &[&str] = if arguments.contains(&"--listen") { &[] } else { &anywhere };
        let mut command = command(&[&["serve"], listen, arguments].concat());
        Server::of(command.envs(variables.iter().copied()).spawn().expect("start"))
    }

    fn of(mut child: Child) -> Server {
        let (mut said, says) = until_ready(&mut child);
        let ready_line = said.pop().expect("the ready line");
        let (_, rest) = ready_line.split_once("://").expect("an address");
        let address = rest.split([',', ' ']).next().expect("an address").parse().expect("an address");
        Server { child, address, ready_line, said, says }
    }

    /// With so many file handles, of which it may ask for so many more.
    pub(crate) fn start_with_files(soft: u32, hard: u32, arguments: &[&str]) -> Server {
        let limits = format!(r#"ulimit -S -n {soft} && ulimit -H -n {hard} && exec "$0" "$@""#);
        let mut shell = Command::new("sh");
        shell.args(["-c", &limits, env!("CARGO_BIN_EXE_stator"), "serve", "--listen", "127.0.0.1:0"]).args(arguments);
        Server::of_command(&mut shell)
    }

    /// Started by a command that sets something up for it.
    pub(crate) fn of_command(command: &mut Command) -> Server {
        forget_settings(command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Server::of(command.spawn().expect("start"))
    }

    pub(crate) fn in_memory() -> Server {
        Server::start(&["--memory"])
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([name, &pid]).status().expect("kill");
        assert!(status.success(), "kill {name} {pid}");
    }

    /// Waits for a line on stderr that has `text` in it.
    pub(crate) fn hears(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = self.says.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            match line {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(_) => panic!("the server does not say {text}"),
            }
        }
    }

    /// What it has said since, and nobody has waited for.
    pub(crate) fn heard(&self) -> String {
        self.said.iter().cloned().chain(self.says.try_iter()).collect::<Vec<_>>().join("\n")
    }

    /// Waits for the end that a signal has asked for.
    pub(crate) fn wait(mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn stop(self) -> ExitStatus {
        self.signal("-TERM");
        self.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key that is not trivial to guess, and the same in each run.
pub(crate) fn strong_key(seed: u8) -> [u8; 32] {
    Sha256::digest([seed]).into()
}

/// Asks again and again, until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs the program to its end, which must come by itself.
pub(crate) fn run(arguments: &[&str]) -> Output {
    run_with(arguments, &[])
}

/// With environment variables.
pub(crate) fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let child = command(arguments).envs(variables.iter().copied()).spawn().expect("start");
    let pid = child.id().to_string();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    receiver.recv_timeout(PATIENCE).map(|output| output.expect("output")).unwrap_or_else(|_| {
        let _ = Command::new("kill").args(["-KILL", &pid]).status();
        panic!("{arguments:?} does not end")
    })
}

/// Starts a server and kills it after a while, ready or not.
pub(crate) fn killed_while_starting(arguments: &[&str], after: Duration) {
    let mut child = command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat()).spawn().expect("start");
    std::thread::sleep(after);
    child.kill().expect("kill");
    child.wait().expect("wait");
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stator"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    forget_settings(&mut command);
    command
}

fn forget_settings(command: &mut Command) {
    // Settings of whoever runs the tests are not part of them.
    let settings = |name: &str| ["STATOR_", "OTEL_", "AWS_"].iter().any(|start| name.starts_with(start));
    for (name, _) in std::env::vars().filter(|(name, _)| settings(name)) {
        command.env_remove(name);
    }
}

/// Reads stderr until the server says that it is ready, which is the last of the lines, then keeps reading so that the
/// server never waits for us.
fn until_ready(child: &mut Child) -> (Vec<String>, mpsc::Receiver<String>) {
    let stderr = child.stderr.take().expect("stderr");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let deadline = Instant::now() + PATIENCE;
    let mut said = Vec::new();
    while let Ok(line) = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        let ready = line.contains(" ready on http");
        said.push(line);
        if ready {
            return (said, receiver);
        }
    }
    let _ = child.kill();
    panic!("the server did not become ready; it said: {said:#?}");
}
