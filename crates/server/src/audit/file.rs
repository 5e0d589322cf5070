//! A file that only grows, until it is large: then it steps aside for another one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::rotated;

pub(super) struct AuditFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: Option<u64>,
    /// How many are kept that have stepped aside.
    files_max: u32,
}

impl AuditFile {
    pub(super) fn open(path: &Path, bytes_max: Option<u64>, files_max: u32) -> io::Result<AuditFile> {
        let file = append(path)?;
        let bytes = file.metadata()?.len();
        Ok(AuditFile { path: path.to_owned(), file, bytes, bytes_max, files_max })
    }

    /// Writes whole lines; all of them, or as if it were none.
    pub(super) fn write(&mut self, lines: &[Vec<u8>]) -> io::Result<()> {
        let mut together = Vec::new();
        for line in lines {
            let bytes = self.bytes + together.len() as u64;
            if bytes > 0 && self.bytes_max.is_some_and(|max| bytes + line.len() as u64 > max) {
                self.append(&together)?;
                together.clear();
                self.rotate()?;
            }
            together.extend_from_slice(line);
        }
        self.append(&together)
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

    fn lines(texts: &[&str]) -> Vec<Vec<u8>> {
        texts.iter().map(|text| text.as_bytes().to_vec()).collect()
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
        file.write(&lines(&["1234\n", "5678\n"])).unwrap();
        check(["1234\n5678\n", "none", "none", "none"]);
        file.write(&lines(&["abcd\n", "longer than ten\n", "ef\n"])).unwrap();
        check(["ef\n", "longer than ten\n", "abcd\n", "none"]);
        // What is there is counted at the next start.
        let mut file = AuditFile::open(&path, Some(10), 2).unwrap();
        file.write(&lines(&["12345678\n"])).unwrap();
        check(["12345678\n", "ef\n", "longer than ten\n", "none"]);
        // Somebody else moves it away.
        fs::rename(&path, folder.path().join("moved")).unwrap();
        file.write(&lines(&["a"])).unwrap();
        file.reopen().unwrap();
        file.write(&lines(&["b"])).unwrap();
        assert_eq!((read("moved"), read("audit")), ("12345678\na".to_owned(), "b".to_owned()));
    }
}
