//! The owner of a piece of background work: a row that names a node, and that is among the keys of each step.
//!
//! A node that finds the named node dead writes its own name; a step of the former owner then finds another name in the row
//! and is refused. So clocks decide only how soon the work continues, never whether it is correct.

use storage::{Batch, Consistency, Key, KeyUse, Mode, Reads, StorageError, TxError};

use super::{NodeId, Nodes};
use crate::catalog::{Edit, Rewrite};

/// An owned piece of work, as its steps see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owned {
    key: Key,
    owner: NodeId,
}

impl Owned {
    /// The key that a step adds at the end of its keys.
    pub fn key(&self) -> KeyUse {
        KeyUse::write(self.key.clone())
    }

    /// Whether this node still owns the work; if so, the row counts the step.
    pub fn renew(&self, reads: &Reads, batch: &mut Batch) -> bool {
        let row = reads.values.last().and_then(Option::as_deref).and_then(read);
        let Some((_, steps)) = row.filter(|(owner, _)| *owner == self.owner) else { return false };
        batch.put(self.key.clone(), write(self.owner, steps + 1));
        true
    }

    /// The same for a step that changes a definition.
    pub fn rewrite(&self) -> Rewrite {
        let owner = self.owner;
        let renewed = move |row: &[u8]| {
            let (_, steps) = read(row).filter(|(stored, _)| *stored == owner)?;
            Some(write(owner, steps + 1))
        };
        Rewrite { key: self.key.clone(), with: Box::new(renewed) }
    }

    /// Gives the work up, if this node still owns it.
    pub fn release(&self, reads: &Reads, batch: &mut Batch) -> Result<(), NotOurs> {
        // A row of another owner stays: to delete it would let a third node begin beside that owner.
        let ours = reads.values[0].as_deref().and_then(read).is_some_and(|(owner, _)| owner == self.owner);
        if !ours {
            return Err(NotOurs);
        }
        batch.delete(self.key.clone());
        Ok(())
    }
}

/// The edit of a step of background work: a former owner's is refused, whose successor goes on from what was stored before.
pub fn edit_of(owned: Option<&Owned>) -> Edit {
    Edit { rewrites: owned.map(Owned::rewrite).into_iter().collect(), ..Edit::default() }
}

/// An owner (16) and how many steps it has made (8, big-endian).
fn read(row: &[u8]) -> Option<(NodeId, u64)> {
    let (owner, steps) = row.split_first_chunk::<16>()?;
    Some((NodeId(*owner), u64::from_be_bytes(steps.try_into().ok()?)))
}

/// Whether it is a row that names an owner.
pub fn is_row(row: &[u8]) -> bool {
    read(row).is_some()
}

fn write(owner: NodeId, steps: u64) -> Vec<u8> {
    [&owner.0[..], &steps.to_be_bytes()].concat()
}

impl Nodes {
    /// Takes the work, unless a live node owns it.
    pub async fn own(&self, key: Key, engine: &dyn storage::Engine) -> Result<Option<Owned>, StorageError> {
        let owned = Owned { key: key.clone(), owner: self.id };
        let is_free = |row: Option<&[u8]>| {
            let owner = row.and_then(read).map(|(owner, _)| owner);
            owner.is_none_or(|owner| owner == self.id || !self.watch.is_live(owner))
        };
        let row = engine.get(&key, Consistency::Strong).await?;
        if !is_free(row.as_deref()) {
            return Ok(None);
        }
        if row.as_deref().and_then(read).is_some_and(|(owner, _)| owner == self.id) {
            return Ok(Some(owned));
        }
        // Checked again in the write: of two nodes that find the work free, one takes it.
        let take = |reads: &Reads, batch: &mut Batch| {
            if !is_free(reads.values[0].as_deref()) {
                return Err(NotOurs);
            }
            batch.put(key.clone(), write(self.id, 0));
            Ok(())
        };
        let keys = [KeyUse::write(key.clone())];
        let taken = engine.write(Mode::Plain, &keys, take).await.map_err(StorageError::from)?;
        Ok(taken.is_ok().then_some(owned))
    }
}

/// Another node owns the work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotOurs;

/// Whether this node may do a piece of background work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ownership {
    /// There is no other node.
    Alone,
    Ours(Owned),
    /// A live node owns it.
    Others,
}

impl Ownership {
    pub fn owned(&self) -> Option<&Owned> {
        match self {
            Ownership::Ours(owned) => Some(owned),
            Ownership::Alone | Ownership::Others => None,
        }
    }
}

/// A step was refused because another node owns the work now.
pub fn taken() -> TxError {
    StorageError::Unavailable("another node has taken over the work".to_owned()).into()
}

#[cfg(test)]
mod tests {
    use tables::rows;

    use super::*;

    #[test]
    fn a_step_is_refused_once_the_row_names_another() {
        let (ours, theirs) = (NodeId([1; 16]), NodeId([2; 16]));
        let owned = Owned { key: rows::owner(7), owner: ours };
        for (row, renewed) in [
            (Some(write(ours, 4)), Some(write(ours, 5))),
            (Some(write(theirs, 4)), None),
            (Some(vec![1; 16]), None),
            (None, None),
        ] {
            let reads = Reads { values: vec![None, row.clone().map(Into::into)] };
            let mut batch = Batch::default();
            assert_eq!(owned.renew(&reads, &mut batch), renewed.is_some(), "{row:?}");
            let written: Vec<_> = renewed.clone().map(|row| (rows::owner(7), Some(row.into()))).into_iter().collect();
            assert_eq!(batch.writes, written, "{row:?}");
            if let Some(row) = &row {
                assert_eq!((owned.rewrite().with)(row), renewed.clone(), "{row:?}");
            }
        }
    }
}
