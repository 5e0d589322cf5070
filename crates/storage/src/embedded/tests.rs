//! What only [`Embedded`] promises: what is queued, what is refused, and what a folder may look like.

mod caching;
mod damage;
mod flight;
mod folders;
mod logs;
mod rewrites;
mod space;
mod stats;
mod wreckage;

use crate::{KeyUse, Mode};
use std::path::Path;
use std::sync::Arc;

use super::transact::Begun;
use super::*;
use crate::batch::Batch;

fn open(folder: &Path) -> Result<Arc<Embedded>, OpenError> {
    Embedded::open(folder, EmbeddedOptions { cache_bytes: 8 << 20, ..EmbeddedOptions::default() })
}

fn fresh() -> (tempfile::TempDir, Arc<Embedded>) {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path()).unwrap();
    (folder, engine)
}

fn key(name: &str) -> Key {
    Key::new(Family::Items, name.to_owned())
}

/// Begins to put one value under each key that is to be written.
fn begin(engine: &Embedded, mode: Mode, uses: &[KeyUse], value: &'static str) -> Result<Begun, TxError> {
    engine.begin(mode, uses, &mut |_, batch| {
        for key_use in uses.iter().filter(|key_use| key_use.write) {
            batch.put(key_use.key.clone(), value);
        }
        Decision::Commit
    })
}

fn begin_put(engine: &Embedded, name: &str, value: &'static str) -> Begun {
    begin(engine, Mode::Plain, &[KeyUse::write(key(name))], value).unwrap()
}

fn get(engine: &Embedded, name: &str) -> Option<Bytes> {
    engine.get_now(&key(name)).unwrap()
}

async fn commit(engine: &Embedded, batch: &Batch) -> Result<Decision, TxError> {
    let begun = engine.begin(Mode::Plain, &[], &mut |_, into| {
        *into = batch.clone();
        Decision::Commit
    });
    begun?.finish().await
}
