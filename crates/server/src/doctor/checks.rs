//! The checks: the configuration, the folder or the database, addresses, limits of the machine, the clock, and the servers that this one
//! would call.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use client::{Egress, Endpoint, Url};
use storage::{Embedded, Keys};

use super::report::Report;
use crate::engine::{self, OpenError};
use crate::memory_limit;
use crate::object_store::StoreEndpoint;
use crate::outbound;
use crate::protect;
use crate::serve::{self, ServeArguments};

const TIMEOUT: Duration = Duration::from_secs(5);
/// A signature is refused beyond five minutes. Unit: seconds.
const SKEW_S_MAX: u64 = 60;
/// A clock before this was never set: 2026-01-01. Unit: milliseconds.
const EARLIEST_MS: u64 = 1_767_225_600_000;
/// For data and calls to other servers. Unit: file handles.
const HANDLES_RESERVED: u64 = 512;
const FREE_BYTES_MIN: u64 = 1 << 30;
/// Of file systems over a network, on which locks and syncs may not be what they seem. Source: statfs(2).
const NETWORKED: [(i64, &str); 4] = [(0x6969, "NFS"), (0x517b, "SMB"), (0xff53_4d42, "CIFS"), (0x0102_1994, "tmpfs")];

pub(super) async fn all(arguments: &ServeArguments, report: &mut Report) {
    configuration(arguments, report);
    match &arguments.engine.storage {
        Some(url) => database(arguments, &url.0, report).await,
        None if arguments.engine.memory => report.ok("data", "in memory; it is lost when the server stops"),
        None => folder(&arguments.engine.data, report),
    }
    addresses(arguments, report);
    limits(arguments, report);
    clock(report);
    endpoints(arguments, report).await;
}

fn configuration(arguments: &ServeArguments, report: &mut Report) {
    match serve::check_configuration(arguments) {
        Ok(()) => report.ok("configuration", "flags, variables and files of keys and certificates can be used"),
        Err(failure) => report.bad("configuration", &failure.to_string()),
    }
    if !arguments.knows_callers() && arguments.allow_unverified_remote {
        report.warn(
            "callers",
            "signatures are not checked: every client that reaches the server reads and writes everything",
        );
    }
}

fn folder(data: &Path, report: &mut Report) {
    let name = data.display();
    if let Some(denied) = protect::denied(data) {
        return report.bad("folder", &format!("{denied}. Give it to the server's user with chown -R"));
    }
    match Embedded::keys(data) {
        Ok(Keys::NoDatabase) => report.ok("folder", &format!("{name} has no database yet; the server makes it")),
        Ok(Keys::NotEncrypted) => report.ok("folder", &format!("{name} has a database that is not encrypted")),
        Ok(Keys::Encrypted(_)) => {
            report.ok("folder", &format!("{name} has an encrypted database, which needs its master key"))
        }
        Err(error) => report.bad("folder", &OpenError::folder(data, error).to_string()),
    }
    if is_locked(data) {
        report.ok("folder", "a server has it open");
    }
    disk(data, report);
}

/// Whether a server holds the lock; it is taken for a moment if none does.
fn is_locked(data: &Path) -> bool {
    let lock = std::fs::File::options().write(true).open(data.join("lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

#[cfg(unix)]
fn disk(data: &Path, report: &mut Report) {
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let Some(there) = data.ancestors().find(|above| above.exists()) else { return };
    if let Ok(found) = rustix::fs::statvfs(there) {
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        let text = format!("{} MiB are free", free >> 20);
        match free < FREE_BYTES_MIN {
            true => {
                report.warn("disk", &format!("{text}; the server refuses writes when little is left (--disk-reserve)"))
            }
            false => report.ok("disk", &text),
        }
        if found.f_files > 0 && found.f_favail < 10_000 {
            report.warn("disk", &format!("only {} files can be made", found.f_favail));
        }
    }
    #[cfg(target_os = "linux")]
    if let Ok(found) = rustix::fs::statfs(there)
        && let Some((_, kind)) = NETWORKED.iter().find(|(kind, _)| i128::from(*kind) == i128::from(found.f_type))
    {
        report.warn(
            "disk",
            &format!("the folder is on {kind}: an acknowledged write may not survive a power failure there"),
        );
    }
}

#[cfg(not(unix))]
fn disk(_: &Path, _: &mut Report) {}

async fn database(arguments: &ServeArguments, url: &str, report: &mut Report) {
    let options = match engine::database(url, arguments.engine.storage_password_file.as_deref()) {
        Ok(options) => options,
        Err(error) => return report.bad("database", &error.to_string()),
    };
    match tokio::time::timeout(TIMEOUT * 4, storage_postgres::check(&options, 0)).await {
        Ok(Ok(found)) if found.is_usable() => {
            report.ok("database", &format!("{} can be used; 'stator storage check' says more", options.server()));
        }
        Ok(Ok(found)) => report.bad("database", &format!("{}: {found}", options.server())),
        Ok(Err(error)) => report.bad("database", &error.to_string()),
        Err(_) => report.bad("database", &format!("{} does not answer", options.server())),
    }
}

fn addresses(arguments: &ServeArguments, report: &mut Report) {
    let own = [Some(&arguments.listen), arguments.metrics_listen.as_ref(), arguments.console_listen.as_ref()];
    for listen in own.into_iter().flatten().chain(&arguments.dax.dax_listen) {
        match TcpListener::bind(listen.as_str()) {
            Ok(_) => report.ok("address", &format!("{listen} is free")),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                report.warn("address", &format!("{listen} is taken: by a server that runs, or by another program"));
            }
            Err(error) => report.bad("address", &format!("cannot listen on {listen}: {error}")),
        }
    }
}

fn limits(arguments: &ServeArguments, report: &mut Report) {
    files(arguments, report);
    let machine = memory_limit::default().saturating_mul(2);
    let cache = if arguments.engine.memory || arguments.engine.storage.is_some() { 0 } else { arguments.engine.cache };
    let wanted = arguments.request_memory.saturating_add(arguments.answer_memory).saturating_add(cache);
    let text =
        format!("{} MiB for the cache, requests and answers, of {} MiB of this machine", wanted >> 20, machine >> 20);
    match wanted > machine / 5 * 4 {
        true => report.warn("memory", &format!("{text}: lower --cache, --request-memory or --answer-memory")),
        false => report.ok("memory", &text),
    }
}

#[cfg(unix)]
fn files(arguments: &ServeArguments, report: &mut Report) {
    use rustix::process::{Resource, getrlimit};
    let wanted = u64::from(arguments.connections_max) + HANDLES_RESERVED;
    match getrlimit(Resource::Nofile).maximum {
        Some(most) if most < wanted => report.warn(
            "open files",
            &format!(
                "{most} may be open, and --connections-max {} needs {wanted}: raise LimitNOFILE or ulimit -n",
                arguments.connections_max
            ),
        ),
        most => report.ok(
            "open files",
            &most.map_or("no limit".to_owned(), |most| format!("up to {most}, of which {wanted} are used")),
        ),
    }
}

#[cfg(not(unix))]
fn files(_: &ServeArguments, _: &mut Report) {}

fn clock(report: &mut Report) {
    let now_ms = base::Clock::system().now_ms();
    let text = base::utc::rfc3339_ms(now_ms);
    match now_ms < EARLIEST_MS {
        true => report.bad("clock", &format!("it is {text}: the clock is not set, and signatures would be refused")),
        false => report.ok("clock", &format!("it is {text}")),
    }
}

async fn endpoints(arguments: &ServeArguments, report: &mut Report) {
    let s3 = match &arguments.objects.s3_endpoint {
        Some(StoreEndpoint::S3(url)) => Some(url),
        Some(StoreEndpoint::Folder(_)) | None => None,
    };
    for (of, url) in [
        ("S3", s3),
        ("KMS", arguments.engine.master_key.kms_endpoint.as_ref()),
        ("Kinesis", arguments.kinesis_endpoint.as_ref()),
        ("Lambda", arguments.lambda_endpoint.as_ref()),
        ("SQS", arguments.sqs_endpoint.as_ref()),
        ("SNS", arguments.sns_endpoint.as_ref()),
        ("traces", arguments.otlp_endpoint.as_ref()),
    ] {
        if let Some(url) = url {
            endpoint(of, url, report).await;
        }
    }
}

/// Any answer will do, also a refusal: it shows that the server is reached, and its clock.
async fn endpoint(of: &'static str, url: &str, report: &mut Report) {
    let parsed = match Url::parse(url) {
        Ok(parsed) => parsed,
        Err(error) => return report.bad(of, &format!("{} is no URL: {error}", super::redact::url(url))),
    };
    let found = match Endpoint::of(&parsed, outbound::ca_bundle().as_deref(), &Egress::open()) {
        Ok(found) => found,
        Err(failure) => return report.bad(of, &failure.to_string()),
    };
    let call = client::Call { method: "GET", target: "/", headers: &[], body: Bytes::new() };
    match call.send(&found, None, TIMEOUT).await {
        Ok(answer) => {
            report.ok(of, &format!("{} answers", parsed.origin()));
            let theirs_s = answer.header("date").and_then(base::utc::parse_http);
            let ours_s = base::Clock::system().now_ms() / 1000;
            if let Some(theirs_s) = theirs_s.filter(|theirs_s| theirs_s.abs_diff(ours_s) > SKEW_S_MAX) {
                let seconds = theirs_s.abs_diff(ours_s);
                report.warn(
                    "clock",
                    &format!(
                        "it differs by {seconds} seconds from that of {}: signatures may be refused",
                        parsed.origin()
                    ),
                );
            }
        }
        Err(trouble) => report.bad(of, &format!("{} does not answer: {trouble}", parsed.origin())),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[tokio::test]
    async fn an_endpoint_is_asked_and_its_clock_compared() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a connection");
            let _ = socket.read(&mut [0; 4096]).expect("a request");
            let answer = b"HTTP/1.1 403 Forbidden\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n";
            socket.write_all(answer).expect("sent");
        });
        let mut report = Report::default();
        endpoint("S3", &url, &mut report).await;
        server.join().expect("a server");
        let text = report.to_string();
        assert!(
            text.contains(&format!("ok    S3: {url} answers")) && text.contains("warn  clock: it differs by"),
            "{text}"
        );
        let mut report = Report::default();
        endpoint("KMS", &url, &mut report).await;
        assert!(report.is_bad() && report.to_string().contains("BAD   KMS:"), "{report}");
    }
}
