//! Runs the program under test to its end.

use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// The bound of every wait for an event: only a hang reaches it, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

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
    output(command(arguments).envs(variables.iter().copied()))
}

/// The output of a command that ends by itself.
pub(crate) fn output(command: &mut Command) -> Output {
    let child = command.spawn().expect("start");
    let pid = child.id().to_string();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    receiver.recv_timeout(PATIENCE).map(|output| output.expect("output")).unwrap_or_else(|_| {
        let _ = Command::new("kill").args(["-KILL", &pid]).status();
        panic!("{command:?} does not end")
    })
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stator"));
    isolate(command.args(arguments));
    command
}

/// Gives the program pipes, and none of the settings of the environment of the tests.
pub(crate) fn isolate(command: &mut Command) {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let settings = |name: &str| ["STATOR_", "OTEL_", "AWS_"].iter().any(|start| name.starts_with(start));
    for (name, _) in std::env::vars().filter(|(name, _)| settings(name)) {
        command.env_remove(name);
    }
}
