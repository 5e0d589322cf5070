//! Memory of a process, as Linux counts it.

/// Unit: bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Its resident memory (RSS).
    pub(super) resident: u64,
    /// The same, with shared pages counted by their share (PSS); not every kernel reports it.
    pub(super) proportional: Option<u64>,
}

impl Memory {
    /// `None` if there is no such process, or no `/proc`.
    pub(super) fn of_process(pid: u32) -> Option<Memory> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).ok();
        let resident = bytes(&read("status")?, "VmRSS:")?;
        let proportional = read("smaps_rollup").and_then(|text| bytes(&text, "Pss:"));
        Some(Memory { resident, proportional })
    }
}

/// Source: proc_pid_status(5), proc_pid_smaps(5): a name, a number, and `kB`, which means 1,024 bytes.
fn bytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_proc() {
        let check = |text: &str, name: &str, expected: Option<u64>| assert_eq!(bytes(text, name), expected, "{text}");
        check("Name:\tstator\nVmHWM:\t   20000 kB\nVmRSS:\t   12 kB\n", "VmRSS:", Some(12_288));
        check(
            "55 - 7f ---p 00000000 00:00 0   [rollup]\nRss:   9 kB\nPss:     3 kB\nPss_Dirty: 1 kB\n",
            "Pss:",
            Some(3_072),
        );
        check("Name:\tstator\n", "VmRSS:", None);
        check("VmRSS:\tmuch\n", "VmRSS:", None);
    }
}
