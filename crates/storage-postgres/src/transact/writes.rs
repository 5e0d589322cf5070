//! The second flight: a batch as statements, in the order of places, with the COMMIT at their end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use storage::{Batch, Family, Key, OpId, Rewrite};

use super::standing::Standing;
use super::{Doubt, Setback, Write};
use crate::connection::{Ask, BEGIN, COMMIT, Sql, Value};
use crate::outbox;
use crate::place::Place;
use crate::sweep::Tombstone;
use crate::tallies;

pub(crate) struct Writes {
    pub(crate) asks: Vec<Ask>,
    /// What each of `asks` is about.
    pub(crate) keys: Vec<Written>,
    /// By which a lost flight is found again; none if no locked row is written.
    pub(crate) witness: Option<Doubt>,
    pub(crate) tombstones: Vec<Tombstone>,
    /// To which it appends.
    pub(crate) logs: BTreeSet<Bytes>,
}

/// What a statement of the flight is about.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Written {
    /// The place in the call's keys.
    pub(crate) key: Option<usize>,
    /// How many rows it must have written.
    pub(crate) rows: Option<u64>,
}

/// One row that is to be written.
struct Target<'a> {
    place: Place,
    key: &'a Key,
    /// Its index in the call's keys, if it is among them.
    at: Option<usize>,
    value: Option<Bytes>,
    /// The value that a rewrite expects.
    expected: Option<Bytes>,
}

impl Writes {
    pub(crate) fn of(write: &Write<'_>, standing: &[Standing], batch: &Batch) -> Result<Writes, Setback> {
        // Greater than those of all locked rows: the outbox has an item's records in the order of its changes.
        let ver = write.versions.next(standing.iter().filter_map(|row| row.ver));
        let additions =
            outbox::additions(write.op, ver, &batch.appends).map_err(|error| Setback::Final(error.into()))?;
        let mut writes = Writes {
            asks: Vec::new(),
            keys: Vec::new(),
            witness: None,
            tombstones: Vec::new(),
            logs: batch.appends.iter().map(|append| append.log.clone()).collect(),
        };
        if write.keys.is_empty() {
            writes.push(BEGIN, Written::default());
        }
        for target in targets(write, standing, batch) {
            if let Some(expected) = target.expected {
                writes.rewrite(&target.place, expected, target.value);
                continue;
            }
            match target.at {
                Some(at) => writes.locked(write, at, &standing[at], target, ver),
                None => writes.blind(write.op, target, ver),
            }
        }
        for (key, value) in &batch.writes {
            if key.family == Family::Catalog && value.is_none() {
                writes.push(tallies::deletion(&key.bytes), Written::default());
            }
        }
        for addition in tallies::additions(write.op, &batch.tallies) {
            writes.push(addition, Written::default());
        }
        for addition in additions {
            writes.push(addition, Written::default());
        }
        writes.push(COMMIT, Written::default());
        Ok(writes)
    }

    fn push(&mut self, ask: Ask, written: Written) {
        self.asks.push(ask);
        self.keys.push(written);
    }

    /// A row that we have locked, or read as absent.
    fn locked(&mut self, write: &Write<'_>, at: usize, standing: &Standing, target: Target<'_>, ver: i64) {
        debug_assert!(write.keys[at].write || standing.is_absent(), "{:?} was only to be read", target.key);
        if self.witness.is_none_or(|witness| at < witness.key) {
            self.witness = Some(Doubt { key: at, read: standing.ver, written: ver });
        }
        if target.value.is_none() {
            self.tombstones.push(Tombstone { at: target.place.at.clone(), ver });
        }
        let ask = match standing.ver {
            None => Ask::Of(Sql::Insert, row(write.op, &target.place, ver, target.value)),
            Some(_) => {
                let at = &target.place.at;
                let op = Value::from(&write.op.0[..]);
                Ask::Of(
                    Sql::Update,
                    vec![at.p[..].into(), at.s[..].into(), Value::Int(ver), op, Value::from(target.value)],
                )
            }
        };
        self.push(ask, Written { key: Some(at), rows: Some(1) });
    }

    /// A row that may have a new value since. The statement waits for the row's lock, and is judged on what its holder
    /// leaves: at READ COMMITTED its condition is evaluated again on the row's newest version.
    fn rewrite(&mut self, place: &Place, expected: Bytes, value: Option<Bytes>) {
        let values = vec![place.at.p[..].into(), place.at.s[..].into(), Value::Bytes(expected), Value::from(value)];
        self.push(Ask::Of(Sql::Rewrite, values), Written::default());
    }

    /// A row that is a function of locked ones: no other write can touch it now.
    fn blind(&mut self, op: OpId, target: Target<'_>, ver: i64) {
        let ask = match target.value {
            Some(value) => Ask::Of(Sql::Upsert, row(op, &target.place, ver, Some(value))),
            None => Ask::Of(Sql::Delete, vec![target.place.at.p[..].into(), target.place.at.s[..].into()]),
        };
        self.push(ask, Written::default());
    }
}

fn row(op: OpId, place: &Place, ver: i64, value: Option<Bytes>) -> Vec<Value> {
    vec![
        place.at.p[..].into(),
        place.at.s[..].into(),
        Value::from(place.k.clone()),
        Value::Int(ver),
        Value::from(&op.0[..]),
        Value::from(value),
    ]
}

/// A row that says of an absent key that it is absent.
pub(crate) fn tombstone(op: OpId, place: &Place, ver: i64) -> Ask {
    Ask::Of(Sql::Insert, row(op, place, ver, None))
}

/// Every row that the flight touches, once, in the order of places: the batch's last write of each, and the keys that
/// were absent and are not written, which must stay absent until the commit.
fn targets<'a>(write: &Write<'a>, standing: &[Standing], batch: &'a Batch) -> impl Iterator<Item = Target<'a>> {
    let keys: HashMap<&Key, usize> = write.keys.iter().enumerate().map(|(at, key_use)| (&key_use.key, at)).collect();
    let mut targets: BTreeMap<Place, Target<'a>> = BTreeMap::new();
    for (key_use, (standing, place)) in write.keys.iter().zip(standing.iter().zip(&write.places)) {
        if standing.is_absent() {
            let target = Target {
                place: place.clone(),
                key: &key_use.key,
                at: keys.get(&key_use.key).copied(),
                value: None,
                expected: None,
            };
            targets.insert(place.clone(), target);
        }
    }
    for (key, value) in &batch.writes {
        let at = keys.get(key).copied();
        let place = at.map_or_else(|| Place::of(key), |at| write.places[at].clone());
        let target = Target { place: place.clone(), key, at, value: value.clone(), expected: None };
        targets.insert(place, target);
    }
    for Rewrite { key, expected, value } in &batch.rewrites {
        let (place, value, expected) = (Place::of(key), Some(value.clone()), Some(expected.clone()));
        // A row that was read as absent gets its tombstone, and has nothing to rewrite.
        targets.entry(place.clone()).or_insert(Target { place, key, at: None, value, expected });
    }
    targets.into_values()
}
