//! Runs `bench echo` beside the load, as a process of its own so that its CPU time can be measured.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use client::{Credentials, Endpoint};

use crate::Failure;
use crate::plan::{Target, Way};

/// The running process; it ends with this.
pub(crate) struct Ceiling {
    child: Child,
    pub(crate) target: Target,
}

impl Ceiling {
    /// Of HTTP, or of DAX's protocol.
    pub(crate) fn start(is_dax: bool) -> Result<Ceiling, Failure> {
        let failure = |error: std::io::Error| Failure::new(format!("cannot start the ceiling: {error}"));
        let program = std::env::current_exe().map_err(failure)?;
        let mut command = Command::new(program);
        command.args(["bench", "echo", "--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::piped());
        if is_dax {
            command.arg("--dax");
        }
        let mut child = command.spawn().map_err(failure)?;
        let label = if is_dax { "dax echo" } else { "echo" }.to_owned();
        match endpoint(&mut child) {
            Ok((endpoint, credentials)) => {
                let way = match is_dax {
                    true => Way::Dax(endpoint.host),
                    false => Way::Server(endpoint, credentials),
                };
                let target = Target { label, way, pid: Some(child.id()), is_ceiling: true };
                Ok(Ceiling { child, target })
            }
            Err(failure) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(failure)
            }
        }
    }
}

/// The address that the process reports to listen on, and the credentials of requests to it.
fn endpoint(child: &mut Child) -> Result<(Endpoint, Credentials), Failure> {
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        let read = BufReader::new(stdout).read_line(&mut line);
        read.map_err(|error| Failure::new(format!("cannot start the ceiling: {error}")))?;
    }
    let endpoint = Endpoint::parse(line.trim(), None)?;
    let credentials = Credentials::from_environment(&endpoint, None)?;
    Ok((endpoint, credentials))
}

impl Drop for Ceiling {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
