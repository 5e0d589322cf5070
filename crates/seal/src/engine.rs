//! An engine around another one, which gives it keys and values in code and reads them back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::Clock;
use bytes::Bytes;
use jobs::{Job, Jobs, Ran};
use storage::{BoxFuture, Consistency, Decision, Engine, Family, Key, Layer, StorageError, Transaction, TxError, View};

use crate::keyring::{Keyring, KeyringError};
use crate::kms::Kms;
use crate::layout::Layout;
use crate::scope::NoScope;
use crate::sealed_rows::SealedRows;
use crate::sweep::{Sweep, Sweeper, Swept};
use crate::view::SealedView;

/// The pause of the re-encryption sweep after an error.
const PAUSE_OF_TROUBLE: Duration = Duration::from_secs(10);

/// See the crate's head.
pub struct Sealed {
    sealed_rows: Arc<SealedRows>,
}

impl Sealed {
    /// The engine with the keys of an open keyring, which is that of its rows.
    /// `kms` has the keys of tables that have their own.
    pub fn over(inner: Arc<dyn Engine>, keyring: &Keyring, kms: Option<Kms>, layout: Layout) -> Arc<Sealed> {
        Sealed::with_clock(inner, keyring, kms, layout, Clock::system())
    }

    /// As [`Sealed::over`], with this clock for the age of data keys.
    pub fn with_clock(
        inner: Arc<dyn Engine>,
        keyring: &Keyring,
        kms: Option<Kms>,
        layout: Layout,
        clock: Clock,
    ) -> Arc<Sealed> {
        Arc::new(Sealed { sealed_rows: Arc::new(SealedRows::new(inner, keyring, kms, layout, clock)) })
    }

    /// The row of a key for a table of an account: of a new key, or of the one in `row`, under a key of the KMS, or of the
    /// database. With it the ARN of the KMS's key. A table has the key once the row is written.
    ///
    /// # Errors
    /// If the KMS refuses, or is not there.
    pub async fn wrap_table_key(
        &self,
        account: &str,
        row: Option<&[u8]>,
        key_id: Option<&str>,
    ) -> Result<(Bytes, Option<String>), KeyringError> {
        self.sealed_rows.tables.wrap(account, row, key_id).await
    }

    /// From now on the KMS is asked about a table's key on behalf of the account that `owner_of` names for the table's id; of a
    /// table that it does not know, on behalf of none. A later call is ignored.
    pub fn name_owners(&self, owner_of: impl Fn(u64) -> Option<String> + Send + Sync + 'static) {
        self.sealed_rows.tables.name_owners(Box::new(owner_of));
    }

    /// Loads a table's key, unless it is loaded. From then on writes of its rows do not wait for the KMS.
    ///
    /// # Errors
    /// If the KMS refuses, or does not answer.
    pub async fn learn_table_key(&self, table_id: u64) -> Result<(), StorageError> {
        let SealedRows { tables, inner, .. } = &*self.sealed_rows;
        loop {
            match tables.scope(Family::Items, &table_id.to_be_bytes()) {
                Ok(_) => return Ok(()),
                Err(NoScope::Unknown(table)) => tables.learn(&**inner, table).await?,
                Err(NoScope::Inaccessible(error)) => return Err(error),
            }
        }
    }

    /// Another server has written the row of a table's key: it is read again when the table is next met.
    pub fn forget_table_key(&self, table_id: u64) {
        self.sealed_rows.tables.forget(table_id);
    }

    /// Since when a table cannot be read because its key may not be used, in milliseconds since 1970.
    pub fn inaccessible_since_ms(&self, table_id: u64) -> Option<u64> {
        self.sealed_rows.tables.inaccessible_since_ms(table_id)
    }

    /// Adds the job that makes new data keys after so long and rewrites what is under older ones, for as long as the engine
    /// lives.
    pub fn rotate_data_keys(&self, jobs: &Jobs, age: Duration) {
        let sweeper = Sweeper::new(age);
        let first = sweeper.pause();
        let (sweeper, is_logged) = (Arc::new(tokio::sync::Mutex::new(sweeper)), Arc::new(AtomicBool::new(false)));
        let job = Job::on(&self.sealed_rows, "rotate_data_keys", first, move |sealed_rows| {
            let (sweeper, is_logged) = (Arc::clone(&sweeper), Arc::clone(&is_logged));
            async move {
                // Never contended: a job has one run at a time.
                let mut sweeper = sweeper.lock().await;
                match sweeper.step(&sealed_rows).await {
                    Ok(()) => Ran::Again(sweeper.pause()),
                    Err(StorageError::Closed) => Ran::Ended,
                    Err(error) => {
                        if !is_logged.swap(true, Ordering::Relaxed) {
                            log::warn!(event = "data_key_rotation_delayed"; "old data keys stay in use for now: {error}");
                        }
                        Ran::Failed
                    }
                }
            }
        });
        jobs.add(job.retried_after(PAUSE_OF_TROUBLE));
    }

    /// One whole sweep at once: what is under data keys of such an age is put under new ones.
    ///
    /// # Errors
    /// If rows cannot be read.
    pub async fn sweep_data_keys(&self, age: Duration) -> Result<Swept, StorageError> {
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let Some(mut sweep) = Sweep::begin(&self.sealed_rows, age_ms).await? else { return Ok(Swept::default()) };
        loop {
            if let Some(swept) = sweep.step(&self.sealed_rows).await? {
                return Ok(swept);
            }
        }
    }

    /// Adds the job that looks at the keys of tables once an interval, for as long as the engine lives.
    pub fn watch_table_keys(&self, jobs: &Jobs, interval: Duration) {
        jobs.add(Job::by_account(&self.sealed_rows, "check_table_keys", interval, |sealed_rows| {
            let look_again = |(account, tables)| (account, look_again(Arc::clone(&sealed_rows), tables));
            sealed_rows.tables.known_by_owner().into_iter().map(look_again).collect()
        }));
    }
}

async fn look_again(sealed_rows: Arc<SealedRows>, tables: Vec<u64>) -> Ran {
    match sealed_rows.look_again(&tables).await {
        Ok(()) | Err(StorageError::Closed) => Ran::Done,
        Err(error) => {
            log::warn!(event = "table_keys_unchecked"; "the keys of tables cannot be checked: {error}");
            Ran::Failed
        }
    }
}

impl Layer for Sealed {
    fn inner(&self) -> &dyn Engine {
        &*self.sealed_rows.inner
    }

    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        Box::pin(async move {
            let key = self.sealed_rows.seal(key);
            let found = self.sealed_rows.inner.get(&key, consistency).await;
            self.sealed_rows.read(key, found).await
        })
    }

    fn view(&self, consistency: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        Box::pin(
            async move { Ok(SealedView::around(self.sealed_rows.inner.view(consistency).await?, &self.sealed_rows)) },
        )
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        Box::pin(self.sealed_rows.transact(transaction))
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        self.inner().destroy(family, self.sealed_rows.seal_key(family, &prefix))
    }
}
