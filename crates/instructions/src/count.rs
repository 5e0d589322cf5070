//! One count: this program below valgrind's callgrind, which counts while `drive::measured` runs, on its thread only.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::drive::{COMMAND, MEASURED, MEASURED_REQUESTS};

const NO_VALGRIND: &str = "valgrind is needed to count, such as from `apt install valgrind`";

/// Instructions of one request.
pub(crate) fn count(engine: &str, request: &str) -> Result<u64, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
    let profile = folder.path().join("profile");
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--toggle-collect={MEASURED}"))
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args([COMMAND, engine, request])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{NO_VALGRIND}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{request} on {engine} below valgrind: {}: {said}", output.status));
    }
    let total = total(&profile)?;
    if total == 0 {
        return Err(format!("{request} on {engine}: valgrind has not seen {MEASURED}"));
    }
    Ok(total / MEASURED_REQUESTS)
}

fn total(profile: &Path) -> Result<u64, String> {
    let text = fs::read_to_string(profile).map_err(|error| format!("cannot read valgrind's profile: {error}"))?;
    parse_total(&text).ok_or_else(|| "valgrind's profile has no total".to_owned())
}

/// Source: Valgrind User Manual, "Callgrind Format Specification": the line `totals:`; instructions are the only event.
fn parse_total(profile: &str) -> Option<u64> {
    profile.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_found() {
        assert_eq!(parse_total("# callgrind format\nevents: Ir\n\nfn=(1) a\n16 400\n\ntotals: 1234\n"), Some(1234));
        assert_eq!(parse_total("events: Ir\n"), None);
        assert_eq!(parse_total("totals: x\n"), None);
    }
}
