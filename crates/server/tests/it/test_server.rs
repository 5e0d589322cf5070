//! The server under test: the real binary in a process of its own, and how it is started.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::Client;
use crate::program::{PATIENCE, isolate, output};

/// A running server; killed when dropped.
pub(crate) struct TestServer {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) ready_line: String,
    /// The lines of its log before it was ready.
    pub(crate) said: Vec<String>,
    log: mpsc::Receiver<String>,
    folder: Arc<TempDir>,
}

/// The flags and variables of a server, which may be started from them more than once. A relative path is one in a folder of
/// their own, which is removed with the last of these flags and the servers started from them.
#[derive(Clone)]
pub(crate) struct TestServerBuilder {
    folder: Arc<TempDir>,
    flags: Vec<OsString>,
    variables: Vec<(String, String)>,
    shell: Option<String>,
}

impl TestServer {
    pub(crate) fn in_memory() -> TestServerBuilder {
        TestServer::with(["--memory"])
    }

    pub(crate) fn on_data(folder: impl AsRef<Path>) -> TestServerBuilder {
        TestServer::with([""; 0]).file("--data", folder)
    }

    /// A node on PostgreSQL.
    pub(crate) fn on_database(url: impl AsRef<OsStr>) -> TestServerBuilder {
        TestServer::with([""; 0]).flag("--storage", url)
    }

    /// With these flags, which name its storage.
    pub(crate) fn with(flags: impl IntoIterator<Item: AsRef<OsStr>>) -> TestServerBuilder {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        TestServerBuilder { folder, flags: Vec::new(), variables: Vec::new(), shell: None }.flags(flags)
    }

    fn of(mut child: Child, folder: Arc<TempDir>) -> TestServer {
        let (mut said, log) = until_ready(&mut child);
        let ready_line = said.pop().expect("the ready line");
        let (_, rest) = ready_line.split_once("://").expect("an address");
        let address = rest.split([',', ' ']).next().expect("an address").parse().expect("an address");
        TestServer { child, address, ready_line, said, log, folder }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A file of the folder of its flags.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of its flags, which then outlives the server.
    pub(crate) fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([name, &pid]).status().expect("kill");
        assert!(status.success(), "kill {name} {pid}");
    }

    /// Waits for a line of the log that has `text` in it.
    pub(crate) fn wait_for_line(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = self.log.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            match line {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(_) => panic!("the server does not log {text}"),
            }
        }
    }

    /// The log up to now, without the lines that were waited for.
    pub(crate) fn log(&self) -> String {
        self.said.iter().cloned().chain(self.log.try_iter()).collect::<Vec<_>>().join("\n")
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

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl TestServerBuilder {
    pub(crate) fn auth(self) -> TestServerBuilder {
        self.flags(["--auth"])
    }

    pub(crate) fn audit_log(self, path: impl AsRef<Path>) -> TestServerBuilder {
        self.file("--audit-log", path)
    }

    pub(crate) fn credentials(self, path: impl AsRef<Path>) -> TestServerBuilder {
        self.file("--credentials", path)
    }

    pub(crate) fn master_key(self, path: impl AsRef<Path>) -> TestServerBuilder {
        self.file("--master-key-file", path)
    }

    pub(crate) fn kinesis(self, url: &str) -> TestServerBuilder {
        self.flag("--kinesis-endpoint", url)
    }

    pub(crate) fn lambda(self, url: impl AsRef<OsStr>) -> TestServerBuilder {
        self.flag("--lambda-endpoint", url)
    }

    pub(crate) fn flag(self, name: &str, value: impl AsRef<OsStr>) -> TestServerBuilder {
        self.flags([name.as_ref(), value.as_ref()])
    }

    pub(crate) fn flags(mut self, flags: impl IntoIterator<Item: AsRef<OsStr>>) -> TestServerBuilder {
        self.flags.extend(flags.into_iter().map(|flag| flag.as_ref().to_owned()));
        self
    }

    pub(crate) fn file(self, flag: &str, path: impl AsRef<Path>) -> TestServerBuilder {
        let path = self.path(path);
        self.flag(flag, path)
    }

    pub(crate) fn variables(mut self, variables: &[(&str, &str)]) -> TestServerBuilder {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.variables.extend(variables.iter().map(owned));
        self
    }

    /// The server inherits what this line of a shell sets.
    pub(crate) fn after(mut self, line: &str) -> TestServerBuilder {
        self.shell = Some(format!(r#"{line} && exec "$0" "$@""#));
        self
    }

    /// With so many file handles, of which it may ask for so many more.
    pub(crate) fn file_limit(self, soft: u32, hard: u32) -> TestServerBuilder {
        self.after(&format!("ulimit -S -n {soft} && ulimit -H -n {hard}"))
    }

    /// Writes a file into the folder of these flags. It is its owner's only: of a key that others can read, the server warns.
    pub(crate) fn write(self, name: &str, contents: impl AsRef<[u8]>) -> TestServerBuilder {
        std::fs::write(self.path(name), contents).expect("written");
        #[cfg(unix)]
        std::fs::set_permissions(self.path(name), std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
        self
    }

    /// A file of the folder of these flags.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn start(&self) -> TestServer {
        TestServer::of(self.command().spawn().expect("start"), Arc::clone(&self.folder))
    }

    /// Starts a server and kills it after a while, ready or not.
    pub(crate) fn start_and_kill(&self, after: Duration) {
        let mut child = self.command().spawn().expect("start");
        std::thread::sleep(after);
        child.kill().expect("kill");
        child.wait().expect("wait");
    }

    /// The server ends before it is ready, and its log says why.
    pub(crate) fn is_refused(&self, expected: &str) -> String {
        let ended = output(&mut self.command());
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && said.contains(expected), "{:?}: {said}", self.flags);
        said
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_stator");
        let mut command = match &self.shell {
            None => Command::new(program),
            Some(line) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", line, program]);
                shell
            }
        };
        command.arg("serve");
        if !self.flags.iter().any(|flag| flag == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        isolate(command.args(&self.flags));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
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
    panic!("the server did not become ready; its log: {said:#?}");
}
