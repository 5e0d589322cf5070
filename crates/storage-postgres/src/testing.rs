//! A real PostgreSQL for tests, created in a folder of its own and removed with the last test that holds it.
//!
//! The server refuses to run as root, so root's tests run it as an unprivileged user. A shell between us and the server
//! ends it if the test program vanishes.

mod pair;
mod proxy;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tempfile::TempDir;

pub use pair::Pair;
pub use proxy::{Fault, Proxy};

/// Set where a missing server must fail the tests instead of skipping them.
pub const REQUIRE: &str = "STATOR_REQUIRE_POSTGRES";
const NOBODY: u32 = 65_534;
/// Ten minutes: only a server that hangs takes as long.
const START_ATTEMPTS: u32 = 12_000;
const START_INTERVAL: Duration = Duration::from_millis(50);

const SLEEPERS: &str = "pg_stat_activity WHERE wait_event = 'PgSleep' AND datname =";

pub struct PostgresServer {
    folder: TempDir,
    programs: PathBuf,
    pub port: u16,
    running: Mutex<Option<Child>>,
}

impl PostgresServer {
    /// The server that the tests of this program share; none, with a line that says so, where there is no PostgreSQL.
    ///
    /// # Panics
    /// If it does not start, or is required and not there.
    pub fn shared() -> Option<Arc<PostgresServer>> {
        static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(PostgresServer::start()?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// A server of one's own, to be treated badly.
    ///
    /// # Panics
    /// As [`PostgresServer::shared`].
    #[allow(clippy::print_stderr)]
    pub fn start() -> Option<PostgresServer> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os(REQUIRE).is_none(), "{REQUIRE} is set, and there is no PostgreSQL here");
            eprintln!(
                "skipped: there is no PostgreSQL on this machine (initdb and postgres); {REQUIRE}=1 fails instead"
            );
            return None;
        };
        let server = PostgresServer::new(programs, free_port());
        server.initdb();
        server.run();
        Some(server)
    }

    fn new(programs: PathBuf, port: u16) -> PostgresServer {
        let folder = tempfile::tempdir().expect("a folder");
        if is_root(&folder) {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("root may give a folder away");
        }
        PostgresServer { folder, programs, port, running: Mutex::default() }
    }

    /// A standby of this server, made from a copy of it and following its changes as they come.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn standby(&self) -> PostgresServer {
        self.standby_at(free_port())
    }

    /// The same, at the port of one that has stopped.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn standby_at(&self, port: u16) -> PostgresServer {
        let standby = PostgresServer::new(self.programs.clone(), port);
        let mut copy = standby.command(&self.programs.join("pg_basebackup"));
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream"]);
        let made = copy.arg("--pgdata").arg(standby.data()).arg("--dbname").arg(self.url(self.port, "postgres"));
        let made = made.output().expect("pg_basebackup");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        standby.run();
        standby
    }

    /// Makes a standby a server that takes writes.
    ///
    /// # Panics
    /// If it does not become one.
    pub fn promote(&self) {
        assert_eq!(self.psql("postgres", "SELECT pg_promote()").as_deref(), Ok("t"), "{}", self.log());
    }

    /// Changes a setting that needs no new start. It must be one that a reload brings to every session.
    ///
    /// # Panics
    /// If the server does not take it.
    pub fn set(&self, name: &str, value: &str) {
        self.psql("postgres", &format!("ALTER SYSTEM SET {name} = '{value}'")).expect("a setting");
        self.psql("postgres", "SELECT pg_reload_conf()").expect("a reload");
        for _ in 0..START_ATTEMPTS {
            if self.psql("postgres", &format!("SHOW {name}")).as_deref() == Ok(value) {
                return;
            }
            std::thread::sleep(START_INTERVAL);
        }
        panic!("{name} does not become {value}");
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if is_root(&self.folder) || owner(&self.folder) == NOBODY {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.current_dir(self.folder.path()).env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    fn initdb(&self) {
        let mut command = self.command(&self.programs.join("initdb"));
        command.args(["--username=stator", "--auth=trust", "--no-sync", "--encoding=UTF8", "--no-instructions"]);
        let made = command.arg("--pgdata").arg(self.data()).output().expect("initdb");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// A file in the server's folder that only the server may read; returns its path.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn give(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("a file for the server");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
        chown(&path, Some(owner(&self.folder)), None).expect("its owner");
        path
    }

    /// Says what the server lets in, from now on: lines of `pg_hba.conf`.
    ///
    /// # Panics
    /// If the server does not read them.
    pub fn let_in(&self, lines: &str) {
        fs::write(self.data().join("pg_hba.conf"), lines).expect("pg_hba.conf");
        self.psql("postgres", "SELECT pg_reload_conf()").expect("a reload");
    }

    /// Starts it, and waits until it can be asked.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn run(&self) {
        let mut command = self.command(Path::new("/bin/sh"));
        command
            .args(["-c", "\"$@\" & pid=$!; cat >/dev/null; kill -INT $pid 2>/dev/null; wait $pid", "sh"])
            .arg(self.programs.join("postgres"))
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .args(["-c", "fsync=off", "-c", "max_connections=200", "-c", "shared_buffers=64MB"]);
        let log = fs::File::create(self.folder.path().join("log")).expect("a log");
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).spawn().expect("start");
        *self.running() = Some(child);
        for _ in 0..START_ATTEMPTS {
            if self.psql("postgres", "SELECT 1").is_ok() {
                return;
            }
            std::thread::sleep(START_INTERVAL);
        }
        panic!("PostgreSQL does not start: {}", self.log());
    }

    /// Kills all of it at once, as a crash of its machine would, and leaves its folder.
    ///
    /// # Panics
    /// If there is none to kill.
    pub fn crash(&self) {
        let pid = fs::read_to_string(self.data().join("postmaster.pid")).expect("a running server");
        let pid = pid.lines().next().expect("its process").trim().to_owned();
        // Children that saw the end of the first process would make visible to each other what no replica has.
        signal("-STOP", &[&pid]);
        let children = Command::new("pgrep").args(["-P", &pid]).output().expect("pgrep");
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        signal("-KILL", &children.split_whitespace().chain([&pid[..]]).collect::<Vec<_>>());
        self.stop();
        // Those children hold the shared memory, without which the next one may start.
        std::thread::sleep(START_INTERVAL);
    }

    fn stop(&self) {
        if let Some(mut child) = self.running().take() {
            // The shell's input ends, so it stops the server.
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Waits until a session of a database sleeps in `pg_sleep`, with the locks that it took before.
    ///
    /// # Panics
    /// If none does.
    pub fn wait_for_sleeper(&self, database: &str) {
        for _ in 0..START_ATTEMPTS {
            let asleep = format!("SELECT count(*) FROM {SLEEPERS} '{database}'");
            if self.psql("postgres", &asleep).as_deref() == Ok("1") {
                return;
            }
            std::thread::sleep(START_INTERVAL);
        }
        panic!("no session sleeps");
    }

    /// Whether a session of this database waits for a lock. Other tests' databases are on the same server.
    pub fn is_blocked(&self, database: &str) -> bool {
        let waiting =
            format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND wait_event_type = 'Lock'");
        self.psql("postgres", &waiting).is_ok_and(|count| count != "0")
    }

    /// Ends the sessions of a database that sleep.
    ///
    /// # Panics
    /// If the server does not.
    pub fn end_sleepers(&self, database: &str) {
        let end = format!("SELECT pg_terminate_backend(pid) FROM {SLEEPERS} '{database}'");
        self.psql("postgres", &end).expect("an end");
    }

    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Creates an empty database and returns its URL.
    ///
    /// # Panics
    /// If the server does not.
    pub fn database(&self) -> String {
        let name = format!("test_{:032x}", u128::from_be_bytes(base::random::bytes16()));
        self.psql("postgres", &format!("CREATE DATABASE {name}")).expect("a database");
        self.url(self.port, &name)
    }

    /// The URL of a database, through a port that leads here.
    #[must_use]
    pub fn url(&self, port: u16, database: &str) -> String {
        format!("postgres://stator@127.0.0.1:{port}/{database}")
    }

    /// Runs a statement in a session of its own and returns the first column, a line a row.
    ///
    /// # Errors
    /// What the server says.
    pub fn psql(&self, database: &str, statement: &str) -> Result<String, String> {
        let url = self.url(self.port, database);
        let mut command = Command::new(self.programs.join("psql"));
        let output = command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, &url]).output();
        let output = output.map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn signal(name: &str, processes: &[&str]) {
    let sent = Command::new("kill").arg(name).args(processes).status().expect("kill");
    assert!(sent.success(), "kill {name} {processes:?}");
}

fn owner(folder: &TempDir) -> u32 {
    fs::metadata(folder.path()).expect("our folder").uid()
}

/// Whether we made the folder as root.
fn is_root(folder: &TempDir) -> bool {
    owner(folder) == 0
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// The folder of initdb, postgres and psql, the newest version if there are several.
fn programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = versions.into_iter().rev().map(|(_, folder)| folder).chain(std::env::split_paths(&path));
    let whole = |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    folders.into_iter().find(whole)
}
