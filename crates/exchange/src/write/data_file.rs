//! A compressed file of lines, which is made piece by piece, so that it is sent before it is complete.

use std::io::{Result, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};

/// A gzip file in the making. A file without lines is a gzip of nothing, which is not nothing: readers expect the header.
#[derive(Debug)]
pub struct DataFile {
    encoder: GzEncoder<Compressed>,
    item_count: u64,
    size: u64,
}

/// The compressed bytes that were not taken yet, and what is known of all of them.
#[derive(Debug, Default)]
struct Compressed {
    bytes: Vec<u8>,
    size: u64,
    md5: Md5,
}

/// A file that is complete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finished {
    /// The compressed bytes behind those that [`DataFile::take`] returned.
    pub rest: Bytes,
    /// Of all compressed bytes.
    pub md5: [u8; 16],
    /// Unit: bytes, compressed.
    pub compressed_size: u64,
    /// Unit: bytes of the lines, before compression.
    pub size: u64,
    pub item_count: u64,
}

impl Default for DataFile {
    fn default() -> DataFile {
        DataFile::new()
    }
}

impl DataFile {
    pub fn new() -> DataFile {
        DataFile { encoder: GzEncoder::new(Compressed::default(), Compression::default()), item_count: 0, size: 0 }
    }

    /// Appends whole lines, which contain this many items.
    ///
    /// # Errors
    /// The compressor's, of which none is known where the bytes stay in memory.
    pub fn push(&mut self, lines: &[u8], item_count: u64) -> Result<()> {
        self.encoder.write_all(lines)?;
        self.size += lines.len() as u64;
        self.item_count += item_count;
        Ok(())
    }

    /// Compressed bytes that can be taken. Unit: bytes. The compressor holds back some more.
    pub fn pending_size(&self) -> usize {
        self.encoder.get_ref().bytes.len()
    }

    /// Takes the compressed bytes so far.
    pub fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.encoder.get_mut().bytes).into()
    }

    pub fn item_count(&self) -> u64 {
        self.item_count
    }

    /// Ends the file.
    ///
    /// # Errors
    /// As [`DataFile::push`].
    pub fn finish(self) -> Result<Finished> {
        let compressed = self.encoder.finish()?;
        Ok(Finished {
            rest: compressed.bytes.into(),
            md5: compressed.md5.finalize().into(),
            compressed_size: compressed.size,
            size: self.size,
            item_count: self.item_count,
        })
    }
}

impl Write for Compressed {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.bytes.extend_from_slice(bytes);
        self.size += bytes.len() as u64;
        self.md5.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The MD5 of bytes, as manifests and their checksum files have it.
pub fn md5_base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(Md5::digest(bytes))
}
