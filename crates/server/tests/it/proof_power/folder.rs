//! The names in a folder, as they are and as they were when it was synced.

use std::collections::BTreeMap;

use super::disk::Loss;

/// Names and what they stand for.
type Names = BTreeMap<String, usize>;

#[derive(Default)]
pub(super) struct FolderNode {
    pub(super) now: Names,
    synced: Names,
    unsynced: Vec<(u64, FolderChange)>,
}

pub(super) enum FolderChange {
    Add(String, usize),
    Rename(String, String),
    Remove(String),
}

impl FolderChange {
    fn apply(&self, names: &mut Names) {
        match self {
            FolderChange::Add(name, node) => {
                names.insert(name.clone(), *node);
            }
            FolderChange::Rename(from, to) => {
                let node = names.remove(from).expect("the name that changes");
                names.insert(to.clone(), node);
            }
            FolderChange::Remove(name) => {
                let known = names.remove(name);
                // The layer records no bind, which makes the operator's socket.
                assert!(known.is_some() || name == "operator.sock", "the name that goes: {name}");
            }
        }
    }
}

impl FolderNode {
    pub(super) fn change(&mut self, number: u64, change: FolderChange) {
        change.apply(&mut self.now);
        self.unsynced.push((number, change));
    }

    /// Makes sure what was changed up to then.
    pub(super) fn sync(&mut self, changes: u64) {
        let count = self.unsynced.iter().take_while(|(number, _)| *number <= changes).count();
        for (_, change) in self.unsynced.drain(..count) {
            change.apply(&mut self.synced);
        }
    }

    /// The names that are left, from the first of the changes on.
    pub(super) fn after(&self, loss: &mut Loss) -> Names {
        let kept = match loss {
            Loss::Nothing => self.unsynced.len(),
            Loss::AllUnsynced => 0,
            Loss::Some(chance) => match chance.below(3) {
                0 => 0,
                1 => self.unsynced.len(),
                _ => chance.below(self.unsynced.len() as u64 + 1) as usize,
            },
        };
        let mut names = self.synced.clone();
        self.unsynced[..kept].iter().for_each(|(_, change)| change.apply(&mut names));
        names
    }
}
