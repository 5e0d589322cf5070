//! Files with the ports that the server listens on, for tests that start it on any free one.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{Failure, ServeArguments};

/// Removed when the server stops: a test that finds one finds a server that has been ready.
pub(super) struct PortFiles(Vec<PathBuf>);

/// A file of an earlier server would be taken for this one's.
pub(super) fn clear(arguments: &ServeArguments) -> Result<PortFiles, Failure> {
    let files = [&arguments.port_file, &arguments.metrics_port_file];
    let files = PortFiles(files.into_iter().flatten().cloned().collect());
    for file in &files.0 {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(file, &error)),
            _ => {}
        }
    }
    Ok(files)
}

impl PortFiles {
    pub(super) fn write(
        &self,
        arguments: &ServeArguments,
        main: SocketAddr,
        pages: Option<SocketAddr>,
    ) -> Result<(), Failure> {
        let ports = [(&arguments.metrics_port_file, pages), (&arguments.port_file, Some(main))];
        for (file, address) in ports {
            if let (Some(file), Some(address)) = (file, address) {
                write(file, address.port()).map_err(|error| failed(file, &error))?;
            }
        }
        Ok(())
    }
}

impl Drop for PortFiles {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = fs::remove_file(file);
        }
    }
}

/// A reader finds all of it, or no file.
fn write(file: &Path, port: u16) -> io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = file.with_file_name(name);
    // What is there under that name is of a process that was killed, or a link that leads elsewhere.
    let _ = fs::remove_file(&new);
    let mut written = fs::OpenOptions::new().write(true).create_new(true).open(&new)?;
    written.write_all(format!("{port}\n").as_bytes())?;
    fs::rename(new, file)
}

fn failed(file: &Path, error: &io::Error) -> Failure {
    Failure::PortFile(format!("cannot write the port to {}: {error}", file.display()))
}
