//! What the operating system says of this process, under the names that Prometheus's own libraries use. Only Linux
//! has it in files; elsewhere there are fewer values.

use std::fs;

use base::{Metric, Page};

/// In which `/proc` counts time: the same on every Linux that people run. Unit: ticks.
const TICKS_A_SECOND: f64 = 100.0;

static START_TIME: Metric =
    Metric::gauge("process_start_time_seconds", "When the process started, in seconds since 1970.");
static RESIDENT: Metric = Metric::gauge("process_resident_memory_bytes", "Memory that the process takes.");
static CPU: Metric = Metric::counter("process_cpu_seconds_total", "Processor time that the process took.");
static OPEN_FDS: Metric = Metric::gauge("process_open_fds", "File handles that are open.");
static MAX_FDS: Metric = Metric::gauge("process_max_fds", "File handles that the process may open.");

pub(super) fn write(started_ms: u64, page: &mut Page) {
    page.metric(&START_TIME).value(started_ms as f64 / 1e3);
    if let Some(kib) = fs::read_to_string("/proc/self/status").ok().and_then(|text| resident_kib(&text)) {
        page.metric(&RESIDENT).value(kib * 1024);
    }
    if let Some(ticks) = fs::read_to_string("/proc/self/stat").ok().and_then(|text| cpu_ticks(&text)) {
        page.metric(&CPU).value(ticks as f64 / TICKS_A_SECOND);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        page.metric(&OPEN_FDS).value(files.count());
    }
    if let Some(files) = fs::read_to_string("/proc/self/limits").ok().and_then(|text| open_files_max(&text)) {
        page.metric(&MAX_FDS).value(files);
    }
}

fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// In user mode and in the kernel: the 14th and 15th field, of which the 2nd may contain anything in brackets.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn open_files_max(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_proc() {
        assert_eq!(resident_kib("Name:\tstator\nVmRSS:\t   12345 kB\nVmSwap: 0 kB\n"), Some(12_345));
        assert_eq!(resident_kib("Name:\tstator\n"), None);
        let stat = "12 (a ) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 4";
        assert_eq!(cpu_ticks(stat), Some(200));
        assert_eq!(open_files_max("Limit  Soft  Hard\nMax open files   1024   4096   files\n"), Some(1024));
        assert_eq!(open_files_max("Max open files   unlimited  unlimited files\n"), None);
    }
}
