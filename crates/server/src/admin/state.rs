//! All state at once, for tests: it is deleted, snapshots of it are taken, and one is restored. Only with `--test-state`, and at
//! `--metrics-listen`; without that, at the main address, which only this machine reaches then. A client that other machines reach the
//! server by never reaches this.
//!
//! | request | does |
//! |---|---|
//! | `POST /admin/reset` | deletes all state |
//! | `GET /admin/snapshots` | lists the snapshots |
//! | `POST /admin/snapshots/NAME` | takes a snapshot; one of this name is replaced |
//! | `POST /admin/snapshots/NAME/restore` | restores its state |
//! | `DELETE /admin/snapshots/NAME` | deletes a snapshot |
//!
//! A snapshot is all rows of the engine at one moment ([`rows`]), in memory. What replaces the rows, and what is built over them, is
//! `serve`'s: it takes a [`Replacement`] when no request and no background work is under way.

mod replace;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use storage::Engine;
use tokio::sync::{mpsc, oneshot};

pub(crate) use replace::replace;
pub(crate) use rows::Rows;

use super::{Done, Refused, bad, json as json_answer, not_allowed, not_found, refused};
use crate::answer::Answer;
use crate::log;

const RESET: &str = "/admin/reset";
const SNAPSHOTS: &str = "/admin/snapshots";
const RESTORE: &str = "/restore";

/// Snapshots at once.
const SNAPSHOTS_MAX: usize = 32;
/// Keys and values of all snapshots. Unit: bytes.
const SNAPSHOTS_BYTES_MAX: usize = 256 << 20;
const NAME_LENGTH_MAX: usize = 64;

/// A request that the rows become these. The answer is how many rows were changed.
pub(crate) struct Replacement {
    pub(crate) rows: Arc<Rows>,
    pub(crate) done: oneshot::Sender<Result<u64, String>>,
}

struct Snapshot {
    rows: Arc<Rows>,
    taken_ms: u64,
}

pub(crate) struct StateApi {
    engine: Arc<dyn Engine>,
    replacements: mpsc::Sender<Replacement>,
    snapshots: Mutex<BTreeMap<String, Snapshot>>,
}

/// Whether a request is one of these.
pub(crate) fn is_path(head: &Parts) -> bool {
    is_path_of(head.uri.path())
}

pub(crate) fn is_path_of(path: &str) -> bool {
    path == RESET || path == SNAPSHOTS || path.strip_prefix(SNAPSHOTS).is_some_and(|rest| rest.starts_with('/'))
}

impl StateApi {
    pub(crate) fn new(engine: Arc<dyn Engine>, replacements: mpsc::Sender<Replacement>) -> StateApi {
        StateApi { engine, replacements, snapshots: Mutex::default() }
    }

    pub(crate) async fn answer(&self, head: &Parts, now_ms: u64) -> Answer {
        match self.done(head, now_ms).await {
            Ok(value) => json_answer(StatusCode::OK, &value),
            Err(refusal) => refused(&refusal),
        }
    }

    async fn done(&self, head: &Parts, now_ms: u64) -> Done {
        let path = head.uri.path();
        let name = path.strip_prefix(SNAPSHOTS).and_then(|rest| rest.strip_prefix('/'));
        match (path, name, &head.method) {
            (RESET, _, &Method::POST) => {
                let done = self.replace(Arc::default()).await?;
                log::warning("state_reset", "all state is deleted, as the operator asked", &[]);
                Ok(done)
            }
            (RESET, ..) => Err(not_allowed("POST /admin/reset")),
            (SNAPSHOTS, _, &Method::GET | &Method::HEAD) => Ok(self.listed()),
            (_, Some(name), &Method::POST) if !name.ends_with(RESTORE) => self.take(checked(name)?, now_ms).await,
            (_, Some(name), &Method::POST) => {
                let name = name.trim_end_matches(RESTORE);
                let rows = self.snapshots.lock().get(name).map(|snapshot| Arc::clone(&snapshot.rows));
                let done = self.replace(rows.ok_or_else(unknown)?).await?;
                log::warning("state_restored", &format!("the state of the snapshot {name} is restored"), &[]);
                Ok(done)
            }
            (_, Some(name), &Method::DELETE) => match self.snapshots.lock().remove(name) {
                Some(_) => Ok(json!({"deleted": 1})),
                None => Err(unknown()),
            },
            (SNAPSHOTS, ..) | (_, Some(_), _) => Err(not_allowed(
                "GET /admin/snapshots, POST and DELETE /admin/snapshots/NAME, and POST /admin/snapshots/NAME/restore",
            )),
            _ => Err(not_found("no such path")),
        }
    }

    async fn replace(&self, rows: Arc<Rows>) -> Done {
        let begun = Instant::now();
        let (done, replaced) = oneshot::channel();
        // The channel is closed once the server stops.
        let sent = self.replacements.send(Replacement { rows, done }).await;
        let stopping = || unavailable("the server is stopping".to_owned());
        sent.map_err(|_| stopping())?;
        let rows_changed = replaced.await.map_err(|_| stopping())?.map_err(unavailable)?;
        Ok(json!({"rows_changed": rows_changed, "duration_ms": milliseconds(begun)}))
    }

    /// Takes a snapshot under a name, which `serve` does as well, of what it has seeded.
    pub(crate) async fn snapshot(&self, name: &str, now_ms: u64) -> Result<Value, String> {
        self.take(name, now_ms).await.map_err(|refused| refused.message)
    }

    async fn take(&self, name: &str, now_ms: u64) -> Done {
        let begun = Instant::now();
        let room = self.room(name)?;
        let rows = Rows::read(&*self.engine, room).await.map_err(unavailable)?;
        let rows = rows.ok_or_else(|| too_large(room))?;
        let (count, bytes) = (rows.count(), rows.bytes());
        let mut snapshots = self.snapshots.lock();
        // Another one may have been taken meanwhile.
        if bytes > room_beside(&snapshots, name)? {
            return Err(too_large(room));
        }
        snapshots.insert(name.to_owned(), Snapshot { rows: Arc::new(rows), taken_ms: now_ms });
        Ok(json!({"name": name, "rows": count, "bytes": bytes, "duration_ms": milliseconds(begun)}))
    }

    fn room(&self, name: &str) -> Result<usize, Refused> {
        room_beside(&self.snapshots.lock(), name)
    }

    fn listed(&self) -> Value {
        let snapshots = self.snapshots.lock();
        let listed = snapshots.iter().map(|(name, snapshot)| {
            let (rows, bytes) = (snapshot.rows.count(), snapshot.rows.bytes());
            json!({"name": name, "rows": rows, "bytes": bytes, "taken": base::utc::rfc3339_ms(snapshot.taken_ms)})
        });
        json!({"snapshots": listed.collect::<Vec<_>>()})
    }
}

/// What a snapshot of this name may take beside the others. Unit: bytes.
fn room_beside(snapshots: &BTreeMap<String, Snapshot>, name: &str) -> Result<usize, Refused> {
    let others = || snapshots.iter().filter(|(other, _)| other.as_str() != name);
    if others().count() >= SNAPSHOTS_MAX {
        return Err(bad("", format!("there are {SNAPSHOTS_MAX} snapshots, the most; delete one")));
    }
    let taken: usize = others().map(|(_, snapshot)| snapshot.rows.bytes()).sum();
    Ok(SNAPSHOTS_BYTES_MAX.saturating_sub(taken))
}

fn checked(name: &str) -> Result<&str, Refused> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match !name.is_empty() && name.len() <= NAME_LENGTH_MAX && name.bytes().all(is_good) {
        true => Ok(name),
        false => {
            Err(bad("", format!("a name has 1 to {NAME_LENGTH_MAX} letters, digits, hyphens, dots and underscores")))
        }
    }
}

fn unknown() -> Refused {
    not_found("no snapshot has this name")
}

fn too_large(room: usize) -> Refused {
    let message =
        format!("the state has more than {room} bytes, which are left of {SNAPSHOTS_BYTES_MAX} for all snapshots");
    Refused { status: StatusCode::PAYLOAD_TOO_LARGE, member: None, message }
}

fn unavailable(message: String) -> Refused {
    Refused { status: StatusCode::SERVICE_UNAVAILABLE, member: None, message }
}

fn milliseconds(begun: Instant) -> f64 {
    (begun.elapsed().as_secs_f64() * 1e5).round() / 1e2
}

#[cfg(test)]
mod tests;
