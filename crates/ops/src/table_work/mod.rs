//! The work that changes of tables leave to be done: indexes built and deleted, tables deleted. What is to be done follows from
//! the definitions, so that an interrupted server takes it up again.

mod build_index;

use crate::catalog::{Edit, Interrupted, Work};
use crate::change_log;
use crate::nodes::owner::{Owned, Ownership};
use crate::rows;
use crate::service::Service;
use crate::tables::Definition;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use storage::Family;

/// How long work that failed waits before it tries again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

impl Service {
    /// Takes up what an earlier server left, and does from now on what changes of the catalog ask for.
    pub(crate) fn resume_catalog_work(self: &Arc<Service>) {
        let Some(mut receiver) = self.catalog.take_work() else { return };
        let service = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut turns: HashMap<u64, Arc<tokio::sync::Mutex<()>>> = HashMap::new();
            while let Some(work) = receiver.recv().await {
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
                let turn = turns.entry(work.table_id()).or_default().clone();
                tokio::spawn(do_in_turn(service.clone(), work, turn));
            }
        });
    }

    /// Whether the definitions still ask for the work: another node may have done it.
    fn is_wanted(&self, work: Work) -> bool {
        self.catalog.by_id(work.table_id()).is_some_and(|table| Work::left_by(&table.definition).contains(&work))
    }

    /// Does the work if it is ours; tells whether it is over.
    async fn do_if_ours(&self, work: Work) -> Result<bool, Interrupted> {
        if !self.is_wanted(work) {
            return Ok(true);
        }
        let ownership = self.own(work.table_id()).await?;
        if ownership == Ownership::Others {
            return Ok(false);
        }
        self.do_work(work, ownership.owned()).await?;
        self.disown(&ownership).await;
        Ok(true)
    }

    /// How long to wait before looking again after another node's work.
    fn look_interval(&self) -> Duration {
        self.nodes.as_ref().map_or(RETRY_INTERVAL, crate::nodes::Nodes::interval)
    }

    async fn do_work(&self, work: Work, owned: Option<&Owned>) -> Result<(), Interrupted> {
        match work {
            Work::BuildIndex { table_id, index_id } => self.build_index(table_id, index_id, owned).await,
            Work::DropIndex { table_id, index_id } => self.drop_index(table_id, index_id).await,
            Work::DropTable { table_id } => self.drop_table(table_id).await,
            Work::KeepLog { table_id } => Ok(self.keep_log(table_id).await?),
            Work::KeepTimes { table_id } => self.keep_times(table_id, owned).await,
        }
    }

    async fn drop_index(&self, table_id: u64, index_id: u32) -> Result<(), Interrupted> {
        self.settle(table_id).await?;
        self.engine.destroy(Family::Index, rows::index_prefix(table_id, index_id)).await?;
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        // Its own users are gone before the next change waits for them.
        drop(table);
        definition.global_indexes.retain(|index| index.id != index_id);
        definition.prune_attributes();
        let deletes = vec![rows::index_tally(table_id, index_id), rows::build_progress(table_id, index_id)];
        self.catalog.replace(&self.engine, guard, definition, Edit { deletes, ..Edit::default() }).await?;
        Ok(())
    }

    async fn drop_table(&self, table_id: u64) -> Result<(), Interrupted> {
        self.settle(table_id).await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let definition = table.definition.clone();
        drop(table);
        if change_log::outlives_table(&definition, self.clock.now_ms()) {
            return self.drop_but_streams(definition).await;
        }
        for family in Family::ALL {
            self.engine.destroy(family, rows::table_prefix(table_id)).await?;
        }
        self.engine.destroy(Family::Catalog, rows::table_key(table_id).bytes).await?;
        Ok(self.catalog.forget(&self.engine, table_id).await?)
    }

    /// Ends the log of a table that nobody uses any more, and destroys all the rest.
    async fn drop_but_streams(&self, definition: Definition) -> Result<(), Interrupted> {
        let table_id = definition.table_id;
        self.end_rolls(table_id, &definition.log).await?;
        self.close_logs(table_id, &definition.log).await?;
        for family in [Family::Items, Family::Index] {
            self.engine.destroy(family, rows::table_prefix(table_id)).await?;
        }
        for prefix in rows::beside_log(table_id) {
            self.engine.destroy(Family::Catalog, prefix).await?;
        }
        self.catalog.leave_remains(&self.engine, definition.cut_to_streams()).await?;
        self.drop_excess_streams().await;
        Ok(())
    }
}

/// Does a piece of work once the earlier ones on its table are done, as often as it takes.
async fn do_in_turn(service: Weak<Service>, work: Work, turn: Arc<tokio::sync::Mutex<()>>) {
    let _turn = turn.lock().await;
    let mut logged = None;
    while let Some(service) = service.upgrade() {
        let pause = match service.do_if_ours(work).await {
            Ok(true) | Err(Interrupted::Stopping) => return,
            Ok(false) => service.look_interval(),
            Err(Interrupted::Failed(text)) => {
                // A full disk or a database that is away can last for hours: one line for each cause.
                if logged.as_ref() != Some(&text) {
                    work.log_failure(&service.table_label(work.table_id()), &text);
                    logged = Some(text);
                }
                RETRY_INTERVAL
            }
        };
        drop(service);
        tokio::time::sleep(pause).await;
    }
}
