//! `stator support-bundle`: a tar file for a maintainer. It has no secrets and no items: of flags that may hold a secret it says that they
//! are set, known secrets are hidden in every file, and metrics and logs have no items by themselves. Names of tables are in it.
//!
//! | file | content |
//! |---|---|
//! | `version.txt` | the program, and the machine |
//! | `configuration.txt` | each setting, and where it comes from |
//! | `doctor.txt` | the report of `stator doctor` |
//! | `health.txt`, `metrics.txt` | the pages of the server, if it runs |
//! | `log.txt` | the last lines of the file that `--log-file` names |

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use client::{Egress, Endpoint, Failure, Url};

use super::redact::{self, Secrets};
use super::tar::tar;
use crate::outbound;
use crate::remote;
use crate::serve::ServeArguments;

/// Of a log, the end that is packed. Unit: bytes.
const LOG_BYTES_MAX: u64 = 4 << 20;
const LOG_LINES_MAX: usize = 5_000;
const TIMEOUT: Duration = Duration::from_secs(10);
const FOLDER: &str = "stator-support";

const EXAMPLES: &str = "\
Examples:
  stator support-bundle --output support.tar --config /etc/stator/stator.toml
  journalctl -u stator -n 5000 > log && stator support-bundle --output support.tar --log-file log

It takes the flags, the variables and the config file of 'stator serve', and asks the server that they describe. The file has no secrets and
no items; names of tables, folders and hosts are in it. Read it before you send it.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SupportBundleArguments {
    /// The tar file to be made
    #[arg(long, value_name = "FILE")]
    output: PathBuf,

    /// File with the server's log, whose last lines are packed
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,

    #[command(flatten)]
    serve: Box<ServeArguments>,
}

/// `settings` are those of the command line: name, value and source.
pub(crate) fn bundle(
    arguments: &SupportBundleArguments,
    settings: &[(String, String, &'static str)],
    remarks: &[String],
) -> Result<(), Failure> {
    let secrets = secrets(&arguments.serve);
    let mut files = vec![
        ("version.txt", version()),
        ("configuration.txt", configuration(settings)),
        ("doctor.txt", super::report(&arguments.serve, remarks)?.to_string()),
    ];
    let (health, metrics) =
        remote::run(async { Ok((page(arguments, "/readyz").await, page(arguments, "/metrics").await)) })?;
    files.extend([("health.txt", health), ("metrics.txt", metrics)]);
    if let Some(file) = &arguments.log_file {
        let end = end_of(file).map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?;
        files.push(("log.txt", end));
    }
    let files: Vec<(String, String)> =
        files.into_iter().map(|(name, text)| (format!("{FOLDER}/{name}"), secrets.hidden_in(&text))).collect();
    let bytes = tar(&files, base::Clock::system().now_ms() / 1000);
    let failed = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", arguments.output.display()));
    fs::write(&arguments.output, bytes).map_err(failed)?;
    remote::print(&format!("{}\n", base::visible(&arguments.output.display().to_string())))
}

/// Those of the environment, and passwords in URLs.
fn secrets(arguments: &ServeArguments) -> Secrets {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let variables = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
    let stores = [&arguments.engine.storage, &arguments.engine.storage_replicas];
    let urls = stores.into_iter().flatten().map(|url| url.0.clone()).chain(arguments.otlp_endpoint.clone());
    Secrets::of(variables, urls)
}

fn version() -> String {
    let mut text =
        format!("stator {}\ntarget {} {}\n", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    #[cfg(unix)]
    {
        let system = rustix::system::uname();
        let parts = [system.sysname(), system.release(), system.version(), system.machine()];
        let parts: Vec<_> = parts.iter().map(|part| part.to_string_lossy()).collect();
        text.push_str(&format!("system {}\n", parts.join(" ")));
    }
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    text.push_str(&format!("processors {processors}\n"));
    text
}

fn configuration(settings: &[(String, String, &'static str)]) -> String {
    let lines = settings.iter().map(|(name, value, source)| format!("{name} = {} ({source})\n", redact::url(value)));
    let mut text: String = lines.collect();
    let secret = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.to_string_lossy().into_owned();
        (redact::is_secret_name(&name) && !value.is_empty()).then_some(name)
    };
    let mut names: Vec<String> = std::env::vars_os().filter_map(secret).collect();
    names.sort_unstable();
    names.iter().for_each(|name| text.push_str(&format!("the variable {name} is set\n")));
    text
}

/// A page of the server that the settings describe.
async fn page(arguments: &SupportBundleArguments, path: &str) -> String {
    let is_encrypted = arguments.serve.metrics_listen.is_none()
        && (arguments.serve.tls.tls_certificate.is_some() || arguments.serve.tls.tls_self_signed);
    let listen = arguments.serve.metrics_listen.as_ref().unwrap_or(&arguments.serve.listen);
    let listen = listen.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:");
    let url = format!("{}://{listen}", if is_encrypted { "https" } else { "http" });
    asked(&url, path).await.unwrap_or_else(|why| format!("{url}{path}: {why}\n"))
}

async fn asked(url: &str, path: &str) -> Result<String, String> {
    let parsed = Url::parse(url).map_err(|error| error.to_string())?;
    let endpoint =
        Endpoint::of(&parsed, outbound::ca_bundle().as_deref(), &Egress::open()).map_err(|error| error.to_string())?;
    let call = client::Call { method: "GET", target: path, headers: &[], body: Bytes::new() };
    let answer = call.send(&endpoint, None, TIMEOUT).await.map_err(|trouble| format!("no answer: {trouble}"))?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

/// The last lines of a file.
fn end_of(file: &Path) -> std::io::Result<String> {
    let mut file = fs::File::open(file)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(LOG_BYTES_MAX)))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(LOG_LINES_MAX)..];
    Ok(last.iter().map(|line| format!("{line}\n")).collect())
}
