//! Weighted Space-Saving: the heaviest keys of a stream, in the space of a fixed number of counters.
//!
//! A key without a counter takes over that of the lightest one, and its count: a count is too great by at most the error beside it.
//! With k counters and the weight N in all, the error is at most N / k, and every key that weighs more than N / k has a counter.
//! What a key without a counter weighs at most is the `floor`: the greatest count that was taken over. Summaries of two streams
//! are merged by adding their counts; a key that one of them does not have may weigh its floor there.
//! Source: Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements in data streams" (2005).

use std::collections::HashMap;
use std::sync::Arc;

/// The memory of a counter beside its key: itself, its places in the heap and in the index. Unit: bytes.
const COUNTER_BYTES: usize = 96;

/// The heaviest keys of a stream.
#[derive(Clone, Debug)]
pub struct Summary {
    counters_max: usize,
    total: f64,
    /// What a key without a counter weighs at most.
    floor: f64,
    counters: Vec<Counter>,
    /// The counters by their counts: each is not above the two below it. The first one is the lightest.
    heap: Vec<u32>,
    index: HashMap<Arc<[u8]>, u32>,
    bytes: usize,
}

/// A key and its weight: at most `count`, at least `count - error`.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    pub key: Arc<[u8]>,
    pub count: f64,
    pub error: f64,
    /// In the heap.
    place: u32,
}

impl Summary {
    pub fn new(counters_max: usize) -> Summary {
        let counters_max = counters_max.clamp(1, u32::MAX as usize);
        let (counters, heap, index) = (Vec::new(), Vec::new(), HashMap::new());
        Summary { counters_max, total: 0.0, floor: 0.0, counters, heap, index, bytes: 0 }
    }

    pub(crate) fn total(&self) -> f64 {
        self.total
    }

    pub(crate) fn floor(&self) -> f64 {
        self.floor
    }

    /// The memory of its counters.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.counters.len()
    }

    pub(crate) fn counters(&self) -> &[Counter] {
        &self.counters
    }

    /// Adds a weight; true if the key had no counter. Without room for one more counter, the lightest one is taken over.
    pub fn add(&mut self, key: &[u8], weight: f64, has_room: bool) -> bool {
        if weight.is_nan() || weight <= 0.0 {
            return false;
        }
        self.total += weight;
        if let Some(id) = self.index.get(key).copied() {
            let counter = &mut self.counters[id as usize];
            counter.count += weight;
            let place = counter.place as usize;
            self.sift_down(place);
            return false;
        }
        if has_room && self.counters.len() < self.counters_max {
            self.insert(Arc::from(key), self.floor + weight, self.floor);
            return true;
        }
        let Some(lightest) = self.heap.first().copied() else {
            self.floor += weight;
            return true;
        };
        let bytes_max = self.bytes;
        let counter = &mut self.counters[lightest as usize];
        self.floor = self.floor.max(counter.count);
        let key: Arc<[u8]> = Arc::from(key);
        let old = std::mem::replace(&mut counter.key, Arc::clone(&key));
        (counter.count, counter.error) = (self.floor + weight, self.floor);
        self.bytes = self.bytes + key.len() - old.len();
        self.index.remove(&old);
        self.index.insert(key, lightest);
        self.sift_down(0);
        // A longer key takes over several counters.
        while !has_room && self.bytes > bytes_max && self.counters.len() > 1 {
            self.drop_lightest();
        }
        true
    }

    fn drop_lightest(&mut self) {
        let Some(last) = self.heap.len().checked_sub(1) else { return };
        self.swap(0, last);
        let Some(id) = self.heap.pop() else { return };
        self.sift_down(0);
        let dropped = self.counters.swap_remove(id as usize);
        self.floor = self.floor.max(dropped.count);
        self.index.remove(&dropped.key);
        self.bytes -= dropped.key.len() + COUNTER_BYTES;
        // The last counter has the id of the dropped one now.
        if let Some(moved) = self.counters.get(id as usize) {
            self.heap[moved.place as usize] = id;
            self.index.insert(Arc::clone(&moved.key), id);
        }
    }

    /// Adds what another summary has counted, each weight times `scale`.
    pub(crate) fn merge(&mut self, other: &Summary, scale: f64) {
        let mut all: Vec<(Arc<[u8]>, f64, f64)> = Vec::with_capacity(self.len() + other.len());
        let other_floor = other.floor * scale;
        for own in &self.counters {
            let (count, error) = match other.index.get(&own.key).map(|id| &other.counters[*id as usize]) {
                Some(their) => (their.count * scale, their.error * scale),
                None => (other_floor, other_floor),
            };
            all.push((Arc::clone(&own.key), own.count + count, own.error + error));
        }
        for their in other.counters.iter().filter(|their| !self.index.contains_key(&their.key)) {
            all.push((Arc::clone(&their.key), their.count * scale + self.floor, their.error * scale + self.floor));
        }
        let (total, floor) = (self.total + other.total * scale, self.floor + other_floor);
        *self = Summary::of(self.counters_max, total, floor, all);
    }

    /// With as many of the heaviest keys as there may be, and as fit into so many bytes; at least the heaviest one.
    pub(crate) fn heaviest(&self, counters_max: usize, key_bytes_max: usize) -> Summary {
        let mut bytes = 0;
        let mut all = self.sorted();
        let fits = all.iter().take(counters_max).enumerate().take_while(|(place, counter)| {
            bytes += counter.key.len();
            *place == 0 || bytes <= key_bytes_max
        });
        let count = fits.count();
        let floor = all.get(count).map_or(self.floor, |dropped| self.floor.max(dropped.count));
        all.truncate(count);
        let all = all.into_iter().map(|counter| (Arc::clone(&counter.key), counter.count, counter.error)).collect();
        Summary::of(self.counters_max, self.total, floor, all)
    }

    /// The heaviest ones first.
    pub(crate) fn sorted(&self) -> Vec<&Counter> {
        let mut all: Vec<&Counter> = self.counters.iter().collect();
        all.sort_unstable_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
        all
    }

    /// Of keys with their counts and errors, each key once. The lightest of too many are left out.
    pub(crate) fn of(counters_max: usize, total: f64, floor: f64, mut all: Vec<(Arc<[u8]>, f64, f64)>) -> Summary {
        all.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let dropped = all.get(counters_max).map_or(0.0, |(_, count, _)| *count);
        all.truncate(counters_max);
        let mut summary = Summary { total, floor: floor.max(dropped), ..Summary::new(counters_max) };
        // The lightest ones first: each stays where it is put.
        all.into_iter().rev().for_each(|(key, count, error)| summary.insert(key, count, error));
        summary
    }

    fn insert(&mut self, key: Arc<[u8]>, count: f64, error: f64) {
        let (id, place) = (self.counters.len() as u32, self.heap.len() as u32);
        self.bytes += key.len() + COUNTER_BYTES;
        self.index.insert(Arc::clone(&key), id);
        self.counters.push(Counter { key, count, error, place });
        self.heap.push(id);
        self.sift_up(place as usize);
    }

    fn count_at(&self, place: usize) -> f64 {
        self.counters[self.heap[place] as usize].count
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        for place in [a, b] {
            self.counters[self.heap[place] as usize].place = place as u32;
        }
    }

    fn sift_up(&mut self, mut place: usize) {
        while place > 0 && self.count_at(place) < self.count_at((place - 1) / 2) {
            self.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
    }

    fn sift_down(&mut self, mut place: usize) {
        loop {
            let children = (2 * place + 1..=2 * place + 2).filter(|child| *child < self.heap.len());
            let lighter = children.min_by(|a, b| self.count_at(*a).total_cmp(&self.count_at(*b)));
            match lighter.filter(|child| self.count_at(*child) < self.count_at(place)) {
                Some(child) => {
                    self.swap(place, child);
                    place = child;
                }
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests;
