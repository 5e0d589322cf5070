//! A tar file (POSIX ustar) of a few texts.
//!
//! | bytes | of a header of 512 |
//! |---|---|
//! | 0..100 | name |
//! | 100..108, 108..116, 116..124 | mode, user, group: octal digits and a zero byte |
//! | 124..136, 136..148 | size in bytes, and seconds since 1970: octal |
//! | 148..156 | sum of the header's bytes, with blanks in its own place |
//! | 156 | type: `0`, a file |
//! | 257..265 | `ustar`, a zero byte, `00` |

const BLOCK: usize = 512;

/// Files with their contents, in order. Names have at most 100 ASCII letters.
pub(super) fn tar(files: &[(String, String)], time_s: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        bytes.extend(header(name, content.len(), time_s));
        bytes.extend(content.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    // Two empty blocks are the end.
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

fn header(name: &str, size: usize, time_s: u64) -> [u8; BLOCK] {
    debug_assert!(name.len() <= 100, "the name fits");
    let mut header = [0; BLOCK];
    let mut put = |at: usize, text: &str| {
        for (place, byte) in header[at..].iter_mut().zip(text.bytes()) {
            *place = byte;
        }
    };
    put(0, name);
    put(100, "0000600\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, &format!("{time_s:011o}\0"));
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\u{0}00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in header[148..156].iter_mut().zip(format!("{sum:06o}\0 ").bytes()) {
        *place = byte;
    }
    header
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Read by another program.
    #[test]
    fn files_come_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let long = "x".repeat(513);
        let files = [("a/one.txt".to_owned(), "one\n".to_owned()), ("a/two.txt".to_owned(), long.clone())];
        std::fs::write(folder.path().join("t.tar"), tar(&files, 1_440_938_160)).expect("written");
        let status = Command::new("tar").args(["-xf", "t.tar"]).current_dir(folder.path()).status().expect("tar");
        assert!(status.success());
        assert_eq!(std::fs::read_to_string(folder.path().join("a/one.txt")).expect("a file"), "one\n");
        assert_eq!(std::fs::read_to_string(folder.path().join("a/two.txt")).expect("a file"), long);
    }
}
