//! Which shards of a stream are read, and from where: a child waits until its parents are finished, so that each item's
//! changes come in order. Pure: it learns what a stream was described as, and what became of each shard.

use serde_json::{Value, json};

/// Where the reading of a stream begins. Unit of times: milliseconds since the start of 1970.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Start {
    Oldest,
    Since(u64),
    /// What comes next, and when that was.
    Now(u64),
}

/// The position in a shard from which it is read on.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Place {
    Oldest,
    Since(u64),
    Latest(u64),
    After(String),
}

impl Place {
    /// The members of GetShardIterator that ask for it.
    pub(super) fn asked(&self) -> Value {
        match self {
            Place::Oldest => json!({ "ShardIteratorType": "TRIM_HORIZON" }),
            Place::Latest(_) => json!({ "ShardIteratorType": "LATEST" }),
            Place::After(sequence) => {
                json!({ "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": sequence })
            }
            // Timestamps are seconds with a fraction.
            Place::Since(ms) => json!({ "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": *ms as f64 / 1_000.0 }),
        }
    }

    /// Where to go on if an iterator of this place is lost before anything was read: the latest is another one by then.
    fn kept(self) -> Place {
        match self {
            Place::Latest(ms) => Place::Since(ms),
            place => place,
        }
    }
}

/// A shard as DescribeStream describes it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Described {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) is_closed: bool,
}

#[derive(Debug)]
pub(super) struct Shard {
    pub(super) id: String,
    parent: Option<String>,
    pub(super) place: Place,
    pub(super) iterator: Option<String>,
    /// All of it has been read, or none of it is wanted.
    is_finished: bool,
    /// Pages without a record, one after the other.
    pub(super) empty_pages: u32,
    /// The last request for it was refused.
    pub(super) is_refused: bool,
}

impl Shard {
    /// An iterator has come.
    pub(super) fn opened(&mut self, iterator: String) {
        self.iterator = Some(iterator);
        self.place = std::mem::replace(&mut self.place, Place::Oldest).kept();
    }

    /// A page has come; `last` is the sequence number of its last record.
    pub(super) fn turned(&mut self, last: Option<String>, next: Option<String>) {
        self.empty_pages = if last.is_some() { 0 } else { self.empty_pages.saturating_add(1) };
        self.is_refused = false;
        if let Some(last) = last {
            self.place = Place::After(last);
        }
        self.is_finished = next.is_none();
        self.iterator = next;
    }

    /// Its iterator does not serve any more.
    pub(super) fn lost(&mut self) {
        self.iterator = None;
    }

    /// Records after its position are trimmed.
    pub(super) fn trimmed(&mut self) {
        self.iterator = None;
        self.place = Place::Oldest;
    }
}

#[derive(Debug)]
pub(super) struct Shards {
    /// Of the shards that the first description names.
    start: Option<Start>,
    shards: Vec<Shard>,
}

impl Shards {
    pub(super) fn new(start: Start) -> Shards {
        Shards { start: Some(start), shards: Vec::new() }
    }

    /// Takes a whole description in, the oldest shard first. Returns which unfinished shards have disappeared.
    pub(super) fn learn(&mut self, described: &[Described]) -> Vec<String> {
        let start = self.start.take();
        for shard in described {
            if !self.shards.iter().any(|known| known.id == shard.id) {
                let place = first_place(start, shard, described);
                self.shards.push(Shard {
                    id: shard.id.clone(),
                    parent: shard.parent.clone(),
                    is_finished: place.is_none(),
                    place: place.unwrap_or(Place::Oldest),
                    iterator: None,
                    empty_pages: 0,
                    is_refused: false,
                });
            }
        }
        let is_gone = |shard: &Shard| !described.iter().any(|described| described.id == shard.id);
        let lost = self.shards.iter().filter(|shard| is_gone(shard) && !shard.is_finished);
        let lost = lost.map(|shard| shard.id.clone()).collect();
        self.shards.retain(|shard| !is_gone(shard));
        lost
    }

    /// The ids of the shards that may be read now. A parent that is not in the list any more has been read, or trimmed.
    pub(super) fn readable(&self) -> Vec<String> {
        let is_ready = |shard: &&Shard| !shard.is_finished && !self.waits(shard);
        self.shards.iter().filter(is_ready).map(|shard| shard.id.clone()).collect()
    }

    fn waits(&self, shard: &Shard) -> bool {
        self.shards.iter().any(|other| !other.is_finished && shard.parent.as_ref() == Some(&other.id))
    }

    pub(super) fn get(&mut self, id: &str) -> Option<&mut Shard> {
        self.shards.iter_mut().find(|shard| shard.id == id)
    }

    pub(super) fn are_finished(&self) -> bool {
        self.shards.iter().all(|shard| shard.is_finished)
    }

    /// Whether so many empty pages have come from all that are not finished. While one waits for its parent, more comes.
    pub(super) fn are_read(&self, empty_pages: u32) -> bool {
        self.shards.iter().all(|shard| shard.is_finished || !self.waits(shard) && shard.empty_pages >= empty_pages)
    }
}

/// Nowhere, if all of it was before the start. A shard that came to be after the start is wanted as a whole.
fn first_place(start: Option<Start>, shard: &Described, described: &[Described]) -> Option<Place> {
    let has_open_parent =
        described.iter().any(|other| !other.is_closed && shard.parent.as_deref() == Some(other.id.as_str()));
    match start {
        None | Some(Start::Oldest) => Some(Place::Oldest),
        Some(Start::Since(ms)) => Some(Place::Since(ms)),
        Some(Start::Now(_)) if shard.is_closed => None,
        Some(Start::Now(_)) if has_open_parent => Some(Place::Oldest),
        Some(Start::Now(ms)) => Some(Place::Latest(ms)),
    }
}

#[cfg(test)]
mod tests;
