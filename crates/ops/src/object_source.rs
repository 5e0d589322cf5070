//! The objects that an import or a bulk operation reads: those below a prefix, in the byte order of their keys, and the records of each in
//! their order, from a position on.
//!
//! The position is stored by the transfer's steps, with what they did. What is behind it is read again after a crash: an object without
//! compression and in DynamoDB JSON from there on, any other one from its beginning, whose records up to the position are skipped.
//!
//! In memory is one piece of an object, and one window of its decompressor.

use exchange::read::{Compression, InputFormat, Next, ObjectReader, Record};
use objects::{Bucket, ObjectError, ObjectInfo, Objects};
use serde::{Deserialize, Serialize};

use crate::object_tries::ObjectTries;
use crate::transfers::Failure;

/// Where a transfer's objects are, and how they are read.
pub(crate) struct ObjectSource {
    pub bucket: Bucket,
    /// What the keys of all of them begin with.
    pub prefix: String,
    pub format: InputFormat,
    pub compression: Compression,
    /// Whether records have conditions.
    pub has_conditions: bool,
    /// What the keys of objects that are not read begin with.
    pub excluded: Option<String>,
}

/// The object that is being read, or the last one that was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Position {
    pub key: String,
    /// The object store's, of the object that was begun: another one is not continued.
    pub version: String,
    /// Behind the last record that is counted. Unit: bytes, uncompressed.
    pub offset: u64,
    /// Records of the object that are counted.
    pub records: u64,
    /// Whether nothing is left of the object.
    pub is_done: bool,
    /// What was read of it. Unit: bytes, as they are stored.
    #[serde(default)]
    pub stored: u64,
    /// What was read of the objects before it. Unit: bytes, as they are stored.
    #[serde(default)]
    pub stored_before: u64,
}

/// What is done with the records.
pub(crate) trait RecordSink: Send {
    /// Why reading ends early.
    type Stop: From<Failure> + Send;

    /// The position behind what was read, which the source moves.
    fn position(&mut self) -> &mut Option<Position>;

    /// Called before each piece of an object and between portions of one in which no record has ended: other work may go first.
    fn pause(&mut self) -> impl Future<Output = Result<(), Self::Stop>> + Send;

    /// Counts uncompressed bytes that were read.
    fn pass(&mut self, size: u64);

    /// Takes a record; the position is behind it.
    fn take(&mut self, record: Record) -> impl Future<Output = Result<(), Self::Stop>> + Send;

    /// Takes the rest of an object, which cannot be read, as one bad record of this index; the position is behind the object.
    fn refuse(&mut self, index: u64, why: &str) -> impl Future<Output = Result<(), Self::Stop>> + Send;
}

/// Why an object is not read to its end.
enum Unread<S> {
    Stop(S),
    Store(ObjectError),
}

impl<S> From<ObjectError> for Unread<S> {
    fn from(error: ObjectError) -> Unread<S> {
        Unread::Store(error)
    }
}

impl ObjectSource {
    /// Reads all objects behind the sink's position.
    ///
    /// # Errors
    /// The sink's, or the failure of the object store.
    pub(crate) async fn read<S: RecordSink>(&self, objects: &Objects, sink: &mut S) -> Result<(), S::Stop> {
        let begun = sink.position().clone().filter(|position| !position.is_done);
        if let Some(position) = begun {
            self.read_object(objects, sink, &position.key).await?;
        }
        loop {
            let after = sink.position().as_ref().map(|position| position.key.clone());
            let page = self.list(objects, after.as_deref()).await?;
            let Some(last) = page.last().map(|object| object.key.clone()) else { return Ok(()) };
            for object in page {
                if !self.is_excluded(&object.key) {
                    self.read_object(objects, sink, &object.key).await?;
                }
            }
            if self.is_excluded(&last) {
                // It ends here as well, or it would be listed again.
                begin(sink, &last).is_done = true;
            }
        }
    }

    /// The size of all objects. Unit: bytes, as they are stored.
    ///
    /// # Errors
    /// The failure of the object store.
    pub(crate) async fn size(&self, objects: &Objects) -> Result<u64, Failure> {
        let (mut size, mut after) = (0_u64, None);
        loop {
            let page = self.list(objects, after.as_deref()).await?;
            let Some(last) = page.last() else { return Ok(size) };
            after = Some(last.key.clone());
            let read = page.iter().filter(|object| !self.is_excluded(&object.key));
            size = read.fold(size, |size, object| size.saturating_add(object.size));
        }
    }

    fn is_excluded(&self, key: &str) -> bool {
        self.excluded.as_deref().is_some_and(|excluded| key.starts_with(excluded))
    }

    async fn list(&self, objects: &Objects, after: Option<&str>) -> Result<Vec<ObjectInfo>, Failure> {
        let mut tries = ObjectTries::default();
        loop {
            match objects.list(&self.bucket, &self.prefix, after).await {
                Ok(objects) => return Ok(objects),
                Err(error) => tries.wait(&error).await?,
            }
        }
    }

    /// Reads an object to its end, from where its position is.
    async fn read_object<S: RecordSink>(&self, objects: &Objects, sink: &mut S, key: &str) -> Result<(), S::Stop> {
        let (mut tries, mut records) = (ObjectTries::default(), 0);
        loop {
            match self.read_some(objects, sink, key).await {
                Ok(()) => return Ok(()),
                Err(Unread::Stop(stop)) => return Err(stop),
                // It was deleted since it was listed.
                Err(Unread::Store(error @ ObjectError::NoSuchKey(_))) => {
                    return refuse(sink, &error.to_string()).await;
                }
                Err(Unread::Store(error)) => {
                    let passed = begin(sink, key).records;
                    if passed > records {
                        (tries, records) = (ObjectTries::default(), passed);
                    }
                    tries.wait(&error).await?;
                }
            }
        }
    }

    /// Reads an object once: to its end, or until the store fails.
    async fn read_some<S: RecordSink>(
        &self,
        objects: &Objects,
        sink: &mut S,
        key: &str,
    ) -> Result<(), Unread<S::Stop>> {
        let position = begin(sink, key).clone();
        let place = match self.bucket.place(key) {
            Ok(place) => place,
            Err(refused) => return refuse(sink, &refused.to_string()).await.map_err(Unread::Stop),
        };
        let starts_within = ObjectReader::can_start_within(&self.format, self.compression);
        let start = if starts_within { position.offset } else { 0 };
        let mut source = objects.reader(&place, start).await?;
        if position.version.is_empty() {
            begin(sink, key).version = source.version().to_owned();
        } else if position.version != source.version() {
            return refuse(sink, "the object was replaced while it was read").await.map_err(Unread::Stop);
        }
        let mut reader = ObjectReader::new(self.format.clone(), self.compression);
        if self.has_conditions {
            reader = reader.with_conditions();
        }
        if starts_within {
            reader.start_within(position.offset, position.records);
        }
        let mut stored = start;
        loop {
            match reader.next_record() {
                Next::Starved => {
                    sink.pause().await.map_err(Unread::Stop)?;
                    match source.next().await? {
                        Some(bytes) => {
                            stored += bytes.len() as u64;
                            reader.push(bytes);
                        }
                        None => reader.push_end(),
                    }
                }
                Next::Busy => {
                    tokio::task::yield_now().await;
                    sink.pause().await.map_err(Unread::Stop)?;
                }
                Next::Record(record) if record.index < position.records => {}
                Next::Record(record) => {
                    let passed = begin(sink, key);
                    passed.records = record.index + 1;
                    passed.stored = passed.stored.max(if starts_within { reader.offset() } else { stored });
                    pass(sink, reader.offset());
                    sink.take(record).await.map_err(Unread::Stop)?;
                }
                Next::Failed(why) => {
                    pass(sink, reader.offset());
                    begin(sink, key).stored = source.size();
                    let why = format!("{why}; the rest of the object is not read");
                    return refuse(sink, &why).await.map_err(Unread::Stop);
                }
                Next::End => {
                    pass(sink, reader.offset());
                    let passed = begin(sink, key);
                    (passed.stored, passed.is_done) = (source.size(), true);
                    return Ok(());
                }
            }
        }
    }
}

/// The position in an object: at its beginning, if another one was read before.
fn begin<'a, S: RecordSink>(sink: &'a mut S, key: &str) -> &'a mut Position {
    let position = sink.position();
    let before = position.as_ref().filter(|position| position.key != key).map(Position::stored_in_all);
    if before.is_some() {
        *position = None;
    }
    position.get_or_insert_with(|| Position {
        key: key.to_owned(),
        version: String::new(),
        offset: 0,
        records: 0,
        is_done: false,
        stored: 0,
        stored_before: before.unwrap_or_default(),
    })
}

/// Moves the position to an offset.
fn pass<S: RecordSink>(sink: &mut S, offset: u64) {
    let Some(position) = sink.position() else { return };
    let size = offset.saturating_sub(position.offset);
    position.offset = position.offset.max(offset);
    sink.pass(size);
}

/// Ends the object that is being read, the rest of which is one bad record.
async fn refuse<S: RecordSink>(sink: &mut S, why: &str) -> Result<(), S::Stop> {
    let Some(position) = sink.position() else { return Ok(()) };
    let index = position.records;
    (position.records, position.is_done) = (index + 1, true);
    sink.refuse(index, why).await
}

impl Position {
    /// What was read of all objects so far. Unit: bytes, as they are stored.
    pub(crate) fn stored_in_all(&self) -> u64 {
        self.stored_before.saturating_add(self.stored)
    }
}
