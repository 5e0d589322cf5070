//! CPU time of a process, as Linux counts it.

use std::time::Duration;

/// The unit of times in `/proc`: Linux fixes `USER_HZ` at 100 for programs.
const TICK: Duration = Duration::from_millis(10);

/// User and system time of all threads so far; `None` if there is no such process, or no `/proc`.
pub(crate) fn of_process(pid: u32) -> Option<Duration> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

pub(crate) fn of_this_process() -> Option<Duration> {
    of_process(std::process::id())
}

/// Source: proc_pid_stat(5): `utime` and `stime` are fields 14 and 15. The name, field 2, may hold blanks and brackets.
fn parse(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11);
    let mut next = || times.next()?.parse::<u32>().ok();
    Some(TICK * next()?.checked_add(next()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let fields = "S 1 4242 4242 0 -1 4194560 1000 0 0 0 150 50 7 8 20 0 3 0 100";
        let check = |stat: String, expected: Option<Duration>| assert_eq!(parse(&stat), expected, "{stat}");
        check(format!("4242 (stator) {fields}"), Some(Duration::from_secs(2)));
        check(format!("4242 (a ) b (c) {fields}"), Some(Duration::from_secs(2)));
        check("4242 (stator) S 1".to_owned(), None);
        check(String::new(), None);
    }
}
