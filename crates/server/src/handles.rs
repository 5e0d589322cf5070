//! File handles: each connection takes one, and so does each file of data in use. Shells and service managers often give
//! a program 1,024 and let it ask for more, so this one asks.

use crate::log::{self, Value};

/// What is kept for everything that is no client's connection. Unit: handles.
const RESERVED: u64 = 512;

/// Sees to it that there are handles for so many connections. Returns for how many there are.
pub(crate) fn for_connections(connections: u32) -> u32 {
    let wanted = u64::from(connections) + RESERVED;
    let granted = granted(wanted);
    let possible = possible(connections, granted);
    if possible < connections {
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

/// Half of what there is goes to connections if there is too little for both.
fn possible(connections: u32, granted: u64) -> u32 {
    let room = granted.saturating_sub(RESERVED).max(granted / 2).max(1);
    connections.min(u32::try_from(room).unwrap_or(u32::MAX))
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
        for (wanted, granted, expected) in [
            (10_000, u64::MAX, 10_000),
            (10_000, 10_512, 10_000),
            (10_000, 4_096, 3_584),
            (10_000, 1_024, 512),
            (10_000, 64, 32),
            (10, 1, 1),
            (100, 1_024, 100),
        ] {
            assert_eq!(possible(wanted, granted), expected, "{wanted} of {granted}");
        }
    }
}
