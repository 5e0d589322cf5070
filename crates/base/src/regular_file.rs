//! Files that are read whole because a flag or a setting names them: regular ones of a bounded size, with a look at
//! how other users reach them.
//!
//! Devices, pipes, sockets and folders are refused before and after opening, so that neither a path nor its exchange in
//! between blocks the start or reads without end. Files of `/proc` and `/sys` do not say how long they are and are refused, too.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::exposure::Exposure;

/// What was read; its bytes are overwritten when it is dropped.
pub struct RegularFile {
    pub bytes: Zeroizing<Vec<u8>>,
    /// How other users can read or change the file, if they can.
    pub exposed: Option<Exposure>,
}

/// Why a file is not read.
#[derive(Debug)]
pub enum Unreadable {
    Io(io::Error),
    Kind(&'static str),
    TooLarge(u64),
    /// It has another size than the file system says.
    NoSize,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Io(error) => error.fmt(f),
            Unreadable::Kind(kind) => write!(f, "it is {kind}; only regular files are read"),
            Unreadable::TooLarge(max) => write!(f, "it is larger than {max} bytes"),
            Unreadable::NoSize => f.write_str(
                "its content is not as long as the file system says: it is not stored on a disk, or was being written",
            ),
        }
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Unreadable {
        Unreadable::Io(error)
    }
}

impl RegularFile {
    /// # Errors
    /// If it cannot be read, is no regular file, or has more bytes.
    pub fn read(file: &Path, bytes_max: u64) -> Result<RegularFile, Unreadable> {
        let (open, metadata) = open_regular(file)?;
        Ok(RegularFile { bytes: content(open, metadata.len(), bytes_max)?, exposed: Exposure::of_file(&metadata) })
    }

    /// Whether another reader finds a regular file of at most so many bytes.
    ///
    /// # Errors
    /// If it does not.
    pub fn check(file: &Path, bytes_max: u64) -> Result<(), Unreadable> {
        match open_regular(file)?.1.len() > bytes_max {
            true => Err(Unreadable::TooLarge(bytes_max)),
            false => Ok(()),
        }
    }

    /// The first bytes of a file, fewer if it is shorter: what kind of file it is.
    ///
    /// # Errors
    /// If it cannot be read, or is no regular file.
    pub fn begin(file: &Path, size: usize) -> Result<Vec<u8>, Unreadable> {
        let (open, _) = open_regular(file)?;
        let mut bytes = Vec::with_capacity(size);
        open.take(size as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

fn open_regular(file: &Path) -> Result<(File, Metadata), Unreadable> {
    // Opening some devices has effects of its own, so the path is looked at first. It may lead elsewhere a moment
    // later: what counts is what is open.
    refuse_special(&fs::metadata(file)?)?;
    let open = open(file)?;
    let metadata = open.metadata()?;
    refuse_special(&metadata)?;
    Ok((open, metadata))
}

fn content(file: File, size: u64, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    if size > bytes_max {
        return Err(Unreadable::TooLarge(bytes_max));
    }
    // With all of its room from the start, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size + 2).unwrap_or_default()));
    file.take(size + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(Unreadable::NoSize) }
}

#[cfg(unix)]
fn open(file: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    // A pipe that takes the file's place does not block the open.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    options.read(true).custom_flags(i32::try_from(flags.bits()).unwrap_or_default()).open(file)
}

#[cfg(not(unix))]
fn open(file: &Path) -> io::Result<File> {
    File::open(file)
}

fn refuse_special(metadata: &Metadata) -> Result<(), Unreadable> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(Unreadable::Kind("a folder"));
    }
    Err(Unreadable::Kind(special(kind)))
}

#[cfg(unix)]
fn special(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "a special file",
    }
}

#[cfg(not(unix))]
fn special(_: fs::FileType) -> &'static str {
    "a special file"
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn refused(file: &Path) -> String {
        RegularFile::read(file, 4096).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn special_files_are_refused_and_do_not_block() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        assert!(refused(&pipe).contains("a pipe"));
        // Opened in its own right, as if it had taken a file's place: without a writer it would block.
        assert!(refuse_special(&open(&pipe).unwrap().metadata().unwrap()).is_err());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        assert!(refused(&link).contains("a pipe"));
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        assert!(refused(&socket).contains("a socket"));
        assert!(refused(folder.path()).contains("a folder"));
        assert!(refused(&folder.path().join("none")).contains("No such file"));
        for device in ["/dev/zero", "/dev/null", "/dev/urandom"] {
            assert!(refused(Path::new(device)).contains("a device"), "{device}");
            assert!(matches!(RegularFile::check(Path::new(device), 1), Err(Unreadable::Kind("a device"))));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn files_without_a_size_are_refused() {
        for file in ["/proc/self/environ", "/proc/self/cmdline", "/proc/cpuinfo"] {
            assert!(refused(Path::new(file)).contains("not as long as"), "{file}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        for (size, expected) in [(0, true), (4096, true), (4097, false)] {
            fs::write(&file, vec![b'a'; size]).unwrap();
            let read = RegularFile::read(&file, 4096);
            assert_eq!(read.is_ok_and(|file| file.bytes.len() == size), expected, "{size}");
        }
        // A file of no bytes on the disk, and as many as one likes.
        File::create(&file).unwrap().set_len(1 << 40).unwrap();
        assert!(refused(&file).contains("larger than 4096"));
        assert!(matches!(RegularFile::check(&file, 4096), Err(Unreadable::TooLarge(4096))));
        assert!(RegularFile::check(&file, 1 << 40).is_ok());
    }

    #[test]
    fn what_others_can_read_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "a").unwrap();
        for (mode, exposed) in
            [(0o600, false), (0o400, false), (0o700, false), (0o640, true), (0o644, true), (0o602, true), (0o660, true)]
        {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let found = RegularFile::read(&file, 9).unwrap().exposed;
            assert_eq!(found, exposed.then_some(Exposure::Mode(mode)), "{mode:o}");
        }
    }
}
