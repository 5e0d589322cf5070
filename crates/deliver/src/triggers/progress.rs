//! How far a shard is done, while its records are under way in several lanes.

use std::collections::BTreeMap;

/// Records under way, each with the cursor that reads it again, and when it was made. `C` is a cursor.
#[derive(Debug)]
pub(crate) struct Progress<C> {
    open: BTreeMap<u64, (C, u64)>,
    next_place: u64,
    /// Behind all that was read.
    end: C,
}

impl<C: Copy + PartialEq> Progress<C> {
    pub(crate) fn new(end: C) -> Progress<C> {
        Progress { open: BTreeMap::new(), next_place: 1, end }
    }

    /// Everything before the cursor was read.
    pub(crate) fn read_to(&mut self, end: C) {
        self.end = end;
    }

    pub(crate) fn end(&self) -> C {
        self.end
    }

    /// The place of a record that is under way from now on.
    pub(crate) fn open(&mut self, at: C, created_ms: u64) -> u64 {
        let place = self.next_place;
        self.next_place += 1;
        self.open.insert(place, (at, created_ms));
        place
    }

    pub(crate) fn close(&mut self, places: &[u64]) {
        for place in places {
            self.open.remove(place);
        }
    }

    /// When the oldest record under way was made.
    pub(crate) fn oldest_ms(&self) -> Option<u64> {
        self.open.first_key_value().map(|(_, (_, created_ms))| *created_ms)
    }

    /// Everything before it is done.
    pub(crate) fn checkpoint(&self) -> C {
        self.open.first_key_value().map_or(self.end, |(_, (at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkpoint_is_the_oldest_record_under_way() {
        let mut progress = Progress::new(10);
        assert_eq!(progress.checkpoint(), 10);
        let places: Vec<u64> = [10, 11, 13].into_iter().map(|at| progress.open(at, at as u64 * 10)).collect();
        progress.read_to(15);
        assert_eq!(progress.oldest_ms(), Some(100));
        let mut check = |closed: &[u64], expected: i32| {
            progress.close(closed);
            assert_eq!(progress.checkpoint(), expected);
        };
        check(&[], 10);
        check(&places[1..2], 10);
        check(&places[..1], 13);
        check(&places[..2], 13);
        check(&places[2..], 15);
        assert_eq!((progress.end(), progress.oldest_ms()), (15, None));
    }
}
