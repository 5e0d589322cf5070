//! Writes without blocking. A pipe or a terminal may take nothing for any time: the wait for it ends with the program, and
//! the caller knows how much has been written. A disk is not waited for here: its writes block.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::ending::Ending;

/// How often a wait looks at the end of the program.
#[cfg(unix)]
const LOOK: std::time::Duration = std::time::Duration::from_millis(100);

/// How many bytes were written, which are all of them or come with an error.
pub(super) fn write(mut file: &File, bytes: &[u8], ending: &Ending) -> (usize, io::Result<()>) {
    let mut count = 0;
    while count < bytes.len() {
        match file.write(&bytes[count..]) {
            Ok(0) => return (count, Err(io::ErrorKind::WriteZero.into())),
            Ok(written) => count += written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !ending.is_over() => wait(file),
            Err(error) => return (count, Err(named(error))),
        }
    }
    (count, Ok(()))
}

fn named(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => {
            io::Error::other("a pipe whose reader does not read, or a terminal that is stopped")
        }
        _ => error,
    }
}

/// Until the file may take something, or for a moment.
#[cfg(unix)]
fn wait(file: &File) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let timeout = Timespec { tv_sec: 0, tv_nsec: LOOK.subsec_nanos().into() };
    if poll(&mut [PollFd::new(file, PollFlags::OUT)], Some(&timeout)).is_err() {
        std::thread::sleep(LOOK);
    }
}

#[cfg(not(unix))]
fn wait(_: &File) {
    std::thread::yield_now();
}

/// Neither opening nor writing blocks: opening a pipe without a reader would, until there is one, and no signal ends that.
/// Regular files do not know the flag.
#[cfg(unix)]
pub(super) fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};

    use rustix::fs::OFlags;
    use rustix::io::Errno;

    let is_pipe = || fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path).map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::NXIO.raw_os_error() && is_pipe() => {
            io::Error::other("it is a pipe that no program reads")
        }
        _ => error,
    })
}

#[cfg(not(unix))]
pub(super) fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}
