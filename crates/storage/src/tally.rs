//! The bytes of a tally row: [`TALLY_WIDTH`] big-endian i64, one after the other.

use bytes::Bytes;

use crate::batch::TALLY_WIDTH;

const COUNTER_SIZE: usize = size_of::<i64>();

pub type Counters = [i64; TALLY_WIDTH];

/// The row for these counters; none if all are zero, so that counters of what was deleted leave nothing behind.
pub fn encode(counters: &Counters) -> Option<Bytes> {
    if *counters == [0; TALLY_WIDTH] {
        return None;
    }
    let row: Vec<u8> = counters.iter().flat_map(|counter| counter.to_be_bytes()).collect();
    Some(Bytes::from(row))
}

/// The counters of a row, all zero where there is none. `None` if it is not a tally row.
pub fn decode(row: Option<&Bytes>) -> Option<Counters> {
    let mut counters = [0; TALLY_WIDTH];
    let Some(row) = row else {
        return Some(counters);
    };
    let (chunks, rest) = row.as_chunks::<COUNTER_SIZE>();
    if chunks.len() != TALLY_WIDTH || !rest.is_empty() {
        return None;
    }
    for (counter, chunk) in counters.iter_mut().zip(chunks) {
        *counter = i64::from_be_bytes(*chunk);
    }
    Some(counters)
}

pub fn add(counters: &mut Counters, deltas: &Counters) {
    for (counter, delta) in counters.iter_mut().zip(deltas) {
        *counter = counter.saturating_add(*delta);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_counters_or_none(row in proptest::collection::vec(any::<u8>(), 0..40)) {
            let row = Bytes::from(row);
            match decode(Some(&row)) {
                Some(counters) if counters != [0; TALLY_WIDTH] => prop_assert_eq!(encode(&counters), Some(row)),
                Some(_) => prop_assert!(row.iter().all(|byte| *byte == 0)),
                None => prop_assert!(row.len() != COUNTER_SIZE * TALLY_WIDTH),
            }
        }
    }

    #[test]
    fn rows_keep_their_counters() {
        for counters in [[1, -1], [0, i64::MAX], [i64::MIN, 0]] {
            assert_eq!(decode(encode(&counters).as_ref()), Some(counters));
        }
        assert_eq!(encode(&[0, 0]), None);
        assert_eq!(decode(None), Some([0, 0]));
        assert_eq!(decode(Some(&Bytes::from_static(&[0; 15]))), None);
    }
}
