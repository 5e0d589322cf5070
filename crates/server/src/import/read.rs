//! Records of a file, in requests for the writers.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use client::Failure;
use exchange::read::{Compression, CsvOptions, InputFormat, Next, ObjectReader};
use model::Attributes;
use tokio::sync::mpsc::Sender;

use super::outcome::Outcome;
use super::write::{Batch, Entry};
use crate::remote::{ItemFormat, TableKeys};

const STDIN: &str = "-";
/// Read at once. Unit: bytes.
const PIECE_SIZE: usize = 256 * 1024;
/// A line of the largest item that one request can have. Unit: bytes.
const LINE_SIZE_MAX: usize = 16 * 1024 * 1024;
/// The magic numbers of Zstandard frames; of those to be skipped, without their last four bits.
const ZSTD: u32 = 0xFD2F_B528;
const ZSTD_SKIPPED: u32 = 0x184D_2A50;
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// A file, or stdin.
pub(super) struct Source {
    bytes: Box<dyn Read + Send>,
    name: String,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Source, Failure> {
        if path == Path::new(STDIN) {
            return Ok(Source { bytes: Box::new(io::stdin()), name: "stdin".to_owned() });
        }
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Failure::new(format!("cannot read {name}: {error}")))?;
        Ok(Source { bytes: Box::new(file), name })
    }

    /// The next bytes; none at the end. All of a piece, unless it is the last one.
    fn piece(&mut self) -> Result<Vec<u8>, Failure> {
        let mut piece = Vec::with_capacity(PIECE_SIZE);
        let read = self.bytes.by_ref().take(PIECE_SIZE as u64).read_to_end(&mut piece);
        read.map_err(|error| Failure::new(format!("cannot read {}: {error}", self.name)))?;
        Ok(piece)
    }
}

pub(super) fn input_format(format: ItemFormat, columns: &[String], keys: &TableKeys) -> InputFormat {
    match format {
        ItemFormat::Json => InputFormat::Plain(keys.types.clone()),
        ItemFormat::DynamodbJson => InputFormat::DynamoDbJson,
        ItemFormat::Ion => InputFormat::Ion,
        ItemFormat::Csv => InputFormat::Csv(CsvOptions {
            delimiter: b',',
            header: (!columns.is_empty()).then(|| columns.to_vec()),
            key_types: keys.types.clone(),
        }),
    }
}

fn compression(start: &[u8]) -> Compression {
    let magic = start.first_chunk().map(|magic| u32::from_le_bytes(*magic));
    match magic {
        _ if start.starts_with(&GZIP) => Compression::Gzip,
        Some(magic) if magic == ZSTD || magic & !0xF == ZSTD_SKIPPED => Compression::Zstd,
        _ => Compression::None,
    }
}

pub(super) struct Reader {
    source: Source,
    format: InputFormat,
    keys: Arc<TableKeys>,
    /// A batch in the making for each writer.
    writers: Vec<(Sender<Batch>, Batch)>,
    outcome: Arc<Outcome>,
}

/// A writer has ended: it says why.
struct WriterGone;

impl Reader {
    pub(super) fn new(
        source: Source,
        format: InputFormat,
        keys: Arc<TableKeys>,
        writers: Vec<Sender<Batch>>,
        outcome: Arc<Outcome>,
    ) -> Reader {
        let writers = writers.into_iter().map(|sender| (sender, Batch::default())).collect();
        Reader { source, format, keys, writers, outcome }
    }

    pub(super) fn run(mut self) -> Result<(), Failure> {
        let first = self.source.piece()?;
        let reader = ObjectReader::new(self.format.clone(), compression(&first));
        let mut reader = reader.tolerant(LINE_SIZE_MAX);
        let mut piece = first;
        loop {
            match reader.next_record() {
                Next::Record(record) => match record.item {
                    Ok(item) => {
                        self.outcome.set_read(true);
                        if self.add(reader.line(), &item).is_err() {
                            return Ok(());
                        }
                    }
                    Err(why) => {
                        self.outcome.set_read(false);
                        self.outcome.add_bad(reader.line(), &why);
                    }
                },
                Next::Busy => {}
                Next::Starved if piece.is_empty() => reader.push_end(),
                Next::Starved => {
                    reader.push(Bytes::from(piece));
                    piece = self.source.piece()?;
                }
                Next::Failed(why) => {
                    self.outcome.add_bad(reader.line(), &format!("{why}; the rest is not read"));
                }
                Next::End => break,
            }
        }
        for (sender, batch) in self.writers {
            if !batch.is_empty() && sender.blocking_send(batch).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn add(&mut self, line: u64, item: &Attributes) -> Result<(), WriterGone> {
        let entry = Entry::new(line, item, &self.keys.names);
        if !entry.fits_request() {
            self.outcome.add_bad(line, "the item is larger than a request may be");
            return Ok(());
        }
        let mut hasher = DefaultHasher::new();
        entry.key.hash(&mut hasher);
        let at = (hasher.finish() % self.writers.len() as u64) as usize;
        let (sender, batch) = &mut self.writers[at];
        if !batch.has_room_for(&entry) {
            sender.blocking_send(std::mem::take(batch)).map_err(|_| WriterGone)?;
        }
        batch.push(entry);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressions() {
        let check = |start: &[u8], expected: Compression| assert_eq!(compression(start), expected, "{start:?}");
        check(&[], Compression::None);
        check(b"{\"Item\":", Compression::None);
        check(&[0x1F], Compression::None);
        check(&[0x1F, 0x8B], Compression::Gzip);
        check(&[0x28, 0xB5, 0x2F, 0xFD, 0], Compression::Zstd);
        check(&[0x5A, 0x2A, 0x4D, 0x18, 0], Compression::Zstd);
    }
}
