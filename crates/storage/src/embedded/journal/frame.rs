//! The frames of a fjall 3 journal, as far as they must be known to walk it.
//!
//! A group of writes is a start, its items and an end; numbers are little-endian:
//!
//! | frame | bytes |
//! |---|---|
//! | start | 1 (1) · number of items (4) · sequence number (8) |
//! | item | 2 (1) · kind of value (1) · compression (1) · keyspace (8) · key size (2) · value size (4) · stored size (4) · key · value as stored |
//! | clear | 4 (1) · keyspace (8) |
//! | end | 3 (1) · XXH3 of the items' bytes (8) · `FJL` 3 (4) |
//!
//! A file is made with zeros to its full size, so zeros follow the last group.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

use super::Rest;
use crate::embedded::commit_row::{self, KEY_PREFIX, KEY_SIZE, Mark, VALUE_SIZE};

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
const TRAILER: [u8; 4] = [b'F', b'J', b'L', 3];
/// An item's kind of value, compression and keyspace.
const ITEM_KIND_SIZE: usize = 10;

const BUFFER_BYTES: usize = 256 * 1024;
const ZEROS: [u8; 4096] = [0; 4096];

pub(super) enum Frame {
    Group(Group),
    /// The file's last byte.
    End,
    /// Not a whole group, or not as it was written.
    Unreadable,
}

/// A group that is whole.
pub(super) struct Group {
    /// fjall's sequence number. No checksum covers it.
    pub(super) sequence: u64,
    pub(super) commit: Option<u64>,
}

pub(super) struct FrameReader {
    file: BufReader<File>,
    offset: u64,
    mark: Mark,
}

impl FrameReader {
    pub(super) fn open(path: &Path, mark: Mark) -> io::Result<FrameReader> {
        let file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
        Ok(FrameReader { file, offset: 0, mark })
    }

    /// Where the next frame begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn next(&mut self) -> io::Result<Frame> {
        match self.group() {
            Ok(frame) => Ok(frame),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Frame::Unreadable),
            Err(error) => Err(error),
        }
    }

    fn group(&mut self) -> io::Result<Frame> {
        let mut tag = [0];
        if self.file.read(&mut tag)? == 0 {
            return Ok(Frame::End);
        }
        self.offset += 1;
        if tag != [START] {
            return Ok(Frame::Unreadable);
        }
        let items = u32::from_le_bytes(self.array()?);
        let sequence = u64::from_le_bytes(self.array()?);
        let mut hasher = Xxh3::new();
        let mut commit = None;
        for _ in 0..items {
            let [tag] = self.array()?;
            hasher.update(&[tag]);
            match tag {
                ITEM => commit = self.item(&mut hasher)?.or(commit),
                CLEAR => hasher.update(&self.array::<8>()?),
                _ => return Ok(Frame::Unreadable),
            }
        }
        let [tag] = self.array()?;
        let (checksum, trailer) = (u64::from_le_bytes(self.array()?), self.array()?);
        let whole = tag == END && checksum == hasher.digest() && trailer == TRAILER;
        Ok(if whole { Frame::Group(Group { sequence, commit }) } else { Frame::Unreadable })
    }

    /// The number of the commit, if the item is its row.
    fn item(&mut self, hasher: &mut Xxh3) -> io::Result<Option<u64>> {
        let _kind: [u8; ITEM_KIND_SIZE] = self.hashed(hasher)?;
        let key_size = u16::from_le_bytes(self.hashed(hasher)?);
        let _value_size: [u8; 4] = self.hashed(hasher)?;
        let stored_size = u32::from_le_bytes(self.hashed(hasher)?);
        if (usize::from(key_size), stored_size as usize) == (KEY_SIZE, VALUE_SIZE) {
            let (key, value): ([u8; KEY_SIZE], [u8; VALUE_SIZE]) = (self.hashed(hasher)?, self.hashed(hasher)?);
            return Ok(commit_row::decode(&key, &value, self.mark));
        }
        self.skip(u64::from(key_size) + u64::from(stored_size), hasher)?;
        Ok(None)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        self.offset += N as u64;
        Ok(bytes)
    }

    fn hashed<const N: usize>(&mut self, hasher: &mut Xxh3) -> io::Result<[u8; N]> {
        let bytes = self.array()?;
        hasher.update(&bytes);
        Ok(bytes)
    }

    fn skip(&mut self, size: u64, hasher: &mut Xxh3) -> io::Result<()> {
        let mut left = size;
        while left > 0 {
            let buffer = self.file.fill_buf()?;
            if buffer.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let taken = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            hasher.update(&buffer[..taken]);
            self.file.consume(taken);
            self.offset += taken as u64;
            left -= taken as u64;
        }
        Ok(())
    }

    /// Looks for commit rows from `offset` to the file's end, whatever the frames around them.
    pub(super) fn search(&mut self, offset: u64) -> io::Result<Rest> {
        const ROW_SIZE: usize = KEY_SIZE + VALUE_SIZE;
        self.file.seek(SeekFrom::Start(offset))?;
        let mut rest = Rest { only_zeros: true, commits: None };
        let mut window: Vec<u8> = Vec::new();
        let mut chunk = vec![0; ZEROS.len()];
        loop {
            let size = read_full(&mut self.file, &mut chunk)?;
            if size == 0 {
                return Ok(rest);
            }
            let zeros = chunk[..size] == ZEROS[..size];
            rest.only_zeros &= zeros;
            window.extend_from_slice(&chunk[..size]);
            if !zeros {
                for row in window.windows(ROW_SIZE).filter(|row| row.starts_with(KEY_PREFIX)) {
                    let (key, value) = row.split_at(KEY_SIZE);
                    rest.found(commit_row::decode(key, value, self.mark));
                }
            }
            // A row may lie across two chunks.
            window.drain(..window.len().saturating_sub(ROW_SIZE - 1));
        }
    }
}

impl Rest {
    fn found(&mut self, commit: Option<u64>) {
        if let Some(commit) = commit {
            let (lowest, highest) = self.commits.unwrap_or((commit, commit));
            self.commits = Some((lowest.min(commit), highest.max(commit)));
        }
    }
}

/// Fills `buffer` up to the end of the file.
fn read_full(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            size => filled += size,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_wherever_they_stand() {
        let mark = Mark::random();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("0.jnl");
        let row = [&commit_row::key(7)[..], &commit_row::value(7, mark)].concat();
        for before in [0, 1, 4_064, 4_065, 4_080, 4_095, 4_096, 9_000] {
            let bytes = [&vec![1; before][..], &row, &[0; 5_000]].concat();
            std::fs::write(&file, bytes).unwrap();
            let rest = FrameReader::open(&file, mark).unwrap().search(0).unwrap();
            assert_eq!((rest.only_zeros, rest.commits), (false, Some((7, 7))), "after {before} bytes");
            let rest = FrameReader::open(&file, mark).unwrap().search(before as u64 + 32).unwrap();
            assert_eq!((rest.only_zeros, rest.commits), (true, None));
        }
    }
}
