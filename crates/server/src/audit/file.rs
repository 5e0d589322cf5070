//! A file that only grows, until it is large: then it is rotated. A rotation that fails destroys nothing, and the file
//! continues to grow.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::RegularFile;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::ending::Ending;
use super::stream;
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
    /// A device or a pipe is not: it has no length, is never rotated, and may lose its name.
    is_regular: bool,
    /// As it was before the last write: other programs shorten the file.
    bytes: u64,
    /// Half a line is at its end, and could not be taken away.
    is_torn: bool,
    /// Of events of unknown callers, since the file was opened.
    unauthenticated_bytes: u64,
    bytes_max: Option<u64>,
    /// How many rotated files remain.
    files_max: u32,
    ending: Arc<Ending>,
}

/// How an open file has lost its name to another program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Detached {
    Removed,
    Replaced,
}

impl Detached {
    pub(super) fn text(self) -> &'static str {
        match self {
            Detached::Removed => "the file was removed, with the events in it",
            Detached::Replaced => "another file has its name",
        }
    }
}

/// Lines that are written together.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    steps: Vec<Step>,
}

/// What becomes of a line.
struct Step {
    /// Of the bytes up to this line.
    end: usize,
    is_held_back: bool,
}

impl AuditFile {
    pub(super) fn open(path: &Path, bytes_max: Option<u64>, files_max: u32) -> io::Result<AuditFile> {
        refuse_other_files(path)?;
        let file = append(File::options().create(true), path)?;
        let metadata = file.metadata()?;
        let is_regular = metadata.is_file();
        if is_regular {
            lock(&file)?;
        }
        Ok(AuditFile {
            path: path.to_owned(),
            file,
            is_regular,
            bytes: metadata.len(),
            is_torn: false,
            unauthenticated_bytes: 0,
            bytes_max,
            files_max,
            ending: Arc::default(),
        })
    }

    /// The end of the program ends a wait for a pipe.
    pub(super) fn ending_with(self, ending: Arc<Ending>) -> AuditFile {
        AuditFile { ending, ..self }
    }

    /// Writes whole lines and takes them away from `lines`, which is not locked meanwhile; after an error, those that are
    /// left are not written.
    pub(super) fn write(&mut self, lines: &Mutex<Vec<Line>>, written: &mut Written) -> io::Result<()> {
        loop {
            let first = lines.lock().first().map(|line| (line.bytes.len() as u64, line.unauthenticated.is_none()));
            let Some((size, is_known)) = first else { return Ok(()) };
            self.measure()?;
            // After a rotation that failed, the other lines go into the file as it is, until the next call.
            if written.not_rotated.is_none() && is_known {
                written.not_rotated = self.make_room(size).err();
            }
            let batch = self.batch(&lines.lock(), written.not_rotated.is_some());
            let (whole, result) = self.append(&batch.bytes);
            self.finish(&batch.steps, whole, lines, written);
            result?;
        }
    }

    /// The lines that fit into the file, or all if it cannot be rotated.
    fn batch(&self, lines: &[Line], outgrows: bool) -> Batch {
        let (mut batch, mut share) = (Batch::default(), 0);
        for line in lines {
            let size = line.bytes.len() as u64;
            let fits = self.fits(batch.bytes.len() as u64 + size);
            let is_known = line.unauthenticated.is_none();
            if is_known && !fits && !batch.steps.is_empty() && !outgrows {
                break;
            }
            let is_held_back = !is_known && (!fits || !self.has_share(share + size));
            if !is_held_back {
                share += if is_known { 0 } else { size };
                batch.bytes.extend_from_slice(&line.bytes);
            }
            batch.steps.push(Step { end: batch.bytes.len(), is_held_back });
        }
        batch
    }

    /// Takes away the lines that are in the first bytes of the batch.
    fn finish(&mut self, steps: &[Step], whole: usize, lines: &Mutex<Vec<Line>>, written: &mut Written) {
        let done = steps.iter().take_while(|step| step.end <= whole);
        let mut lines = lines.lock();
        // The end of the program may have taken them already.
        let count = done.clone().count().min(lines.len());
        for (line, step) in lines.drain(..count).zip(done) {
            match line.unauthenticated {
                Some(requests) if step.is_held_back => written.held_back.push(requests),
                unauthenticated => {
                    self.unauthenticated_bytes += unauthenticated.map_or(0, |_| line.bytes.len() as u64);
                    written.lines += 1;
                }
            }
            if let Some(notify) = line.written {
                // The request may have given up.
                let _ = notify.send(());
            }
        }
    }

    /// Another program may have shortened the file since the last write, and what it took away is no share of it.
    fn measure(&mut self) -> io::Result<()> {
        self.bytes = self.file.metadata()?.len();
        self.unauthenticated_bytes = self.unauthenticated_bytes.min(self.bytes);
        Ok(())
    }

    /// How large the file is to be.
    fn limit(&self) -> Option<u64> {
        self.bytes_max.filter(|_| self.is_regular)
    }

    /// Whether so many bytes more leave the file as small as it is to be.
    fn fits(&self, more: u64) -> bool {
        self.limit().is_none_or(|max| self.bytes + more <= max)
    }

    fn has_share(&self, more: u64) -> bool {
        self.limit().is_none_or(|max| self.unauthenticated_bytes + more <= max / UNAUTHENTICATED_SHARE)
    }

    fn make_room(&mut self, size: u64) -> io::Result<()> {
        match self.bytes > 0 && !self.fits(size) {
            true => self.rotate(),
            false => Ok(()),
        }
    }

    /// Whether a line could be written now.
    pub(super) fn probe(&mut self) -> io::Result<()> {
        if self.is_regular {
            self.measure()?;
            let (_, written) = stream::write(&self.file, &vec![b'\n'; PROBE_SIZE], &self.ending);
            self.take_back(self.bytes)?;
            return written;
        }
        // A device may be full; a pipe takes lines alone.
        match is_device(self.file.metadata()?.file_type()) {
            true => (&self.file).write_all(b"\n"),
            false => Ok(()),
        }
    }

    /// How many bytes of whole lines were written. No half a line stays; one that cannot be taken away, as from a pipe, is
    /// ended before the next line, so that this one is whole.
    fn append(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        if self.is_torn {
            // Nothing may come behind it any more, and a reader takes a half line with an end for a whole one.
            if self.ending.is_over() {
                return (0, Err(io::Error::other("the program ends behind half a line")));
            }
            match stream::write(&self.file, b"\n", &self.ending) {
                (_, Ok(())) => (self.is_torn, self.bytes) = (false, self.bytes + 1),
                (_, Err(error)) => return (0, Err(error)),
            }
        }
        let (count, written) = stream::write(&self.file, bytes, &self.ending);
        let whole = match &written {
            Ok(()) => count,
            Err(_) => memchr::memrchr(b'\n', &bytes[..count]).map_or(0, |end| end + 1),
        };
        let end = self.bytes + whole as u64;
        if written.is_err() {
            self.is_torn = match self.is_regular {
                true => self.take_back(end).is_err(),
                false => whole < count,
            };
        }
        self.bytes = end;
        (whole, written)
    }

    /// Shortens the file to this length. It may have become shorter meanwhile, and is never made longer: that would fill it
    /// with zeros.
    fn take_back(&self, end: u64) -> io::Result<()> {
        match self.file.metadata()?.len() {
            now if now > end => self.file.set_len(end),
            now if now == end || now == 0 => Ok(()),
            _ => Err(io::Error::other("another program has shortened the file during a write")),
        }
    }

    /// Begins another file, and renames this one and those before it.
    fn rotate(&mut self) -> io::Result<()> {
        self.sync();
        // A file that another program has moved away is not renamed once more, nor are those before it: its successor may
        // have the name already.
        if !self.has_its_name() {
            return self.reopen();
        }
        // The successor is open before anything is renamed. Without it, and with every error below, this file stays in use.
        let next = named(&self.path, NEXT);
        let file = successor(&next)?;
        let renamed = self.rename_all(&next);
        if renamed.is_err() {
            let _ = fs::remove_file(&next);
            return renamed;
        }
        (self.file, self.bytes, self.is_torn, self.unauthenticated_bytes) = (file, 0, false, 0);
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

    /// Whether events in the open file are not found under the log's name. A file that was only moved away takes events
    /// until SIGHUP: its successor is about to be created.
    pub(super) fn detached(&self) -> Option<Detached> {
        let own = self.file.metadata().ok().filter(fs::Metadata::is_file)?;
        if is_removed(&own) {
            return Some(Detached::Removed);
        }
        let found = fs::metadata(&self.path).ok()?;
        (!is_same(&found, &own)).then_some(Detached::Replaced)
    }

    /// The file that has the name now. Without one that can be opened, the open file stays in use.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        // It may be the same file, whose lock is taken anew.
        let _ = self.file.unlock();
        match AuditFile::open(&self.path, self.bytes_max, self.files_max) {
            Ok(mut file) => {
                self.sync();
                file.is_torn = self.is_torn && self.has_its_name();
                *self = file.ending_with(Arc::clone(&self.ending));
            }
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

#[cfg(unix)]
fn is_removed(file: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) == 0
}

#[cfg(not(unix))]
fn is_removed(_: &fs::Metadata) -> bool {
    false
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
    stream::open(options, path)
}

/// Files that hang, for tests.
#[cfg(all(test, unix))]
pub(super) mod testing {
    use std::io::Read as _;

    use super::*;

    /// A pipe that is read on demand.
    pub(in super::super) struct Pipe {
        pub(in super::super) path: PathBuf,
        reader: File,
    }

    impl Pipe {
        pub(in super::super) fn new(folder: &Path) -> Pipe {
            let path = folder.join("pipe");
            rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
            let reader = stream::open(File::options().read(true), &path).unwrap();
            Pipe { path, reader }
        }

        /// What is in it now.
        pub(in super::super) fn read(&self) -> String {
            let mut bytes = Vec::new();
            match (&self.reader).read_to_end(&mut bytes) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => panic!("{error}"),
                _ => String::from_utf8(bytes).unwrap(),
            }
        }
    }

    impl AuditFile {
        /// Writes block, as those of a disk do.
        pub(in super::super) fn blocking(self) -> AuditFile {
            rustix::fs::fcntl_setfl(&self.file, rustix::fs::OFlags::APPEND).unwrap();
            self
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::testing::Pipe;
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pipe_needs_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let make = || rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        make();
        let refused = AuditFile::open(&path, None, 1).err().unwrap();
        assert!(refused.to_string().contains("no program reads"), "{refused}");
        fs::remove_file(&path).unwrap();
        let pipe = Pipe::new(folder.path());
        assert!(AuditFile::open(&pipe.path, None, 1).is_ok());
    }

    /// A full pipe takes a part of what is written. The rest is written or not, and no line is both or in halves.
    #[cfg(unix)]
    #[test]
    fn a_pipe_that_is_full_has_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = Pipe::new(folder.path());
        let mut file = AuditFile::open(&pipe.path, None, 1).unwrap().ending_with(Arc::new(Ending::over()));
        // Longer than what a pipe takes or refuses as a whole.
        let text = |number: usize| format!("{number}{}\n", "x".repeat(10_000));
        let all: Vec<String> = (0..100).map(text).collect();
        let (left, mut written) = (Mutex::new(all.iter().map(|text| line(text, None)).collect()), Written::default());
        let error = file.write(&left, &mut written).unwrap_err();
        assert!(error.to_string().contains("reader does not read"), "{error}");
        let count = usize::try_from(written.lines).unwrap();
        assert!(count > 0 && count + left.lock().len() == all.len());
        assert_eq!(left.lock()[0].bytes, all[count].as_bytes());
        let first = pipe.read();
        // At the end of the program it stays as it is, whatever room there is.
        assert!(file.is_torn);
        assert!(file.write(&left, &mut written).is_err());
        assert_eq!(pipe.read(), "");
        // Opened anew or not, the half line is ended before the next one.
        let mut file = file.ending_with(Arc::default());
        file.reopen().unwrap();
        left.lock().truncate(2);
        file.write(&left, &mut written).unwrap();
        let text = [first, pipe.read()].concat();
        let found: Vec<&str> = text.split_inclusive('\n').filter(|line| all.iter().any(|one| one == line)).collect();
        assert_eq!(found, all[..usize::try_from(written.lines).unwrap()]);
        // The reader leaves, and another one comes.
        drop(pipe);
        left.lock().push(line("{}\n", None));
        assert!(file.write(&left, &mut written).is_err());
    }

    /// Other programs shorten the file, as `copytruncate` of logrotate does.
    #[test]
    fn a_file_that_was_shortened_has_no_zeros() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let mut file = AuditFile::open(&path, Some(10), 2).unwrap();
        let shorten = || File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        let is = |expected: &str| assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        write(&mut file, lines(&["{234567\n"]));
        shorten();
        file.probe().unwrap();
        is("");
        write(&mut file, lines(&["{234567\n"]));
        shorten();
        // It is not rotated, as it has room.
        write(&mut file, lines(&["{2345678\n"]));
        is("{2345678\n");
        assert!(!rotated(&path, 1).exists());
        // During a write that fails.
        file.take_back(9).unwrap();
        file.take_back(3).unwrap();
        is("{23");
        assert!(file.take_back(9).is_err());
        is("{23");
        // What is left of a line is ended.
        file.is_torn = true;
        write(&mut file, lines(&["{}\n"]));
        is("{23\n{}\n");
        shorten();
        file.take_back(9).unwrap();
        is("");
        // There is a share for unknown callers again.
        file.bytes_max = Some(40);
        let unknown = || line("{2345678\n", Some(HeldBack { requests: 1, since_ms: 7, counted: false }));
        write(&mut file, vec![unknown()]);
        shorten();
        write(&mut file, vec![unknown()]);
        is("{2345678\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_loses_its_name_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, moved) = (folder.path().join("audit"), folder.path().join("moved"));
        let mut file = AuditFile::open(&path, None, 2).unwrap();
        assert_eq!(file.detached(), None);
        // It is moved, and its successor is about to be made.
        fs::rename(&path, &moved).unwrap();
        assert_eq!(file.detached(), None);
        fs::write(&path, "").unwrap();
        assert_eq!(file.detached(), Some(Detached::Replaced));
        file.reopen().unwrap();
        assert_eq!(file.detached(), None);
        for others in [true, false] {
            fs::remove_file(&path).unwrap();
            if others {
                fs::write(&path, "").unwrap();
            }
            assert_eq!(file.detached(), Some(Detached::Removed));
            file.reopen().unwrap();
            assert_eq!(file.detached(), None);
        }
        // Rotations are its own.
        file.rotate().unwrap();
        assert_eq!(file.detached(), None);
        // A pipe without a name has its reader.
        let pipe = Pipe::new(folder.path());
        let file = AuditFile::open(&pipe.path, None, 2).unwrap();
        fs::remove_file(&pipe.path).unwrap();
        assert_eq!(file.detached(), None);
    }

    /// The limit is the file's, and a device that has its name for a while does not take it away.
    #[cfg(unix)]
    #[test]
    fn a_file_after_a_device_is_rotated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        std::os::unix::fs::symlink("/dev/null", &path).unwrap();
        let mut file = AuditFile::open(&path, Some(4), 2).unwrap();
        write(&mut file, lines(&["one\n", "two\n"]));
        fs::remove_file(&path).unwrap();
        file.reopen().unwrap();
        write(&mut file, lines(&["one\n", "two\n"]));
        assert_eq!([&path, &rotated(&path, 1)].map(|file| fs::read_to_string(file).unwrap()), ["two\n", "one\n"]);
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
        write(&mut file, lines(&["{1\n", "{2\n"]));
        is_refused();
        file.reopen().unwrap();
        is_refused();
        // What has the name is no log: the open file stays in use, and is locked.
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

    fn write(file: &mut AuditFile, lines: Vec<Line>) {
        let (all, mut written) = (lines.len() as u64, Written::default());
        let lines = Mutex::new(lines);
        file.write(&lines, &mut written).unwrap();
        assert_eq!((written.lines, lines.lock().len()), (all, 0));
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
        write(&mut file, lines(&["1234\n", "5678\n"]));
        check(["1234\n5678\n", "none", "none", "none"]);
        write(&mut file, lines(&["abcd\n", "longer than ten\n", "{f\n"]));
        check(["{f\n", "longer than ten\n", "abcd\n", "none"]);
        // What is there is counted at the next start.
        drop(file);
        let mut file = AuditFile::open(&path, Some(10), 2).unwrap();
        write(&mut file, lines(&["12345678\n"]));
        check(["12345678\n", "{f\n", "longer than ten\n", "none"]);
        // Another program moves it away.
        fs::rename(&path, folder.path().join("moved")).unwrap();
        write(&mut file, lines(&["a"]));
        file.reopen().unwrap();
        write(&mut file, lines(&["b"]));
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
            write(&mut file, lines(&[text]));
        }
        assert_eq!(files(), ["for\n", "tri\n", "two\n", "one\n"]);
        let fails = |file: &mut AuditFile| {
            let mut written = Written::default();
            let more = Mutex::new(lines(&["x\n", "y\n"]));
            file.write(&more, &mut written).unwrap();
            (written.lines, more.lock().len(), written.not_rotated.is_some())
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
        write(&mut file, lines(&["new\n"]));
        assert_eq!(files(), ["new\n", &format!("{grown}x\ny\n"), "two\n", "one\n"]);
        // Another program has moved the file: nothing else is renamed.
        fs::rename(&path, &aside).unwrap();
        write(&mut file, lines(&["last"]));
        assert_eq!(files(), ["last", &format!("{grown}x\ny\n"), "two\n", "one\n"]);
        // Its folder does not exist any more: the open file is written.
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
            let lines = Mutex::new((0..1_000).map(|_| line("bad\n", unknown())).collect());
            let mut written = Written::default();
            file.write(&lines, &mut written).unwrap();
            (written.lines, written.held_back.len(), lines.lock().len())
        };
        write(&mut file, lines(&["first\n"]));
        assert_eq!(flood(&mut file), (2, 998, 0));
        assert_eq!(flood(&mut file), (0, 1_000, 0));
        assert_eq!([read("audit"), read("audit.1")], ["first\nbad\nbad\n", "none"]);
        // An event of a known caller rotates the file, and then there is a share again.
        let both = vec![line("123456789012345678901234567\n", None), line("bad\n", unknown())];
        write(&mut file, both);
        assert_eq!([read("audit"), read("audit.1")], ["123456789012345678901234567\nbad\n", "first\nbad\nbad\n"]);
        // There is a share, and no room.
        write(&mut file, lines(&["1234\n"]));
        assert_eq!(flood(&mut file), (0, 1_000, 0));
        assert_eq!([read("audit.1"), read("audit.2")], ["first\nbad\nbad\n", "none"]);
    }

    #[test]
    fn a_probe_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let mut file = AuditFile::open(&path, None, 2).unwrap();
        write(&mut file, lines(&["a\n"]));
        file.probe().unwrap();
        write(&mut file, lines(&["b\n"]));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\n");
        #[cfg(target_os = "linux")]
        assert!(AuditFile::open(Path::new("/dev/full"), None, 2).unwrap().probe().is_err());
    }
}
