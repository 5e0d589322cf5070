//! Reads: one row in one statement, and snapshots.
//!
//! A snapshot is a read-only transaction that begins with its first read, in the same flight, so that a page of one
//! chunk costs one round trip. Its end is not waited for. It holds a connection, and one that is left alone for longer
//! than `Patience::idle_in_transaction` is ended by the server.

mod scan;

use std::sync::Arc;

use bytes::Bytes;
use storage::{BoxFuture, Key, ScanPage, ScanRange, StorageError, View};
use tokio::sync::Mutex;

use crate::connection::{Ask, BEGIN_SNAPSHOT, Failure, Reply, Sql};
use crate::error::Trouble;
use crate::place::Place;
use crate::pool::{Left, Pool, Session};
use crate::replicas::Replicas;
use crate::tallies;

/// The newest committed value of one key.
pub(crate) async fn get(pool: &Arc<Pool>, key: &Key) -> Result<Option<Bytes>, StorageError> {
    let asked = Asked::of(std::slice::from_ref(key));
    let (_, replies) = begin(pool, &asked.asks, Left::Idle).await?;
    let values = asked.values(&replies)?;
    Ok(values.into_iter().next().flatten())
}

/// As [`get`], from a replica if one is fit.
pub(crate) async fn get_eventual(
    pool: &Arc<Pool>,
    replicas: &Replicas,
    key: &Key,
) -> Result<Option<Bytes>, StorageError> {
    pool.check_open()?;
    let asked = Asked::of(std::slice::from_ref(key));
    match replicas.fly(&[], &asked.asks, Left::Idle).await {
        Some((_, replies)) => Ok(asked.values(&replies)?.into_iter().next().flatten()),
        None => get(pool, key).await,
    }
}

/// The first flight of a session. A connection that was lost while it was idle is replaced once.
pub(crate) async fn begin(pool: &Arc<Pool>, asks: &[Ask], leaves: Left) -> Result<(Session, Vec<Reply>), StorageError> {
    let mut again = true;
    loop {
        let mut session = pool.take().await.map_err(Trouble::of_read)?;
        match session.fly(asks, leaves).await {
            Ok(replies) => return Ok((session, replies)),
            Err(Failure { trouble: Trouble::Lost(_), .. }) if again => {
                again = false;
                drop(session);
                pool.forget_idle();
            }
            Err(failure) => return Err(failure.trouble.of_read()),
        }
    }
}

/// Reads of single rows: a statement each, and one more for the counters that a key may have.
struct Asked {
    asks: Vec<Ask>,
    /// For each key its place, and whether counters were asked for.
    rows: Vec<(Place, bool)>,
}

impl Asked {
    fn of(keys: &[Key]) -> Asked {
        let mut asked = Asked { asks: Vec::with_capacity(keys.len()), rows: Vec::with_capacity(keys.len()) };
        for key in keys {
            let place = Place::of(key);
            asked.asks.push(Ask::Of(Sql::Get, vec![place.at.p[..].into(), place.at.s[..].into()]));
            let tally = tallies::asked(key.family, &key.bytes);
            asked.rows.push((place, tally.is_some()));
            asked.asks.extend(tally);
        }
        asked
    }

    fn values(&self, replies: &[Reply]) -> Result<Vec<Option<Bytes>>, StorageError> {
        let mut replies = replies.iter();
        let mut next = || replies.next().ok_or_else(|| StorageError::Corrupt("a statement has no reply".to_owned()));
        let mut values = Vec::with_capacity(self.rows.len());
        for (place, has_tally) in &self.rows {
            let row = value(place, next()?)?;
            let tally = if *has_tally { tallies::row(next()?)? } else { None };
            values.push(tally.or(row));
        }
        Ok(values)
    }
}

fn value(place: &Place, reply: &Reply) -> Result<Option<Bytes>, StorageError> {
    let Some(row) = reply.rows.first() else { return Ok(None) };
    let damaged = |error: tokio_postgres::Error| StorageError::Corrupt(error.to_string());
    let k: Option<&[u8]> = row.try_get(0).map_err(damaged)?;
    if k != place.k.as_deref() {
        return Err(StorageError::Corrupt("two long keys have one hash".to_owned()));
    }
    let value: Option<&[u8]> = row.try_get(1).map_err(damaged)?;
    Ok(value.map(Bytes::copy_from_slice))
}

pub(crate) struct Snapshot {
    pool: Arc<Pool>,
    /// Asked first, if they may be.
    replicas: Option<Arc<Replicas>>,
    /// None before the first read.
    session: Mutex<Option<Session>>,
    pace: scan::Pace,
}

impl Snapshot {
    pub(crate) fn new(pool: &Arc<Pool>, replicas: Option<&Arc<Replicas>>) -> Result<Snapshot, StorageError> {
        pool.check_open()?;
        let (pool, replicas) = (Arc::clone(pool), replicas.cloned());
        Ok(Snapshot { pool, replicas, session: Mutex::default(), pace: scan::Pace::default() })
    }

    /// Reads in the snapshot, which the first read begins.
    pub(crate) async fn ask(&self, asks: Vec<Ask>) -> Result<Vec<Reply>, StorageError> {
        // Held during the first read, which begins the snapshot: concurrent reads wait for it and read in the same one.
        let mut slot = self.session.lock().await;
        match slot.as_mut() {
            Some(session) => session.fly(&asks, Left::Open).await.map_err(|failure| failure.trouble.of_read()),
            None => {
                let (session, replies) = self.begin(asks).await?;
                *slot = Some(session);
                Ok(replies)
            }
        }
    }

    async fn begin(&self, asks: Vec<Ask>) -> Result<(Session, Vec<Reply>), StorageError> {
        if let Some(replicas) = &self.replicas
            && let Some(begun) = replicas.fly(&[BEGIN_SNAPSHOT], &asks, Left::Open).await
        {
            return Ok(begun);
        }
        let asks: Vec<Ask> = [BEGIN_SNAPSHOT].into_iter().chain(asks).collect();
        let (session, mut replies) = begin(&self.pool, &asks, Left::Open).await?;
        replies.remove(0);
        Ok((session, replies))
    }
}

impl View for Snapshot {
    fn get_many<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, StorageError>> {
        Box::pin(async move {
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let asked = Asked::of(keys);
            let replies = self.ask(asked.asks.clone()).await?;
            asked.values(&replies)
        })
    }

    fn scan_page<'a>(&'a self, range: &'a ScanRange) -> BoxFuture<'a, Result<ScanPage, StorageError>> {
        Box::pin(scan::scan(self, range))
    }
}
