//! File handles: each connection takes one, and so do each call to another server and each file of data in use. Shells and
//! service managers often give a program 1,024 and let it ask for more, so this one asks.
//!
//! The three have their parts of what there is, so that neither clients nor receivers that never answer take the handles that the
//! storage engine needs: a flush without one ends all writes until a restart.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::log::{self, Value};

/// What is reserved for everything that is no client's connection: data, and calls to other servers. Unit: handles.
const RESERVED: u64 = 512;
// Most of it is for data.
const _: () = assert!(client::CALLS_MAX as u64 * 4 <= RESERVED);
/// Where there are few handles, calls have one of so many.
const CALLS_PART: u64 = 8;

/// For how many connections and calls there are handles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Parts {
    connections: u32,
    calls: u32,
}

/// Sees to it that there are handles for so many connections, and bounds the calls to other servers. Returns for how many
/// connections there are.
pub(crate) fn for_connections(connections: u32) -> u32 {
    let wanted = u64::from(connections) + RESERVED;
    let granted = granted(wanted);
    let Parts { connections: possible, calls } = parts(connections, granted);
    client::set_calls_max(calls);
    // The limit is the same for each listener.
    static WARNED: AtomicBool = AtomicBool::new(false);
    if possible < connections && !WARNED.swap(true, Ordering::Relaxed) {
        let data = [
            ("connections_max", Value::Number(possible.into())),
            ("wanted", Value::Number(connections.into())),
            ("open_files", Value::Number(granted)),
        ];
        let message = format!(
            "only {granted} files may be open, so at most {possible} connections are taken; for {connections}, raise \
             the limit of open files (ulimit -n, LimitNOFILE) to {wanted}"
        );
        log::warning("connections_lowered", &message, &data);
    }
    possible
}

/// Connections have half of the handles if there are too few for both them and the rest.
fn parts(connections: u32, granted: u64) -> Parts {
    let calls = u64::from(client::CALLS_MAX).min(granted / CALLS_PART).max(1);
    let room = granted.saturating_sub(RESERVED).max(granted / 2).max(1);
    let number = |handles: u64| u32::try_from(handles).unwrap_or(u32::MAX);
    Parts { connections: connections.min(number(room)), calls: number(calls) }
}

/// How many handles this process may have, after asking for so many.
#[cfg(unix)]
fn granted(wanted: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current else { return u64::MAX };
    if current >= wanted {
        return current;
    }
    let asked = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = Rlimit { current: Some(asked), maximum: limit.maximum };
    match asked > current && setrlimit(Resource::Nofile, raised).is_ok() {
        true => asked,
        false => current,
    }
}

/// Elsewhere sockets are not counted with files.
#[cfg(not(unix))]
fn granted(_: u64) -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_data() {
        for (wanted, granted, connections, calls) in [
            (10_000, u64::MAX, 10_000, 128),
            (10_000, 10_512, 10_000, 128),
            (10_000, 4_096, 3_584, 128),
            (10_000, 1_024, 512, 128),
            (10_000, 400, 200, 50),
            (10_000, 64, 32, 8),
            (10, 1, 1, 1),
            (100, 1_024, 100, 128),
        ] {
            assert_eq!(parts(wanted, granted), Parts { connections, calls }, "{wanted} of {granted}");
        }
    }
}
