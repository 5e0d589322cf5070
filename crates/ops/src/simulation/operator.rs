//! The operator of a simulation: adds a global index and deletes it again, while clients write.

use api::{Exception, IndexStatus, ProjectionType};

use super::chance::Chance;
use super::{History, TABLE};
use crate::service::Service;
use crate::tests::catalog::{add_index, caller, describe, drop_index};

pub(super) const INDEX: &str = "by_g";

pub(super) struct Operator {
    chance: Chance,
    history: History,
}

impl Operator {
    pub(super) fn new(chance: Chance, history: History) -> Operator {
        Operator { chance, history }
    }

    /// Works as long as the process.
    pub(super) async fn work(&mut self, service: &Service) {
        loop {
            for _ in 0..self.chance.below(100) {
                tokio::task::yield_now().await;
            }
            let Ok(table) = describe(service, TABLE).await else { continue };
            let index = table.global_secondary_indexes.and_then(|mut indexes| indexes.pop());
            let has_index = index.is_some();
            if index.is_some_and(|index| index.index_status != Some(IndexStatus::Active)) {
                continue;
            }
            let mut request = add_index(TABLE, INDEX, "g", ProjectionType::All);
            if has_index {
                request = drop_index(TABLE, INDEX);
            } else {
                // Those of the table's keys as well.
                request.attribute_definitions = table.attribute_definitions.map(|mut attributes| {
                    attributes.extend(request.attribute_definitions.unwrap_or_default());
                    attributes
                });
            }
            match service.update_table(&caller(), request).await {
                Ok(_) => self.history.note(format!("index {}", if has_index { "dropped" } else { "added" })),
                // The engine failed, or the last change is in progress.
                Err(Exception::InternalServerError(_) | Exception::ResourceInUse(_)) => {}
                Err(other) => panic!("the operator's change is refused: {other}"),
            }
        }
    }
}
