//! Where an export goes: stdout, or a file that appears when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use client::Failure;
use flate2::write::GzEncoder;
use tokio::sync::{mpsc, oneshot};

use super::lines::Lines;

const STDOUT: &str = "-";

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Compression {
    None,
    Gzip,
}

pub(super) struct Output {
    sink: Encoder,
    temporary: Option<Temporary>,
    name: String,
}

enum Sink {
    Stdout(io::Stdout),
    File(File),
}

/// What is written on its way to the sink.
enum Encoder {
    None(Sink),
    Gzip(Box<GzEncoder<Sink>>),
}

/// A file that becomes another one. It is removed when dropped.
struct Temporary {
    path: PathBuf,
    target: PathBuf,
}

/// The thread that writes. The temporary file is not its own, so that it is removed also while the thread waits.
pub(super) struct Writing {
    ended: oneshot::Receiver<io::Result<()>>,
    temporary: Option<Temporary>,
    name: String,
    is_stdout: bool,
}

impl Output {
    pub(super) fn open(path: &Path, compression: Compression) -> Result<Output, Failure> {
        if path == Path::new(STDOUT) {
            let sink = Encoder::of(Sink::Stdout(io::stdout()), compression);
            return Ok(Output { sink, temporary: None, name: "stdout".to_owned() });
        }
        let name = path.display().to_string();
        let (file, temporary) = create(path).map_err(|error| Failure::new(format!("cannot write {name}: {error}")))?;
        Ok(Output { sink: Encoder::of(Sink::File(file), compression), temporary, name })
    }

    /// Begins to write what is received, in a thread: a pipe that is not read blocks it.
    pub(super) fn write(self, receiver: mpsc::Receiver<Vec<u8>>, lines: Arc<Lines>) -> Result<Writing, Failure> {
        let Output { sink, temporary, name } = self;
        let is_stdout = matches!(sink.sink(), Sink::Stdout(_));
        let (sender, ended) = oneshot::channel();
        let write = move || {
            // Its receiver is gone if the command has ended.
            let _ = sender.send(write_all(sink, receiver, &lines));
        };
        let thread = std::thread::Builder::new().name("export".to_owned()).spawn(write);
        thread.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
        Ok(Writing { ended, temporary, name, is_stdout })
    }
}

impl Writing {
    /// Waits for the end, and gives the file its name. Returns whether it was all taken: a reader that closes the pipe has read enough.
    pub(super) async fn finish(self) -> Result<bool, Failure> {
        let written = self.ended.await.unwrap_or_else(|_| Err(io::Error::other("the writer broke off")));
        let written = written.and_then(|()| self.temporary.map_or(Ok(()), Temporary::complete));
        match written {
            Ok(()) => Ok(true),
            Err(error) if self.is_stdout && error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Failure::new(format!("cannot write {}: {error}", self.name))),
        }
    }
}

fn write_all(mut sink: Encoder, mut receiver: mpsc::Receiver<Vec<u8>>, lines: &Lines) -> io::Result<()> {
    let mut has_header = false;
    while let Some(text) = receiver.blocking_recv() {
        if !std::mem::replace(&mut has_header, true) {
            sink.write_all(&lines.header())?;
        }
        sink.write_all(&text)?;
    }
    if !has_header {
        sink.write_all(&lines.header())?;
    }
    sink.finish()
}

impl Encoder {
    fn of(sink: Sink, compression: Compression) -> Encoder {
        match compression {
            Compression::None => Encoder::None(sink),
            Compression::Gzip => Encoder::Gzip(Box::new(GzEncoder::new(sink, flate2::Compression::default()))),
        }
    }

    fn sink(&self) -> &Sink {
        match self {
            Encoder::None(sink) => sink,
            Encoder::Gzip(encoder) => encoder.get_ref(),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Encoder::None(sink) => sink.write_all(bytes),
            Encoder::Gzip(encoder) => encoder.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Encoder::None(mut sink) => sink.finish(),
            Encoder::Gzip(encoder) => encoder.finish()?.finish(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Stdout(stdout) => stdout.write(bytes),
            Sink::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Stdout(stdout) => stdout.flush(),
            Sink::File(file) => file.flush(),
        }
    }
}

impl Sink {
    fn finish(&mut self) -> io::Result<()> {
        match self {
            Sink::Stdout(stdout) => stdout.flush(),
            // A device or a pipe has no disk to sync with.
            Sink::File(file) if file.metadata()?.is_file() => file.sync_all(),
            Sink::File(_) => Ok(()),
        }
    }
}

/// A device or a pipe is opened; in place of anything else, a temporary file beside it is. A link leads to the file that is replaced.
fn create(path: &Path) -> io::Result<(File, Option<Temporary>)> {
    let target = match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder")),
        Ok(found) if !found.is_file() => return Ok((OpenOptions::new().write(true).open(path)?, None)),
        Ok(_) => fs::canonicalize(path)?,
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let name = target.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "it has no name"))?;
    let name = format!(".{}.{:016x}.partial", name.to_string_lossy(), base::random::u64());
    let temporary = Temporary { path: target.with_file_name(name), target };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Items are their reader's only.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&temporary.path)?;
    Ok((file, Some(temporary)))
}

impl Temporary {
    fn complete(self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is nothing of this name.
        let _ = fs::remove_file(&self.path);
    }
}
