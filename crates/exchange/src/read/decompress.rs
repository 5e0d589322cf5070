//! Compressed bytes into plain ones, in portions.
//!
//! A portion is small: what one call decompresses is bounded, so a few bytes that stand for gigabytes are read as slowly as their
//! records are. A gzip file may have several members, and a Zstandard file several frames, also those to be skipped.

use std::io::Write;

use bytes::{Buf, Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

/// Plain bytes of one portion. Unit: bytes.
const PLAIN_PORTION: usize = 64 * 1024;
/// Compressed bytes of one portion, which become at most 1032 times as many. Unit: bytes.
const GZIP_PORTION: usize = 1024;
/// What a frame may refer back to, which is what `zstd -20` uses. Unit: bytes. Our own bound.
const ZSTD_WINDOW_MAX: u64 = 32 * 1024 * 1024;
const ZSTD_MAGIC: u32 = 0xFD2F_B528;
/// The magic numbers of frames to be skipped, without their last four bits.
const ZSTD_SKIPPED: u32 = 0x184D_2A50;

pub(super) struct Decompressor {
    input: BytesMut,
    is_end: bool,
    method: Method,
}

enum Method {
    None,
    /// `None` until there is a byte, and when it has ended.
    Gzip(Box<Option<MultiGzDecoder<Vec<u8>>>>),
    Zstd(Box<Zstd>),
}

/// The outcome of one portion.
pub(super) enum Filled {
    /// Something was done, if only a header was read.
    Some,
    /// It needs more input.
    Starved,
    End,
    Malformed(String),
}

impl Decompressor {
    pub(super) fn new(compression: Compression) -> Decompressor {
        let method = match compression {
            Compression::None => Method::None,
            Compression::Gzip => Method::Gzip(Box::default()),
            Compression::Zstd => Method::Zstd(Box::default()),
        };
        Decompressor { input: BytesMut::new(), is_end: false, method }
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        if self.input.is_empty() {
            // Without a copy if nothing else uses the bytes.
            self.input = bytes.into();
        } else {
            self.input.extend_from_slice(&bytes);
        }
    }

    pub(super) fn push_end(&mut self) {
        self.is_end = true;
    }

    /// Appends a portion of plain bytes.
    pub(super) fn fill(&mut self, out: &mut BytesMut) -> Filled {
        let step = match &mut self.method {
            Method::None => plain(&mut self.input, out),
            Method::Gzip(decoder) => gzip(decoder, &mut self.input, self.is_end, out),
            Method::Zstd(zstd) => zstd.step(&mut self.input, self.is_end, out),
        };
        match step {
            Ok(true) => Filled::Some,
            Ok(false) if self.is_end => Filled::End,
            Ok(false) => Filled::Starved,
            Err(why) => Filled::Malformed(why),
        }
    }
}

/// Whether there was anything to do, as all of the methods.
fn plain(input: &mut BytesMut, out: &mut BytesMut) -> Result<bool, String> {
    let size = input.len().min(PLAIN_PORTION);
    out.extend_from_slice(&input[..size]);
    input.advance(size);
    Ok(size > 0)
}

fn gzip(
    decoder: &mut Option<MultiGzDecoder<Vec<u8>>>,
    input: &mut BytesMut,
    is_end: bool,
    out: &mut BytesMut,
) -> Result<bool, String> {
    let malformed = |error: std::io::Error| format!("the object is not a valid gzip file: {error}");
    let size = input.len().min(GZIP_PORTION);
    if size > 0 {
        let decoder = decoder.get_or_insert_with(|| MultiGzDecoder::new(Vec::new()));
        decoder.write_all(&input[..size]).map_err(malformed)?;
        input.advance(size);
        out.extend_from_slice(&std::mem::take(decoder.get_mut()));
        return Ok(true);
    }
    let Some(ended) = decoder.take_if(|_| is_end) else { return Ok(false) };
    out.extend_from_slice(&ended.finish().map_err(malformed)?);
    Ok(true)
}

struct Zstd {
    decoder: FrameDecoder,
    state: ZstdState,
}

#[derive(Clone, Copy)]
enum ZstdState {
    /// Before a frame.
    Between,
    /// In a frame that is skipped, with as many bytes left.
    Skipped(u64),
    /// In a frame, and whether a checksum ends it.
    Frame { has_checksum: bool },
}

impl Default for Zstd {
    fn default() -> Zstd {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW_MAX);
        Zstd { decoder, state: ZstdState::Between }
    }
}

impl Zstd {
    fn step(&mut self, input: &mut BytesMut, is_end: bool, out: &mut BytesMut) -> Result<bool, String> {
        let done = match self.state {
            ZstdState::Between => self.begin_frame(input)?,
            ZstdState::Skipped(left) => {
                let size = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                input.advance(size);
                let left = left - size as u64;
                self.state = if left == 0 { ZstdState::Between } else { ZstdState::Skipped(left) };
                size > 0 || left == 0
            }
            ZstdState::Frame { has_checksum } => self.block(input, has_checksum, out)?,
        };
        let is_complete = matches!(self.state, ZstdState::Between) && input.is_empty();
        if !done && is_end && !is_complete {
            return Err("the object ends within a Zstandard frame".to_owned());
        }
        Ok(done)
    }

    /// Reads the header of a frame, if it is complete.
    fn begin_frame(&mut self, input: &mut BytesMut) -> Result<bool, String> {
        let Some((magic, rest)) = input.split_first_chunk() else { return Ok(false) };
        let magic = u32::from_le_bytes(*magic);
        if magic & !0xF == ZSTD_SKIPPED {
            let Some((size, _)) = rest.split_first_chunk() else { return Ok(false) };
            self.state = ZstdState::Skipped(u64::from(u32::from_le_bytes(*size)));
            input.advance(8);
            return Ok(true);
        }
        if magic != ZSTD_MAGIC {
            return Err("the object is not a valid Zstandard file: there is no frame where one is expected".to_owned());
        }
        let Some(descriptor) = rest.first() else { return Ok(false) };
        if input.len() < header_size(*descriptor) {
            return Ok(false);
        }
        let mut left: &[u8] = input;
        self.decoder.reset(&mut left).map_err(malformed)?;
        let size = input.len() - left.len();
        self.state = ZstdState::Frame { has_checksum: descriptor & 0x04 != 0 };
        input.advance(size);
        Ok(true)
    }

    /// Decompresses one block, if it is complete: at most 128 KiB.
    fn block(&mut self, input: &mut BytesMut, has_checksum: bool, out: &mut BytesMut) -> Result<bool, String> {
        let Some(size) = block_size(input, has_checksum) else { return Ok(false) };
        let mut block = &input[..size];
        let is_last =
            self.decoder.decode_blocks(&mut block, BlockDecodingStrategy::UptoBlocks(1)).map_err(malformed)?;
        input.advance(size);
        if let Some(plain) = self.decoder.collect() {
            out.extend_from_slice(&plain);
        }
        if is_last {
            if has_checksum && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
                return Err("the checksum of a Zstandard frame is not that of its bytes".to_owned());
            }
            self.state = ZstdState::Between;
        }
        Ok(true)
    }
}

fn malformed(error: impl std::fmt::Display) -> String {
    format!("the object is not a valid Zstandard file: {error}")
}

/// The size of a frame's header, by its descriptor: magic number, descriptor, window, dictionary's id, size of the content.
fn header_size(descriptor: u8) -> usize {
    let is_single_segment = descriptor & 0x20 != 0;
    let window = usize::from(!is_single_segment);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content = match descriptor >> 6 {
        0 => usize::from(is_single_segment),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    5 + window + dictionary + content
}

/// The size of the first block, with the frame's checksum if it is the last one; `None` if it is not all there.
fn block_size(input: &[u8], has_checksum: bool) -> Option<usize> {
    let (header, _) = input.split_first_chunk::<3>()?;
    let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
    let (is_last, is_repeated) = (header & 1 == 1, (header >> 1) & 3 == 1);
    // A block of one repeated byte stores the byte once.
    let content = if is_repeated { 1 } else { (header >> 3) as usize };
    let size = 3 + content + if is_last && has_checksum { 4 } else { 0 };
    (input.len() >= size).then_some(size)
}
