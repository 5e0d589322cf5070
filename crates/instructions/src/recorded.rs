//! The counts to compare with: `recorded.txt`, one line a count, beside the source so that a change of it is seen and
//! judged with the change that made it necessary.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Count;

/// The instructions of one processor are not those of another.
pub(crate) const ARCHITECTURE: &str = "x86_64";

const HEAD: &str = "\
# Instructions of one request, written by `cargo instructions --record` (docs/performance.md).
# engine  request  instructions
";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded.txt")
}

pub(crate) fn read() -> Result<Vec<Count>, String> {
    let path = path();
    let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    parse(&text).ok_or_else(|| format!("{} is not a record of counts", path.display()))
}

pub(crate) fn write(counts: &[Count]) -> Result<(), String> {
    if std::env::consts::ARCH != ARCHITECTURE {
        return Err(format!("counts are recorded on {ARCHITECTURE}, and this is {}", std::env::consts::ARCH));
    }
    let path = path();
    fs::write(&path, text(counts)).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn text(counts: &[Count]) -> String {
    let mut text = HEAD.to_owned();
    for count in counts {
        // Writing to memory cannot fail.
        let _ = writeln!(text, "{:8}  {:20}  {}", count.engine, count.request, count.instructions);
    }
    text
}

fn parse(text: &str) -> Option<Vec<Count>> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Count> {
    let mut words = line.split_ascii_whitespace();
    let (engine, request) = (words.next()?.to_owned(), words.next()?.to_owned());
    let instructions = words.next()?.parse().ok()?;
    words.next().is_none().then_some(Count { engine, request, instructions })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::{ENGINES, REQUESTS};

    #[test]
    fn what_is_written_can_be_read() {
        let counts = vec![Count { engine: "memory".into(), request: "GetItem-1KB".into(), instructions: 9_000 }];
        assert_eq!(parse(&text(&counts)), Some(counts));
        for refused in ["memory GetItem", "memory GetItem many", "memory GetItem 1 2"] {
            assert_eq!(parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn every_request_is_recorded() {
        let recorded = read().unwrap();
        for engine in ENGINES {
            for request in REQUESTS {
                let found = recorded.iter().any(|count| count.engine == engine && count.request == request.name);
                assert!(found, "{} on {engine}: run `cargo instructions --record`", request.name);
            }
        }
        assert_eq!(recorded.len(), ENGINES.len() * REQUESTS.len());
    }
}
