//! The database that `stator bench --sql` measures: the statements of the PostgreSQL engine without the engine.

use bench::{BoxFuture, Database, RowKey, Session, Work};
use bytes::Bytes;
use storage::{Family, Key};
use storage_postgres::{Bare, BareConnection};

use crate::engine;

/// Takes the place of a table's id in the keys of items.
const TABLE: [u8; 8] = [0; 8];

pub(crate) fn reach(url: &str, name: &str) -> Result<Box<dyn Database>, String> {
    let options = engine::database(url, None).map_err(|error| error.to_string())?;
    Ok(Box::new(Tables(Bare::new(options, name))))
}

struct Tables(Bare);

impl Database for Tables {
    fn make(&self) -> BoxFuture<'_, Result<bool, String>> {
        Box::pin(self.0.make())
    }

    fn remove(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.0.remove())
    }

    fn open(&self) -> BoxFuture<'_, Result<Box<dyn Session>, String>> {
        Box::pin(async { Ok(Box::new(Statements(self.0.open().await?)) as Box<dyn Session>) })
    }
}

struct Statements(BareConnection);

impl Session for Statements {
    fn perform<'a>(&'a mut self, work: &'a Work) -> BoxFuture<'a, Result<Bytes, String>> {
        Box::pin(async move {
            match work {
                Work::Read(row) => return self.0.read(&key(row)).await,
                Work::Write(row, value) => self.0.write(&key(row), value).await?,
                Work::Fill(rows) => {
                    let rows: Vec<_> = rows.iter().map(|(row, value)| (key(row), value.clone())).collect();
                    self.0.fill(&rows).await?;
                }
            }
            Ok(Bytes::new())
        })
    }
}

fn key(row: &RowKey) -> Key {
    Key::new(Family::Items, [&TABLE[..], row].concat())
}
