//! The row of a key that a write has locked.

use bytes::Bytes;
use storage::{OpId, StorageError, TxError};
use tokio_postgres::Row;

use super::{Doubt, Setback};
use crate::connection::{Ask, Reply, Sql, Value};
use crate::place::Place;

#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Standing {
    /// Of the row, which may be a tombstone; none if there is no row.
    pub(crate) ver: Option<i64>,
    op: Option<Vec<u8>>,
    pub(crate) value: Option<Bytes>,
}

/// What the witness proves about a lost flight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Happened,
    /// It did not happen, and cannot any more.
    Never,
    /// It has not happened so far.
    NotYet,
    Overwritten,
}

/// Reads a row and prevents other writes of it; one that is only read may be read by others as well.
pub(crate) fn lock(place: &Place, write: bool) -> Ask {
    Ask::Of(if write { Sql::Lock } else { Sql::Share }, at(place))
}

pub(crate) fn look(place: &Place) -> Ask {
    Ask::Of(Sql::Get, at(place))
}

fn at(place: &Place) -> Vec<Value> {
    vec![place.at.p[..].into(), place.at.s[..].into()]
}

impl Standing {
    pub(crate) fn read(place: &Place, reply: &Reply) -> Result<Standing, Setback> {
        let Some(row) = reply.rows.first() else { return Ok(Standing::default()) };
        let damaged = |text: String| Setback::Final(TxError::from(StorageError::Corrupt(text)));
        let standing = columns(row).map_err(|error| damaged(error.to_string()))?;
        let k: Option<&[u8]> = row.try_get(0).map_err(|error| damaged(error.to_string()))?;
        if k != place.k.as_deref() {
            return Err(damaged("two long keys have one hash".to_owned()));
        }
        Ok(standing)
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.ver.is_none()
    }

    /// Of a row that is locked now, unless it is absent.
    pub(crate) fn verdict(&self, op: OpId, doubt: Doubt) -> Verdict {
        if self.op.as_deref() == Some(&op.0) {
            // Of one write, only the flight in doubt and what shuts it out can ever be found.
            return if self.ver == Some(doubt.written) { Verdict::Happened } else { Verdict::Never };
        }
        match self.ver == doubt.read {
            true if self.is_absent() => Verdict::NotYet,
            true => Verdict::Never,
            false => Verdict::Overwritten,
        }
    }
}

fn columns(row: &Row) -> Result<Standing, tokio_postgres::Error> {
    let value: Option<&[u8]> = row.try_get(1)?;
    Ok(Standing { value: value.map(Bytes::copy_from_slice), ver: Some(row.try_get(2)?), op: row.try_get(3)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_from_a_witness() {
        let ours = OpId([1; 16]);
        let row = |ver: i64, op: u8| Standing { ver: Some(ver), op: Some(vec![op; 16]), value: None };
        let of_present = Doubt { key: 0, read: Some(5), written: 9 };
        let of_absent = Doubt { key: 0, read: None, written: 9 };
        for (standing, doubt, verdict) in [
            (row(9, 1), of_present, Verdict::Happened),
            (row(5, 7), of_present, Verdict::Never),
            (row(9, 7), of_present, Verdict::Overwritten),
            (row(12, 7), of_present, Verdict::Overwritten),
            (Standing::default(), of_present, Verdict::Overwritten),
            (row(9, 1), of_absent, Verdict::Happened),
            (row(11, 1), of_absent, Verdict::Never),
            (Standing::default(), of_absent, Verdict::NotYet),
            (row(9, 7), of_absent, Verdict::Overwritten),
        ] {
            assert_eq!(standing.verdict(ours, doubt), verdict, "{standing:?} {doubt:?}");
        }
    }
}
