//! HTTP/1.1 responses, as far as a client needs them that sends one request at a time: status, where the body begins,
//! how long it is. Pure: it looks at what has arrived and says what is known.

/// Headers longer than this are no answer of a DynamoDB endpoint. Unit: bytes.
const HEAD_SIZE_BYTES_MAX: usize = 64 * 1024;
/// The size line of a chunk is longer than this only in an attack. Unit: bytes.
const CHUNK_LINE_BYTES_MAX: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Where the body begins.
    pub(crate) size: usize,
    pub(crate) length: Length,
    /// The server ends the connection after this response.
    pub(crate) closes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Length {
    Known(usize),
    Chunked,
}

/// What has arrived is not HTTP/1.1 as this client knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NotHttp;

/// The head, once all of it has arrived.
pub(crate) fn head(bytes: &[u8]) -> Result<Option<Head>, NotHttp> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return if bytes.len() > HEAD_SIZE_BYTES_MAX { Err(NotHttp) } else { Ok(None) };
    };
    let mut lines = bytes[..end].split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let mut head = Head {
        status: status(lines.next().unwrap_or_default()).ok_or(NotHttp)?,
        size: end + 4,
        length: Length::Known(0),
        closes: bytes.starts_with(b"HTTP/1.0"),
    };
    for line in lines {
        let colon = memchr::memchr(b':', line).ok_or(NotHttp)?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            head.length = Length::Known(decimal(value).ok_or(NotHttp)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            head.length = Length::Chunked;
        } else if name.eq_ignore_ascii_case(b"connection") {
            head.closes = value.eq_ignore_ascii_case(b"close");
        }
    }
    Ok(Some(head))
}

fn status(line: &[u8]) -> Option<u16> {
    let mut words = line.split(|&byte| byte == b' ');
    words.next().filter(|version| version.starts_with(b"HTTP/1."))?;
    decimal(words.next()?).and_then(|status| u16::try_from(status).ok())
}

fn decimal(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A body in chunks, consumed as it arrives; only the line of a chunk's size is stored here.
pub(crate) struct Chunks {
    line: Vec<u8>,
    at: ChunkPart,
    /// Of the chunk's data.
    left: usize,
    is_last: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum ChunkPart {
    Size,
    Data,
    /// The line end behind the data, of which so many bytes are missing.
    LineEnd(usize),
    Complete,
}

impl Chunks {
    pub(crate) fn new() -> Chunks {
        Chunks { line: Vec::new(), at: ChunkPart::Size, left: 0, is_last: false }
    }

    pub(crate) fn are_complete(&self) -> bool {
        self.at == ChunkPart::Complete
    }

    /// Takes what has arrived; `keep` is called with each piece of data.
    pub(crate) fn take(&mut self, mut bytes: &[u8], mut keep: impl FnMut(&[u8])) -> Result<(), NotHttp> {
        while !bytes.is_empty() && !self.are_complete() {
            let used = match self.at {
                ChunkPart::Size => self.take_line(bytes)?,
                ChunkPart::Data => {
                    let own = self.left.min(bytes.len());
                    keep(&bytes[..own]);
                    self.left -= own;
                    if self.left == 0 {
                        self.at = ChunkPart::LineEnd(2);
                    }
                    own
                }
                ChunkPart::LineEnd(missing) => {
                    let own = missing.min(bytes.len());
                    self.at = match (missing - own, self.is_last) {
                        (0, true) => ChunkPart::Complete,
                        (0, false) => ChunkPart::Size,
                        (missing, _) => ChunkPart::LineEnd(missing),
                    };
                    own
                }
                ChunkPart::Complete => 0,
            };
            bytes = &bytes[used..];
        }
        Ok(())
    }

    fn take_line(&mut self, bytes: &[u8]) -> Result<usize, NotHttp> {
        let end = memchr::memchr(b'\n', bytes);
        let used = end.map_or(bytes.len(), |end| end + 1);
        self.line.extend_from_slice(&bytes[..used]);
        if self.line.len() > CHUNK_LINE_BYTES_MAX {
            return Err(NotHttp);
        }
        if end.is_some() {
            self.left = chunk_size(&self.line)?;
            self.line.clear();
            self.is_last = self.left == 0;
            // The last chunk is empty; no trailers are expected, only the empty line.
            self.at = if self.is_last { ChunkPart::LineEnd(2) } else { ChunkPart::Data };
        }
        Ok(used)
    }
}

fn chunk_size(line: &[u8]) -> Result<usize, NotHttp> {
    let size = line.split(|&byte| byte == b';').next().unwrap_or_default();
    let size = std::str::from_utf8(size).ok().and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
    size.filter(|size| *size < 1 << 32).ok_or(NotHttp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let check = |text: &str, expected: Result<Option<Head>, NotHttp>| {
            assert_eq!(head(text.as_bytes()), expected, "{text:?}");
        };
        let ok = |size, length, closes| Ok(Some(Head { status: 200, size, length, closes }));
        check("", Ok(None));
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", Ok(None));
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", ok(38, Length::Known(5), false));
        check("HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\n", ok(37, Length::Known(5), false));
        check("HTTP/1.1 200\r\ncontent-length:5\r\n\r\n", ok(34, Length::Known(5), false));
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ok(47, Length::Chunked, false));
        check("HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n", ok(38, Length::Known(0), true));
        check("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", ok(43, Length::Known(0), false));
        check("HTTP/1.0 200 OK\r\n\r\n", ok(19, Length::Known(0), true));
        for bad in ["SSH-2.0\r\n\r\n", "HTTP/1.1 x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "\r\n\r\n"]
        {
            check(bad, Err(NotHttp));
        }
        check(&"x".repeat(HEAD_SIZE_BYTES_MAX + 1), Err(NotHttp));
    }

    #[test]
    fn chunks_that_come_in_pieces() {
        let text = b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
        for piece in 1..=text.len() {
            let (mut chunks, mut data) = (Chunks::new(), Vec::new());
            for bytes in text.chunks(piece) {
                assert!(!chunks.are_complete());
                chunks.take(bytes, |part| data.extend_from_slice(part)).unwrap();
            }
            assert!(chunks.are_complete() && data == b"abc0123456789", "{piece}");
        }
        let mut none = Chunks::new();
        none.take(b"0\r\n\r\n", |_| panic!("there is no data")).unwrap();
        assert!(none.are_complete());
        for bad in ["x\r\n", "ffffffffffffffff\r\n", "-1\r\n", &"1".repeat(CHUNK_LINE_BYTES_MAX + 1)] {
            assert_eq!(Chunks::new().take(bad.as_bytes(), |_| ()), Err(NotHttp), "{bad}");
        }
    }
}
