//! Files of blocks: written with a bounded size each, and read with every checksum.

use bytes::{Bytes, BytesMut};
use objects::{ObjectError, ObjectReader, ObjectWriter};
use sha2::{Digest, Sha256};
use storage::Row;

use super::block::{self, BLOCK_HEAD_SIZE, BackupId, Damage, HEAD_SIZE, Kind};
use super::manifest::File;
use super::place::BackupPlace;

/// A file is ended behind the block that reaches this. Unit: bytes.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Writes blocks to the files of a backup.
pub(super) struct FilesWriter<'a> {
    place: &'a BackupPlace,
    id: BackupId,
    open: Option<OpenFile>,
    /// Files of the kind that is written, so far.
    number: u32,
    /// All that are complete.
    finished: Vec<File>,
}

struct OpenFile {
    writer: ObjectWriter,
    kind: Kind,
    hash: Sha256,
    file: File,
}

impl OpenFile {
    async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        self.hash.update(&bytes);
        self.file.bytes += bytes.len() as u64;
        self.writer.write(bytes).await
    }
}

impl FilesWriter<'_> {
    pub(super) fn new(place: &BackupPlace, id: BackupId) -> FilesWriter<'_> {
        FilesWriter { place, id, open: None, number: 0, finished: Vec::new() }
    }

    /// Blocks of a kind follow each other.
    pub(super) async fn write(&mut self, kind: Kind, block: Bytes, rows: usize) -> Result<(), ObjectError> {
        let is_open = |open: &OpenFile| open.kind == kind && open.file.bytes < FILE_BYTES;
        if !self.open.as_ref().is_some_and(is_open) {
            self.begin(kind).await?;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        open.file.blocks += 1;
        open.file.rows += rows as u64;
        open.write(block).await
    }

    async fn begin(&mut self, kind: Kind) -> Result<(), ObjectError> {
        self.end().await?;
        let family_name = kind.name();
        let is_first = self.finished.last().is_none_or(|file| file.family != family_name);
        self.number = if is_first { 1 } else { self.number + 1 };
        let name = format!("{family_name}-{:06}.rows", self.number);
        let writer = self.place.writer(&name).await?;
        let file = File { name, family: family_name.to_owned(), bytes: 0, blocks: 0, rows: 0, sha256: String::new() };
        let mut open = OpenFile { writer, kind, hash: Sha256::new(), file };
        open.write(block::head(kind, &self.id)).await?;
        self.open = Some(open);
        Ok(())
    }

    async fn end(&mut self) -> Result<(), ObjectError> {
        let Some(OpenFile { writer, hash, mut file, .. }) = self.open.take() else { return Ok(()) };
        writer.finish().await?;
        file.sha256 = base::hex(&hash.finalize());
        self.finished.push(file);
        Ok(())
    }

    pub(super) async fn finish(&mut self) -> Result<Vec<File>, ObjectError> {
        self.end().await?;
        Ok(std::mem::take(&mut self.finished))
    }

    /// Deletes what is written, as far as the store lets it.
    pub(super) async fn abandon(mut self) {
        if let Some(open) = self.open.take() {
            open.writer.abort().await;
        }
        for file in &self.finished {
            let _ = self.place.delete(&file.name).await;
        }
    }
}

/// Why a file's rows are not to be had.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It is there, and not as it was written; or it is missing.
    Damaged(Damage),
    Store(ObjectError),
}

impl From<ObjectError> for ReadError {
    fn from(error: ObjectError) -> ReadError {
        match error {
            ObjectError::NoSuchKey(_) => ReadError::Damaged("the file is missing".to_owned()),
            error => ReadError::Store(error),
        }
    }
}

impl From<Damage> for ReadError {
    fn from(damage: Damage) -> ReadError {
        ReadError::Damaged(damage)
    }
}

/// Reads one file's blocks in order. Rows of a block are given once its checksum is right, the end once the whole file's is.
pub(super) struct FileReader<'a> {
    expected: &'a File,
    kind: Kind,
    reader: ObjectReader,
    hash: Sha256,
    /// Bytes that are read and not given yet.
    buffer: BytesMut,
    bytes: u64,
    blocks: u64,
    rows: u64,
}

impl<'a> FileReader<'a> {
    pub(super) async fn open(
        place: &BackupPlace,
        expected: &'a File,
        id: &BackupId,
    ) -> Result<FileReader<'a>, ReadError> {
        let reader = place.reader(&expected.name).await?;
        if reader.size() != expected.bytes {
            let damage = format!("it has {} bytes, and {} were written", reader.size(), expected.bytes);
            return Err(ReadError::Damaged(damage));
        }
        let kind = Kind::of_name(&expected.family);
        let kind = kind.ok_or_else(|| format!("the manifest gives it the unknown family {:?}", expected.family))?;
        let (hash, buffer) = (Sha256::new(), BytesMut::new());
        let mut file = FileReader { expected, kind, reader, hash, buffer, bytes: 0, blocks: 0, rows: 0 };
        match file.take(HEAD_SIZE).await? {
            Some(head) if head == block::head(kind, id) => Ok(file),
            _ => Err(ReadError::Damaged("its head is not that of this backup".to_owned())),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The next block's rows; none at the end of a file that is as it was written.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Row>>, ReadError> {
        let (at, number) = (self.bytes, self.blocks + 1);
        let damaged = |damage: Damage| ReadError::Damaged(format!("block {number} at byte {at}: {damage}"));
        let Some(head) = self.peek().await? else { return self.end().map(|()| None).map_err(ReadError::Damaged) };
        let size = block::size_of_block(&head).map_err(damaged)?;
        let block = self.take(size).await?.ok_or_else(|| damaged("the file ends in it".to_owned()))?;
        let rows = block::decode(&block).map_err(damaged)?;
        self.blocks = number;
        self.rows += rows.len() as u64;
        Ok(Some(rows))
    }

    fn end(&self) -> Result<(), Damage> {
        let found = base::hex(&self.hash.clone().finalize());
        if found != self.expected.sha256 {
            return Err("its SHA-256 is another one than the manifest's".to_owned());
        }
        match (self.blocks, self.rows) == (self.expected.blocks, self.expected.rows) {
            true => Ok(()),
            false => Err(format!("it has {} rows, and the manifest counts {}", self.rows, self.expected.rows)),
        }
    }

    /// The head of the next block, which stays in the buffer; none at the file's end.
    async fn peek(&mut self) -> Result<Option<[u8; BLOCK_HEAD_SIZE]>, ReadError> {
        self.fill(BLOCK_HEAD_SIZE).await?;
        match self.buffer.first_chunk() {
            Some(head) => Ok(Some(*head)),
            None if self.buffer.is_empty() => Ok(None),
            None => Err(ReadError::Damaged(format!("it ends within a block's head at byte {}", self.bytes))),
        }
    }

    /// So many bytes; none if the file has fewer.
    async fn take(&mut self, size: usize) -> Result<Option<Bytes>, ReadError> {
        self.fill(size).await?;
        if self.buffer.len() < size {
            return Ok(None);
        }
        self.bytes += size as u64;
        Ok(Some(self.buffer.split_to(size).freeze()))
    }

    async fn fill(&mut self, size: usize) -> Result<(), ReadError> {
        while self.buffer.len() < size {
            let Some(next) = self.reader.next().await? else { break };
            self.hash.update(&next);
            self.buffer.extend_from_slice(&next);
        }
        Ok(())
    }
}
