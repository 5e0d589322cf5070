//! The state of each index in a definition, of any kind: under construction, ready, or being deleted. `catalog::work`
//! derives the work on indexes from it, and the builder ends with a change of it.

use super::definition::{Definition, IndexStatus};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndexState {
    /// Writes maintain it, and it lacks rows of items from before it.
    Building,
    Ready,
    /// Writes do not maintain it any more, and it has rows.
    Deleting,
}

impl Definition {
    /// Each index with its state.
    pub fn index_states(&self) -> Vec<(u32, IndexState)> {
        let of_status = |status: IndexStatus| match status {
            IndexStatus::Creating => IndexState::Building,
            IndexStatus::Active | IndexStatus::Updating => IndexState::Ready,
            IndexStatus::Deleting => IndexState::Deleting,
        };
        let secondary = self.local_indexes.iter().chain(&self.global_indexes);
        let secondary = secondary.map(|index| (index.id, of_status(index.status)));
        let times = &self.time_to_live;
        let ready = if times.built { IndexState::Ready } else { IndexState::Building };
        let expiry = times.index.filter(|_| times.attribute.is_some()).map(|id| (id, ready));
        let dropping = times.dropping.iter().map(|id| (*id, IndexState::Deleting));
        // Rows of old indexes go first: a new one is built on what they leave.
        dropping.chain(secondary).chain(expiry).collect()
    }

    /// Whether an index is in a state.
    pub fn has_index_in(&self, index_id: u32, state: IndexState) -> bool {
        self.index_states().contains(&(index_id, state))
    }

    /// Marks an index that was under construction as ready: it has all its rows.
    pub fn set_index_ready(&mut self, index_id: u32) {
        if self.time_to_live.index == Some(index_id) {
            self.time_to_live.built = true;
        }
        for index in self.global_indexes.iter_mut().filter(|index| index.id == index_id) {
            index.status = IndexStatus::Active;
        }
    }

    /// Removes an index that was being deleted and has no rows any more.
    pub fn remove_index(&mut self, index_id: u32) {
        self.time_to_live.dropping.retain(|dropping| *dropping != index_id);
        self.global_indexes.retain(|index| index.id != index_id);
        self.prune_attributes();
    }

    /// Whether time to live was enabled by a program that gave its index no id.
    pub fn lacks_expiry_index(&self) -> bool {
        self.time_to_live.attribute.is_some() && self.time_to_live.index.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::{IndexDefinition, TimeToLive};
    use super::*;

    #[test]
    fn indexes_of_all_kinds_have_states() {
        let index = |id, status| IndexDefinition { id, status, ..IndexDefinition::default() };
        let mut definition = Definition {
            local_indexes: vec![index(1, IndexStatus::Active)],
            global_indexes: vec![index(2, IndexStatus::Creating), index(3, IndexStatus::Deleting)],
            ..Definition::default()
        };
        let attribute = Some("ttl".to_owned());
        definition.time_to_live =
            TimeToLive { attribute, index: Some(9), dropping: vec![7, 8], ..TimeToLive::default() };
        use IndexState::{Building, Deleting, Ready};
        let states = [(7, Deleting), (8, Deleting), (1, Ready), (2, Building), (3, Deleting), (9, Building)];
        assert_eq!(definition.index_states(), states);
        definition.set_index_ready(2);
        definition.set_index_ready(9);
        definition.remove_index(3);
        definition.remove_index(8);
        assert_eq!(definition.index_states(), [(7, Deleting), (1, Ready), (2, Ready), (9, Ready)]);
        assert!(definition.has_index_in(7, Deleting) && !definition.has_index_in(7, Ready));
    }
}
