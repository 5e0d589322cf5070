//! The bytes of a file when it was synced, and what was done to them since.

use std::ops::Range;
use std::sync::Arc;

use super::content::Content;
use super::disk::Loss;
use crate::proof_chance::Chance;

/// What a disk writes whole or not at all. Unit: bytes.
const SECTOR: u64 = 512;

#[derive(Default)]
pub(super) struct FileNode {
    synced: Arc<Content>,
    unsynced: Vec<(u64, FileChange)>,
    /// Nothing of it is ever really synced.
    pub(super) is_lied_about: bool,
}

pub(super) enum FileChange {
    /// The bytes stand in the trace.
    Write {
        offset: u64,
        bytes: Range<usize>,
    },
    Size(u64),
}

impl FileChange {
    fn apply(&self, content: &mut Content, trace: &[u8]) {
        match self {
            FileChange::Write { offset, bytes } => content.write(*offset, &trace[bytes.clone()]),
            FileChange::Size(size) => content.resize(*size),
        }
    }

    /// What may be left of a change that was not retained whole.
    fn apply_in_part(&self, content: &mut Content, trace: &[u8], chance: &mut Chance) {
        let FileChange::Write { offset, bytes } = self else { return };
        let end = offset + bytes.len() as u64;
        let sectors = offset / SECTOR..end.div_ceil(SECTOR);
        let boundary = sectors.start + chance.below(sectors.end - sectors.start + 1);
        let way = chance.below(4);
        for sector in sectors {
            let is_kept = match way {
                0 => false,
                1 => sector < boundary,
                2 => sector >= boundary,
                _ => chance.one_in(2),
            };
            let (from, to) = ((sector * SECTOR).max(*offset), ((sector + 1) * SECTOR).min(end));
            if is_kept {
                let at = bytes.start + (from - offset) as usize;
                content.write(from, &trace[at..at + (to - from) as usize]);
            }
        }
        // The size may be retained without the bytes.
        if content.size() < end && chance.one_in(3) {
            content.resize(end);
        }
    }
}

impl FileNode {
    pub(super) fn new(is_lied_about: bool) -> FileNode {
        FileNode { is_lied_about, ..FileNode::default() }
    }

    pub(super) fn synced(synced: Arc<Content>) -> FileNode {
        FileNode { synced, ..FileNode::default() }
    }

    pub(super) fn change(&mut self, number: u64, change: FileChange) {
        self.unsynced.push((number, change));
    }

    /// Makes sure what was changed up to then.
    pub(super) fn sync(&mut self, changes: u64, trace: &[u8]) {
        let count = self.unsynced.iter().take_while(|(number, _)| *number <= changes).count();
        if count > 0 {
            let content = Arc::make_mut(&mut self.synced);
            self.unsynced.drain(..count).for_each(|(_, change)| change.apply(content, trace));
        }
    }

    /// What is left of it.
    pub(super) fn after(&self, loss: &mut Loss, trace: &[u8]) -> Arc<Content> {
        let chance = match loss {
            Loss::Nothing => None,
            Loss::Some(chance) if !self.unsynced.is_empty() => Some(chance),
            Loss::AllUnsynced | Loss::Some(_) => return Arc::clone(&self.synced),
        };
        let mut content = Content::clone(&self.synced);
        match chance {
            None => self.unsynced.iter().for_each(|(_, change)| change.apply(&mut content, trace)),
            Some(chance) => {
                // Of a file much is lost, or little.
                let lost = [1, 3, 10][chance.below(3) as usize];
                for (_, change) in &self.unsynced {
                    if chance.one_in(lost) {
                        change.apply_in_part(&mut content, trace, chance);
                    } else {
                        change.apply(&mut content, trace);
                    }
                }
            }
        }
        Arc::new(content)
    }
}
