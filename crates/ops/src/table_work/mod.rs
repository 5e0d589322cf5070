//! The background work of changes of tables: it builds and deletes indexes and deletes tables. Pending work follows from the
//! definitions, so a restarted server resumes it.

mod build_index;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cluster::catalog::{Edit, Interrupted, Work};
use cluster::nodes::owner::{Owned, Ownership};
use jobs::{Job, Ran};
use parking_lot::Mutex;
use storage::Family;
use tables::Definition;
use tables::rows;

use crate::service::Service;

/// How long work that failed waits before it tries again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// Between two looks at whether a table's last copy is made.
const COPIED_INTERVAL: Duration = Duration::from_millis(20);

impl Service {
    /// The job that resumes pending work and receives new work from changes of the catalog: it adds a job for each piece.
    pub(crate) fn table_work_job(self: &Arc<Service>) -> Option<Job> {
        let receiver = Arc::new(tokio::sync::Mutex::new(self.catalog.take_work()?));
        let (asked, turns): (Arc<Mutex<VecDeque<Work>>>, Arc<Mutex<Turns>>) = Default::default();
        let received = Arc::clone(&asked);
        let job = Job::on(self, "dispatch_table_work", Duration::MAX, move |service| {
            while let Some(work) = { received.lock().pop_front() } {
                let turn = turn_of(&mut turns.lock(), work.table_id());
                service.jobs().add(piece(&service, work, turn));
            }
            async { Ran::Done }
        });
        Some(job.or_when(move || {
            let (receiver, asked) = (Arc::clone(&receiver), Arc::clone(&asked));
            async move {
                // No await between receiving a piece and queueing it, so none is lost if this future is dropped.
                match receiver.lock().await.recv().await {
                    Some(work) => asked.lock().push_back(work),
                    // The catalog is dropped, and the service with it.
                    None => std::future::pending().await,
                }
            }
        }))
    }

    /// Whether the work is still pending: another node may have done it.
    fn is_wanted(&self, work: Work) -> bool {
        self.catalog.by_id(work.table_id()).is_some_and(|table| Work::left_by(&table.definition).contains(&work))
    }

    /// Does the work if this node owns it; returns whether it is done.
    pub(crate) async fn do_if_ours(&self, work: Work) -> Result<bool, Interrupted> {
        if !self.is_wanted(work) {
            return Ok(true);
        }
        let ownership = self.own(work.table_id()).await?;
        if ownership == Ownership::Others {
            return Ok(false);
        }
        // Its former owner may have ended it since this node has read the catalog: items that are copied again would replace those
        // that were written since.
        self.catalog.refresh().await?;
        if self.is_wanted(work) {
            self.do_work(work, ownership.owned()).await?;
        }
        self.disown(&ownership).await;
        Ok(true)
    }

    /// The interval between two checks of work that another node owns.
    fn look_interval(&self) -> Duration {
        self.nodes.as_ref().map_or(RETRY_INTERVAL, cluster::nodes::Nodes::interval)
    }

    async fn do_work(&self, work: Work, owned: Option<&Owned>) -> Result<(), Interrupted> {
        match work {
            Work::BuildIndex { table_id, index_id } => self.build_index(table_id, index_id, owned).await,
            Work::DropIndex { table_id, index_id } => self.drop_index(table_id, index_id).await,
            Work::DropTable { table_id } => self.drop_table(table_id).await,
            Work::KeepLog { table_id } => Ok(self.keep_log(table_id).await?),
            Work::FillBackup { table_id } => self.fill_backup(table_id, owned).await,
            Work::ExportTable { table_id } => self.export_items(table_id, owned).await,
            Work::RestoreTable { table_id } => self.restore_table(table_id, owned).await,
            Work::ImportTable { table_id } => self.import_table_items(table_id, owned).await,
            Work::UpdateReplicas { table_id } => self.update_replicas(table_id).await,
            Work::CopyReplica { table_id } => self.copy_replica(table_id, owned).await,
            Work::NumberExpiryIndex { table_id } => self.number_expiry_index(table_id).await,
        }
    }

    async fn drop_index(&self, table_id: u64, index_id: u32) -> Result<(), Interrupted> {
        // In this order: a write that uses an older definition would put rows after they are destroyed; and the definition
        // names the index until its rows are destroyed, so that a crash in between leaves the work pending.
        self.settle(table_id).await?;
        self.engine.destroy(Family::Index, rows::index_prefix(table_id, index_id)).await?;
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        // This reference is dropped before the change: later work would wait for it in `settle`.
        drop(table);
        definition.remove_index(index_id);
        let deletes = vec![rows::index_tally(table_id, index_id), rows::build_progress(table_id, index_id)];
        self.catalog.replace(&self.engine, guard, definition, Edit { deletes, ..Edit::default() }).await?;
        Ok(())
    }

    async fn drop_table(&self, table_id: u64) -> Result<(), Interrupted> {
        // In this order: no write may follow the destruction of the rows, and the definition is deleted last, so that a crash
        // in between leaves the work pending.
        self.settle(table_id).await?;
        self.leave_group(table_id).await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let definition = table.definition.clone();
        drop(table);
        self.cancel_import(&definition).await?;
        if definition.filling().is_some() {
            self.release_log(table_id).await?;
        }
        // The last backup of the table is made of its rows.
        while self.is_being_copied(table_id) {
            tokio::time::sleep(COPIED_INTERVAL).await;
        }
        if change_log::outlives_table(&definition, self.clock.now_ms()) {
            return self.drop_but_streams(definition).await;
        }
        self.drop_archive_objects(table_id).await;
        for family in Family::ALL {
            self.engine.destroy(family, rows::table_prefix(table_id)).await?;
        }
        self.engine.destroy(Family::Catalog, rows::table_key(table_id).bytes).await?;
        Ok(self.catalog.forget(&self.engine, table_id).await?)
    }

    /// Ends the log of a table that no request uses any more, and destroys all other rows.
    async fn drop_but_streams(&self, definition: Definition) -> Result<(), Interrupted> {
        // The table is replaced by its remains last: until then a crash leaves the work pending.
        let table_id = definition.table_id;
        self.end_rolls(table_id, &definition.log).await?;
        self.close_logs(table_id, &definition.log).await?;
        for family in [Family::Items, Family::Index] {
            self.engine.destroy(family, rows::table_prefix(table_id)).await?;
        }
        self.drop_archive_objects(table_id).await;
        self.engine.destroy(Family::Log, rows::archives_prefix(table_id)).await?;
        for prefix in rows::beside_log(table_id) {
            self.engine.destroy(Family::Catalog, prefix).await?;
        }
        self.catalog.leave_remains(&self.engine, definition.cut_to_streams()).await?;
        self.drop_excess_streams().await;
        Ok(())
    }
}

/// A lock for each table: its pieces of work are done one after the other, in the order in which they were queued.
type Turn = Arc<tokio::sync::Mutex<()>>;
type Turns = HashMap<u64, Turn>;

fn turn_of(turns: &mut Turns, table_id: u64) -> Turn {
    turns.retain(|_, turn| Arc::strong_count(turn) > 1);
    Arc::clone(turns.entry(table_id).or_default())
}

/// The state of a piece of work between two attempts.
#[derive(Default)]
struct Tries {
    /// Held from the first attempt to the last: later pieces do not overtake one that is retried.
    turn: Option<tokio::sync::OwnedMutexGuard<()>>,
    logged: Option<String>,
}

/// The job that does a piece of work once the earlier ones on its table are done, and retries until it succeeds. Progress is
/// stored in rows of the piece's own (`build_index`), so it resumes there after a crash.
fn piece(service: &Arc<Service>, work: Work, turn: Turn) -> Job {
    let tries: Arc<tokio::sync::Mutex<Tries>> = Arc::default();
    let job = Job::on(service, work.job(), RETRY_INTERVAL, move |service| {
        let (turn, tries) = (Arc::clone(&turn), Arc::clone(&tries));
        async move {
            // Never contended: a job has one run at a time.
            let mut tries = tries.lock().await;
            if tries.turn.is_none() {
                tries.turn = Some(turn.lock_owned().await);
            }
            if let Some(pause) = service.pause_of_work(work) {
                return Ran::Again(pause);
            }
            match service.do_if_ours(work).await {
                Ok(true) | Err(Interrupted::Stopping) => {
                    tries.turn = None;
                    Ran::Ended
                }
                Ok(false) => Ran::Again(service.look_interval()),
                Err(Interrupted::Failed(text) | Interrupted::Lost(text)) => {
                    // A full disk or an unreachable database can last for hours: one line for each cause.
                    if tries.logged.as_ref() != Some(&text) {
                        work.log_failure(&service.table_label(work.table_id()), &text);
                        tries.logged = Some(text);
                    }
                    Ran::Failed
                }
            }
        }
    });
    job.at_once()
}
