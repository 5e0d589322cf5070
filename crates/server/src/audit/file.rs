//! A file that only grows, until it is large: then it steps aside for another one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tokio::sync::oneshot;

use super::rotated;
use super::unauthenticated::HeldBack;

/// Events of unknown callers take at most a quarter of a file that is rotated, and never rotate it: so they shorten by
/// no more than that how long events of known callers remain.
const UNAUTHENTICATED_SHARE: u64 = 4;
/// Written and taken away again, to see whether a disk has room. Unit: bytes.
const PROBE_SIZE: usize = 64 * 1024;

/// An event, with its end.
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    /// The unauthenticated requests that it reports; `None` for a known caller.
    pub(super) unauthenticated: Option<HeldBack>,
    /// Notified once it is in the file.
    pub(super) written: Option<oneshot::Sender<()>>,
}

pub(super) struct AuditFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    /// Of events of unknown callers, since the file was opened.
    unauthenticated_bytes: u64,
    bytes_max: Option<u64>,
    /// How many are kept that have stepped aside.
    files_max: u32,
}

impl AuditFile {
    pub(super) fn open(path: &Path, bytes_max: Option<u64>, files_max: u32) -> io::Result<AuditFile> {
        let file = append(path)?;
        let bytes = file.metadata()?.len();
        Ok(AuditFile { path: path.to_owned(), file, bytes, unauthenticated_bytes: 0, bytes_max, files_max })
    }

    /// Writes whole lines and takes them away from `lines`; after an error, those that are left are not written.
    pub(super) fn write(&mut self, lines: &mut Vec<Line>, written: &mut Written) -> io::Result<()> {
        while !lines.is_empty() {
            self.make_room(&lines[0])?;
            let (mut together, mut taken) = (Vec::new(), 0);
            let (mut share, mut now) = (0, Written::default());
            for line in &*lines {
                let size = line.bytes.len() as u64;
                let fits = self.fits(together.len() as u64 + size);
                match &line.unauthenticated {
                    None if !fits && taken > 0 => break,
                    Some(requests) if !fits || !self.has_share(share + size) => now.held_back.push(*requests),
                    unauthenticated => {
                        share += if unauthenticated.is_some() { size } else { 0 };
                        together.extend_from_slice(&line.bytes);
                        now.lines += 1;
                    }
                }
                taken += 1;
            }
            self.append(&together)?;
            for done in lines.drain(..taken).filter_map(|line| line.written) {
                // The request may have given up.
                let _ = done.send(());
            }
            self.unauthenticated_bytes += share;
            written.lines += now.lines;
            written.held_back.append(&mut now.held_back);
        }
        Ok(())
    }

    /// Whether so many bytes more leave the file as small as it is to be.
    fn fits(&self, more: u64) -> bool {
        self.bytes_max.is_none_or(|max| self.bytes + more <= max)
    }

    fn has_share(&self, more: u64) -> bool {
        self.bytes_max.is_none_or(|max| self.unauthenticated_bytes + more <= max / UNAUTHENTICATED_SHARE)
    }

    fn make_room(&mut self, first: &Line) -> io::Result<()> {
        match first.unauthenticated.is_none() && self.bytes > 0 && !self.fits(first.bytes.len() as u64) {
            true => self.rotate(),
            false => Ok(()),
        }
    }

    /// Whether a line could be written now.
    pub(super) fn probe(&mut self) -> io::Result<()> {
        let kind = self.file.metadata()?.file_type();
        if !kind.is_file() {
            // A device may be full; a pipe takes lines alone.
            return if is_device(kind) { self.file.write_all(b"\n") } else { Ok(()) };
        }
        let written = self.file.write_all(&vec![b'\n'; PROBE_SIZE]);
        self.file.set_len(self.bytes)?;
        written
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes);
        match &written {
            Ok(()) => self.bytes += bytes.len() as u64,
            // No half a line stays; if it cannot be taken away, whoever reads it sees that it is none.
            Err(_) => drop(self.file.set_len(self.bytes)),
        }
        written
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.sync();
        for number in (1..self.files_max).rev() {
            let _ = fs::rename(rotated(&self.path, number), rotated(&self.path, number + 1));
        }
        fs::rename(&self.path, rotated(&self.path, 1))?;
        self.reopen()
    }

    /// The file that has the name now.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        self.sync();
        *self = AuditFile::open(&self.path, self.bytes_max, self.files_max)?;
        Ok(())
    }

    /// What has been written survives the machine's end.
    pub(super) fn sync(&self) {
        let _ = self.file.sync_data();
    }
}

#[cfg(unix)]
fn is_device(kind: fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&kind)
}

#[cfg(not(unix))]
fn is_device(_: fs::FileType) -> bool {
    false
}

/// What became of lines.
#[derive(Default)]
pub(super) struct Written {
    pub(super) lines: u64,
    pub(super) held_back: Vec<HeldBack>,
}

/// Nobody but the program's user reads a new one.
fn append(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, unauthenticated: Option<HeldBack>) -> Line {
        Line { bytes: text.as_bytes().to_vec(), unauthenticated, written: None }
    }

    fn lines(texts: &[&str]) -> Vec<Line> {
        texts.iter().map(|text| line(text, None)).collect()
    }

    fn write(file: &mut AuditFile, lines: &mut Vec<Line>) {
        let (all, mut written) = (lines.len() as u64, Written::default());
        file.write(lines, &mut written).unwrap();
        assert_eq!((written.lines, lines.len()), (all, 0));
    }

    #[test]
    fn large_files_step_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let mut file = AuditFile::open(&path, Some(10), 2).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_else(|_| "none".to_owned());
        let check = |expected: [&str; 4]| {
            assert_eq!(["audit", "audit.1", "audit.2", "audit.3"].map(read), expected);
        };
        write(&mut file, &mut lines(&["1234\n", "5678\n"]));
        check(["1234\n5678\n", "none", "none", "none"]);
        write(&mut file, &mut lines(&["abcd\n", "longer than ten\n", "ef\n"]));
        check(["ef\n", "longer than ten\n", "abcd\n", "none"]);
        // What is there is counted at the next start.
        let mut file = AuditFile::open(&path, Some(10), 2).unwrap();
        write(&mut file, &mut lines(&["12345678\n"]));
        check(["12345678\n", "ef\n", "longer than ten\n", "none"]);
        // Somebody else moves it away.
        fs::rename(&path, folder.path().join("moved")).unwrap();
        write(&mut file, &mut lines(&["a"]));
        file.reopen().unwrap();
        write(&mut file, &mut lines(&["b"]));
        assert_eq!((read("moved"), read("audit")), ("12345678\na".to_owned(), "b".to_owned()));
    }
    /// They fill their share of a file and no more, and never rotate it.
    #[test]
    fn unauthenticated_events_have_a_share() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let mut file = AuditFile::open(&path, Some(40), 2).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_else(|_| "none".to_owned());
        let unknown = || Some(HeldBack { requests: 3, since_ms: 7, counted: false });
        let flood = |file: &mut AuditFile| {
            let mut lines: Vec<Line> = (0..1_000).map(|_| line("bad\n", unknown())).collect();
            let mut written = Written::default();
            file.write(&mut lines, &mut written).unwrap();
            (written.lines, written.held_back.len(), lines.len())
        };
        write(&mut file, &mut lines(&["first\n"]));
        assert_eq!(flood(&mut file), (2, 998, 0));
        assert_eq!(flood(&mut file), (0, 1_000, 0));
        assert_eq!([read("audit"), read("audit.1")], ["first\nbad\nbad\n", "none"]);
        // An event of a known caller rotates the file, and then there is a share again.
        let mut both = vec![line("123456789012345678901234567\n", None), line("bad\n", unknown())];
        write(&mut file, &mut both);
        assert_eq!([read("audit"), read("audit.1")], ["123456789012345678901234567\nbad\n", "first\nbad\nbad\n"]);
        // There is a share, and no room.
        write(&mut file, &mut lines(&["1234\n"]));
        assert_eq!(flood(&mut file), (0, 1_000, 0));
        assert_eq!([read("audit.1"), read("audit.2")], ["first\nbad\nbad\n", "none"]);
    }

    #[test]
    fn a_probe_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let mut file = AuditFile::open(&path, None, 2).unwrap();
        write(&mut file, &mut lines(&["a\n"]));
        file.probe().unwrap();
        write(&mut file, &mut lines(&["b\n"]));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\n");
        #[cfg(target_os = "linux")]
        assert!(AuditFile::open(Path::new("/dev/full"), None, 2).unwrap().probe().is_err());
    }
}
