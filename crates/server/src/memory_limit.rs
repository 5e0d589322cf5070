//! How much memory rows may take with `--memory`, unless it is said: half of what the machine or the container has.

use std::fs;

const HALF: u64 = 2;
/// Where the system does not say how much it has. Unit: bytes.
const UNKNOWN: u64 = 4 << 30;

/// What a container may take: of control groups of version 2, and of version 1.
const OF_CONTAINER: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

pub(crate) fn default() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_bytes(&text));
    let container = OF_CONTAINER.iter().filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok());
    machine.into_iter().chain(container).min().map_or(UNKNOWN, |bytes| bytes / HALF)
}

fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_says_how_much_memory_it_has() {
        assert_eq!(total_bytes("MemTotal:       16384000 kB\nMemFree: 1 kB\n"), Some(16_384_000 * 1024));
        assert_eq!(total_bytes("MemFree: 1 kB\n"), None);
        assert!(default() > 0);
    }
}
