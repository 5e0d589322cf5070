//! The trace that the layer has written (`layer.rs` has its format), read.

use std::fmt;
use std::ops::Range;

/// One call of the server's.
pub(super) struct Event {
    /// Where its record ends in the trace: the moment right after it.
    pub(super) end: u64,
    pub(super) what: What,
}

pub(super) enum What {
    Opened {
        handle: u64,
        flags: u64,
        path: String,
    },
    /// The bytes stand in the trace.
    Written {
        handle: u64,
        offset: u64,
        bytes: Range<usize>,
    },
    Sized {
        handle: u64,
        size: u64,
    },
    FolderMade {
        path: String,
    },
    Renamed {
        from: String,
        to: String,
    },
    Removed {
        path: String,
    },
    SyncBegins {
        handle: u64,
        sync: u64,
    },
    SyncEnded {
        handle: u64,
        sync: u64,
    },
}

const HEAD: usize = 21;

pub(super) fn read(trace: &[u8]) -> Vec<Event> {
    let number = |at: usize| u64::from_le_bytes(trace[at..at + 8].try_into().expect("8 bytes"));
    let mut events = Vec::new();
    let mut at = 0;
    while at < trace.len() {
        let size = u32::from_le_bytes(trace[at..at + 4].try_into().expect("4 bytes")) as usize;
        let (kind, a, b) = (trace[at + 4], number(at + 5), number(at + 13));
        let rest = at + HEAD..at + 4 + size;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a path");
        let path = || text(&trace[rest.clone()]);
        let what = match kind {
            1 => What::Opened { handle: a, flags: b, path: path() },
            2 => What::Written { handle: a, offset: b, bytes: rest.clone() },
            3 => What::Sized { handle: a, size: b },
            4 => What::FolderMade { path: path() },
            5 => {
                let paths = path();
                let (from, to) = paths.split_once('\0').expect("two paths");
                What::Renamed { from: from.to_owned(), to: to.to_owned() }
            }
            6 => What::Removed { path: path() },
            7 => What::SyncBegins { handle: a, sync: b },
            8 => What::SyncEnded { handle: a, sync: b },
            _ => panic!("the server makes call {a} of the kernel, which the layer does not follow"),
        };
        at = rest.end;
        events.push(Event { end: at as u64, what });
    }
    events
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Opened { handle, flags, path } => write!(f, "open {path} with {flags:o} as {handle}"),
            What::Written { handle, offset, bytes } => write!(f, "write {} bytes at {offset} of {handle}", bytes.len()),
            What::Sized { handle, size } => write!(f, "set the size of {handle} to {size}"),
            What::FolderMade { path } => write!(f, "make the folder {path}"),
            What::Renamed { from, to } => write!(f, "rename {from} to {to}"),
            What::Removed { path } => write!(f, "remove {path}"),
            What::SyncBegins { handle, sync } => write!(f, "begin sync {sync} of {handle}"),
            What::SyncEnded { handle, sync } => write!(f, "end sync {sync} of {handle}"),
        }
    }
}
