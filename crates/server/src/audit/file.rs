//! A file that only grows, until it is large: then it is rotated. A rotation that fails destroys nothing, and the file
//! goes on growing.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base::RegularFile;
use tokio::sync::oneshot;

use super::unauthenticated::HeldBack;
use super::{named, rotated};

/// Events of unknown callers take at most a quarter of a file that is rotated, and never rotate it: so they shorten by
/// no more than that how long events of known callers remain.
const UNAUTHENTICATED_SHARE: u64 = 4;
/// Written and taken away again, to see whether a disk has room. Unit: bytes.
const PROBE_SIZE: usize = 64 * 1024;
/// Of the successor's name, until it has its own.
const NEXT: &str = "next";

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
    /// How many rotated files remain.
    files_max: u32,
}

impl AuditFile {
    pub(super) fn open(path: &Path, bytes_max: Option<u64>, files_max: u32) -> io::Result<AuditFile> {
        refuse_idle_pipe(path)?;
        refuse_other_files(path)?;
        let file = append(File::options().create(true), path)?;
        let metadata = file.metadata()?;
        if metadata.is_file() {
            lock(&file)?;
        }
        let bytes = metadata.len();
        // A device or a pipe is never rotated.
        let bytes_max = bytes_max.filter(|_| metadata.is_file());
        Ok(AuditFile { path: path.to_owned(), file, bytes, unauthenticated_bytes: 0, bytes_max, files_max })
    }

    /// Writes whole lines and takes them away from `lines`; after an error, those that are left are not written.
    pub(super) fn write(&mut self, lines: &mut Vec<Line>, written: &mut Written) -> io::Result<()> {
        while !lines.is_empty() {
            // After a rotation that failed, the other lines go into the file as it is, until the next call.
            if written.not_rotated.is_none() {
                written.not_rotated = self.make_room(&lines[0]).err();
            }
            let is_full_file_written = written.not_rotated.is_some();
            let (mut together, mut taken) = (Vec::new(), 0);
            let (mut share, mut now) = (0, Written::default());
            for line in &*lines {
                let size = line.bytes.len() as u64;
                let fits = self.fits(together.len() as u64 + size);
                match &line.unauthenticated {
                    None if !fits && taken > 0 && !is_full_file_written => break,
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

    /// Begins another file, and renames this one and those before it.
    fn rotate(&mut self) -> io::Result<()> {
        self.sync();
        // A file that another program has moved away is not renamed once more, nor are those before it: its successor may
        // have the name already.
        if !self.has_its_name() {
            return self.reopen();
        }
        // The successor is open before anything is renamed. Without it, and with every error below, this file goes on.
        let next = named(&self.path, NEXT);
        let file = successor(&next)?;
        let renamed = self.rename_all(&next);
        if renamed.is_err() {
            let _ = fs::remove_file(&next);
            return renamed;
        }
        (self.file, self.bytes, self.unauthenticated_bytes) = (file, 0, 0);
        Ok(())
    }

    fn rename_all(&self, next: &Path) -> io::Result<()> {
        let file = |number: u32| rotated(&self.path, number);
        // Files move up to the first number that is free, so that an attempt after one that failed half-way moves none of
        // them twice. Without a free number the oldest file is replaced.
        let is_free = |number: &u32| fs::symlink_metadata(file(*number)).is_err();
        let free = (1..self.files_max).find(is_free).unwrap_or(self.files_max);
        for number in (1..free).rev() {
            fs::rename(file(number), file(number + 1))?;
        }
        fs::rename(&self.path, file(1))?;
        // The name is free for a moment; if the successor does not get it, the open file has it again.
        fs::rename(next, &self.path).inspect_err(|_| drop(fs::rename(file(1), &self.path)))
    }

    /// Whether the open file is the one that is found under its name.
    fn has_its_name(&self) -> bool {
        let found = fs::metadata(&self.path).and_then(|found| Ok((found, self.file.metadata()?)));
        found.is_ok_and(|(found, own)| is_same(&found, &own))
    }

    /// The file that has the name now. Without one that can be opened, the open file goes on.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        self.sync();
        // It may be the same file, whose lock is taken anew.
        let _ = self.file.unlock();
        match AuditFile::open(&self.path, self.bytes_max, self.files_max) {
            Ok(file) => *self = file,
            Err(error) => {
                let _ = lock(&self.file);
                return Err(error);
            }
        }
        Ok(())
    }

    /// What has been written survives the machine's end.
    pub(super) fn sync(&self) {
        let _ = self.file.sync_data();
    }
}

#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

/// Opening a pipe without a reader blocks until there is one, and no signal ends that.
#[cfg(unix)]
fn refuse_idle_pipe(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;

    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    if !fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo()) {
        return Ok(());
    }
    match rustix::fs::open(path, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()) {
        Ok(_) => Ok(()),
        Err(Errno::NXIO) => Err(io::Error::other("it is a pipe that no program reads")),
        Err(error) => Err(error.into()),
    }
}

/// Events are objects of JSON. A flag that names a file of keys by mistake does not spoil it.
fn refuse_other_files(path: &Path) -> io::Result<()> {
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return Ok(());
    }
    // An empty line is left by a program that was killed.
    match RegularFile::begin(path, 1).map_err(|error| io::Error::other(error.to_string()))?.as_slice() {
        [] | [b'{' | b'\n'] => Ok(()),
        _ => Err(io::Error::other("its content is no events")),
    }
}

#[cfg(not(unix))]
fn refuse_idle_pipe(_: &Path) -> io::Result<()> {
    Ok(())
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
    /// Why a file that is full was not rotated.
    pub(super) not_rotated: Option<io::Error>,
}

/// An empty file that no rotation before has left. It is locked before it has its name.
fn successor(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = append(File::options().create_new(true), path)?;
    lock(&file)?;
    Ok(file)
}

/// One process alone writes a file: it takes half a line away again, with what another one has written behind it. A file
/// system without locks is trusted.
fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(io::Error::other("another process writes it; give each server its own file"))
        }
        Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => Err(error),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// A new one can be read by the program's user alone.
fn append(options: &mut fs::OpenOptions, path: &Path) -> io::Result<File> {
    options.append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pipe_needs_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let refused = AuditFile::open(&path, None, 1).err().unwrap();
        assert!(refused.to_string().contains("no program reads"), "{refused}");
        let reader = File::options().read(true).write(true).open(&path).unwrap();
        assert!(AuditFile::open(&path, None, 1).is_ok());
        drop(reader);
    }

    /// Whether it was opened, made by a rotation, or opened anew.
    #[test]
    fn a_file_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let mut file = AuditFile::open(&path, Some(4), 2).unwrap();
        let is_refused = || {
            let refused = AuditFile::open(&path, None, 1).err().map(|error| error.to_string());
            assert!(refused.as_ref().is_some_and(|text| text.contains("another process")), "{refused:?}");
        };
        is_refused();
        write(&mut file, &mut lines(&["{1\n", "{2\n"]));
        is_refused();
        file.reopen().unwrap();
        is_refused();
        // What has the name is no log: the open file goes on, and is locked.
        let moved = folder.path().join("moved");
        fs::rename(&path, &moved).unwrap();
        fs::write(&path, "other").unwrap();
        assert!(file.reopen().is_err());
        assert!(AuditFile::open(&moved, None, 1).is_err());
        drop(file);
        assert!(AuditFile::open(&moved, None, 1).is_ok());
        // Devices have as many as there are.
        let null = Path::new("/dev/null");
        #[cfg(unix)]
        assert!(AuditFile::open(null, None, 1).is_ok_and(|_first| AuditFile::open(null, None, 1).is_ok()));
    }

    #[test]
    fn a_file_of_something_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.key");
        std::fs::write(&path, "5a616e7a69626172").unwrap();
        assert!(AuditFile::open(&path, None, 1).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"5a616e7a69626172");
    }

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
        write(&mut file, &mut lines(&["abcd\n", "longer than ten\n", "{f\n"]));
        check(["{f\n", "longer than ten\n", "abcd\n", "none"]);
        // What is there is counted at the next start.
        drop(file);
        let mut file = AuditFile::open(&path, Some(10), 2).unwrap();
        write(&mut file, &mut lines(&["12345678\n"]));
        check(["12345678\n", "{f\n", "longer than ten\n", "none"]);
        // Another program moves it away.
        fs::rename(&path, folder.path().join("moved")).unwrap();
        write(&mut file, &mut lines(&["a"]));
        file.reopen().unwrap();
        write(&mut file, &mut lines(&["b"]));
        assert_eq!((read("moved"), read("audit")), ("12345678\na".to_owned(), "b".to_owned()));
    }

    /// Whatever is in the way of a rotation, no file is lost, and events go into the file that is open.
    #[test]
    fn rotations_that_fail_destroy_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_else(|_| "none".to_owned());
        let files = || ["audit", "audit.1", "audit.2", "audit.3"].map(read);
        let mut file = AuditFile::open(&path, Some(4), 3).unwrap();
        for text in ["one\n", "two\n", "tri\n", "for\n"] {
            write(&mut file, &mut lines(&[text]));
        }
        assert_eq!(files(), ["for\n", "tri\n", "two\n", "one\n"]);
        let fails = |file: &mut AuditFile| {
            let mut written = Written::default();
            let mut more = lines(&["x\n", "y\n"]);
            file.write(&mut more, &mut written).unwrap();
            (written.lines, more.len(), written.not_rotated.is_some())
        };
        // The successor cannot be opened.
        let next = folder.path().join("audit.next");
        fs::create_dir(&next).unwrap();
        for _ in 0..10 {
            assert_eq!(fails(&mut file), (2, 0, true));
        }
        let grown = format!("for\n{}", "x\ny\n".repeat(10));
        assert_eq!(files(), [&grown, "tri\n", "two\n", "one\n"]);
        fs::remove_dir(&next).unwrap();
        // The oldest file cannot be replaced.
        let (oldest, aside) = (folder.path().join("audit.3"), folder.path().join("aside"));
        fs::rename(&oldest, &aside).unwrap();
        fs::create_dir(&oldest).unwrap();
        assert_eq!(fails(&mut file), (2, 0, true));
        assert_eq!(files(), [&format!("{grown}x\ny\n"), "tri\n", "two\n", "none"]);
        assert!(!next.exists());
        fs::remove_dir(&oldest).unwrap();
        fs::rename(&aside, &oldest).unwrap();
        // Files move up to a number that is free, and no further.
        fs::remove_file(folder.path().join("audit.1")).unwrap();
        write(&mut file, &mut lines(&["new\n"]));
        assert_eq!(files(), ["new\n", &format!("{grown}x\ny\n"), "two\n", "one\n"]);
        // Another program has moved the file: nothing else is renamed.
        fs::rename(&path, &aside).unwrap();
        write(&mut file, &mut lines(&["last"]));
        assert_eq!(files(), ["last", &format!("{grown}x\ny\n"), "two\n", "one\n"]);
        // Its folder is gone: the open file is written.
        let moved = folder.path().with_extension("moved");
        fs::rename(folder.path(), &moved).unwrap();
        assert_eq!(fails(&mut file), (2, 0, true));
        assert_eq!(fs::read_to_string(moved.join("audit")).unwrap(), "lastx\ny\n");
        fs::rename(&moved, folder.path()).unwrap();
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
