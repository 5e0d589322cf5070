//! The layer under the server: a library, preloaded into it, that writes down all it does to its folder.
//!
//! Not a module of the tests: they compile it by itself and start the server with it (`recording.rs`). Before the
//! program begins it asks the kernel to hand it every call that may change a file (seccomp, with a signal for each
//! call), from any code: some crates call the kernel without the C library, where no interposed function would see
//! them. The signal's handler makes the call itself and appends a record to the trace. Linux on x86-64 only.
//!
//! One lock puts calls and records into one order. Only the syncs of the disk run outside it: one record when a sync
//! begins, one when it has ended, and what is written meanwhile is not promised to be in it.
//!
//! A record, numbers little-endian: size of what follows (4), kind (1), a (8), b (8), text or bytes.
//!
//! | kind | a | b | rest |
//! |---|---|---|---|
//! | 1 a file is open | handle | flags | path |
//! | 2 bytes are written | handle | offset | bytes |
//! | 3 a file has a size | handle | size | |
//! | 4 a folder is made | | | path |
//! | 5 a file is renamed | | | old path, 0, new path |
//! | 6 a file or an empty folder is removed | | | path |
//! | 7 a sync begins | handle | its number | |
//! | 8 a sync has ended | handle | its number | |
//! | 9 a call that the layer cannot follow | number of the call | | |
//!
//! A handle is a number that no other open file ever has, so closing needs no record.

use std::arch::global_asm;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{addr_of, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

// The only place from which the kernel takes calls without asking: its address is in the filter.
global_asm!(
    ".hidden layer_call",
    ".globl layer_call",
    "layer_call:",
    "mov rax, rdi",
    "mov rdi, rsi",
    "mov rsi, rdx",
    "mov rdx, rcx",
    "mov r10, r8",
    "mov r8, r9",
    "mov r9, [rsp + 8]",
    "syscall",
    ".hidden layer_called",
    ".globl layer_called",
    "layer_called:",
    "ret",
);

unsafe extern "C" {
    fn layer_call(number: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64;
    static layer_called: u8;
    fn getenv(name: *const c_char) -> *const c_char;
    fn sigaction(signal: c_int, action: *const Action, old: *mut Action) -> c_int;
    fn prctl(option: c_int, a: u64, b: u64, c: u64, d: u64) -> c_int;
    fn abort() -> !;
}

const WRITE: i64 = 1;
const OPEN: i64 = 2;
const CLOSE: i64 = 3;
const LSEEK: i64 = 8;
const PWRITE: i64 = 18;
const WRITEV: i64 = 20;
const SCHED_YIELD: i64 = 24;
const DUP: i64 = 32;
const NANOSLEEP: i64 = 35;
const FCNTL: i64 = 72;
const FSYNC: i64 = 74;
const FDATASYNC: i64 = 75;
const FTRUNCATE: i64 = 77;
const RENAME: i64 = 82;
const MKDIR: i64 = 83;
const RMDIR: i64 = 84;
const UNLINK: i64 = 87;
const READLINK: i64 = 89;
const OPENAT: i64 = 257;
const MKDIRAT: i64 = 258;
const UNLINKAT: i64 = 263;
const RENAMEAT: i64 = 264;
const RENAMEAT2: i64 = 316;
/// Calls that change files in ways that the layer cannot follow, which of their arguments are open files, and which
/// are paths: sendfile, truncate, creat, link, symlink, linkat, symlinkat, splice, dup3, dup2, fallocate, pwritev,
/// copy_file_range, pwritev2, openat2.
const FOREIGN: [(i64, &[usize], &[usize]); 15] = [
    (40, &[0], &[]),
    (76, &[], &[0]),
    (85, &[], &[0]),
    (86, &[], &[0, 1]),
    (88, &[], &[1]),
    (265, &[], &[1, 3]),
    (266, &[], &[2]),
    (275, &[2], &[]),
    (292, &[0, 1], &[]),
    (33, &[0, 1], &[]),
    (285, &[0], &[]),
    (296, &[0], &[]),
    (326, &[2], &[]),
    (328, &[0], &[]),
    (437, &[], &[1]),
];
const FOLLOWED: [i64; 18] = [
    WRITE, OPEN, CLOSE, PWRITE, WRITEV, DUP, FSYNC, FDATASYNC, FTRUNCATE, RENAME, MKDIR, RMDIR, UNLINK, OPENAT,
    MKDIRAT, UNLINKAT, RENAMEAT, RENAMEAT2,
];
/// Of FCNTL, what makes another number for an open file.
const DUPLICATE: [i64; 2] = [0, 1030];
const AT_FDCWD: i64 = -100;

const OPENED: u8 = 1;
const WRITTEN: u8 = 2;
const SIZED: u8 = 3;
const FOLDER_MADE: u8 = 4;
const RENAMED: u8 = 5;
const REMOVED: u8 = 6;
const SYNC_BEGINS: u8 = 7;
const SYNC_ENDED: u8 = 8;
const NOT_FOLLOWED: u8 = 9;

const PATH_MAX: usize = 4096;
const FILES_MAX: usize = 65_536;

/// What is watched, and the open trace. Set before the program begins.
static WATCH: OnceLock<(Vec<u8>, i64)> = OnceLock::new();
/// How much longer than the real disk's a sync takes, so that there is something to see between its begin and its end.
const SYNC_NANOSECONDS: i64 = 300_000;

/// The handle of each open file that is watched, else 0.
static HANDLES: [AtomicU32; FILES_MAX] = [const { AtomicU32::new(0) }; FILES_MAX];
static LAST_HANDLE: AtomicU32 = AtomicU32::new(0);
static LAST_SYNC: AtomicU64 = AtomicU64::new(0);
static LOCKED: AtomicBool = AtomicBool::new(false);

#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: extern "C" fn() = begin;

extern "C" fn begin() {
    unsafe {
        let (root, trace) = (getenv(c"LAYER_ROOT".as_ptr()), getenv(c"LAYER_TRACE".as_ptr()));
        if root.is_null() || trace.is_null() {
            return;
        }
        const CREATE_APPEND_CLOEXEC: i64 = 0o1 | 0o100 | 0o2000 | 0o2_000_000;
        let trace = layer_call(OPENAT, AT_FDCWD, trace as i64, CREATE_APPEND_CLOEXEC, 0o600, 0, 0);
        let _ = WATCH.set((CStr::from_ptr(root).to_bytes().to_vec(), trace));
        let action = Action { handler: on_call, mask: [u64::MAX; 16], flags: SIGINFO, restorer: null_mut() };
        let caught = sigaction(SIGSYS, &action, null_mut());
        if trace < 0 || caught != 0 || !ask_the_kernel() {
            abort();
        }
    }
}

/// Copies a string of C's; its size.
unsafe fn copy(from: *const u8, to: *mut [u8; PATH_MAX]) -> usize {
    unsafe {
        let mut size = 0;
        while *from.add(size) != 0 && size + 1 < PATH_MAX {
            (*to)[size] = *from.add(size);
            size += 1;
        }
        (*to)[size] = 0;
        size
    }
}

const SIGSYS: c_int = 31;
const SIGINFO: c_int = 4;

#[repr(C)]
struct Action {
    handler: unsafe extern "C" fn(c_int, *const u8, *mut u8),
    mask: [u64; 16],
    flags: c_int,
    restorer: *mut c_void,
}

/// An instruction of the kernel's filters.
#[repr(C)]
#[derive(Clone, Copy)]
struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    value: u32,
}

#[repr(C)]
struct Filter {
    size: u16,
    instructions: *const Instruction,
}

const LOAD: u16 = 0x20;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;
const ALLOW: u32 = 0x7fff_0000;
const TRAP: u32 = 0x0003_0000;
/// Where the facts of a call stand for a filter.
const NUMBER: u32 = 0;
const ADDRESS_LOW: u32 = 8;
const ADDRESS_HIGH: u32 = 12;
const SECOND_ARGUMENT: u32 = 24;

/// From now on the calls that are followed come to `on_call`, unless `layer_call` makes them.
unsafe fn ask_the_kernel() -> bool {
    let mut filter = Vec::new();
    let mut add = |code, if_true, if_false, value| filter.push(Instruction { code, if_true, if_false, value });
    let address = addr_of!(layer_called) as u64;
    add(LOAD, 0, 0, ADDRESS_LOW);
    add(JUMP_IF_EQUAL, 0, 3, address as u32);
    add(LOAD, 0, 0, ADDRESS_HIGH);
    add(JUMP_IF_EQUAL, 0, 1, (address >> 32) as u32);
    add(RETURN, 0, 0, ALLOW);
    add(LOAD, 0, 0, NUMBER);
    let foreign = FOREIGN.iter().map(|(number, ..)| *number);
    for number in FOLLOWED.into_iter().chain(foreign) {
        add(JUMP_IF_EQUAL, 0, 1, number as u32);
        add(RETURN, 0, 0, TRAP);
    }
    add(JUMP_IF_EQUAL, 1, 0, FCNTL as u32);
    add(RETURN, 0, 0, ALLOW);
    add(LOAD, 0, 0, SECOND_ARGUMENT);
    for command in DUPLICATE {
        add(JUMP_IF_EQUAL, 0, 1, command as u32);
        add(RETURN, 0, 0, TRAP);
    }
    add(RETURN, 0, 0, ALLOW);
    let program = Filter { size: filter.len() as u16, instructions: filter.as_ptr() };
    const NO_NEW_PRIVILEGES: c_int = 38;
    const SECCOMP: c_int = 22;
    const SECCOMP_FILTER: u64 = 2;
    unsafe {
        prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 && prctl(SECCOMP, SECCOMP_FILTER, addr_of!(program) as u64, 0, 0) == 0
    }
}

/// A call has come: makes it, and puts its result where the caller looks for it. All other signals wait meanwhile.
unsafe extern "C" fn on_call(_signal: c_int, information: *const u8, context: *mut u8) {
    unsafe {
        let number = i64::from(*information.add(24).cast::<c_int>());
        let registers = context.add(40).cast::<i64>();
        let arguments = [8, 9, 12, 2, 0, 1].map(|register| *registers.add(register));
        *registers.add(13) = follow(number, arguments);
    }
}

unsafe fn follow(number: i64, arguments: [i64; 6]) -> i64 {
    let [a, b, c, ..] = arguments;
    unsafe {
        match number {
            CLOSE => {
                handle_slot(a).store(0, Ordering::SeqCst);
                call(number, arguments)
            }
            DUP | FCNTL => {
                let copied = call(number, arguments);
                if copied >= 0 {
                    handle_slot(copied).store(handle_slot(a).load(Ordering::SeqCst), Ordering::SeqCst);
                }
                copied
            }
            OPEN => open(number, arguments, AT_FDCWD, a, b),
            OPENAT => open(number, arguments, a, b, c),
            WRITE | PWRITE | WRITEV | FTRUNCATE => change(number, arguments),
            FSYNC | FDATASYNC => sync(number, arguments),
            MKDIR => change_names(number, arguments, FOLDER_MADE, (AT_FDCWD, a), None),
            MKDIRAT => change_names(number, arguments, FOLDER_MADE, (a, b), None),
            RMDIR | UNLINK => change_names(number, arguments, REMOVED, (AT_FDCWD, a), None),
            UNLINKAT => change_names(number, arguments, REMOVED, (a, b), None),
            RENAME => change_names(number, arguments, RENAMED, (AT_FDCWD, a), Some((AT_FDCWD, b))),
            RENAMEAT | RENAMEAT2 => change_names(number, arguments, RENAMED, (a, b), Some((c, arguments[3]))),
            _ => foreign(number, arguments),
        }
    }
}

unsafe fn call(number: i64, [a, b, c, d, e, f]: [i64; 6]) -> i64 {
    unsafe { layer_call(number, a, b, c, d, e, f) }
}

fn handle_slot(file: i64) -> &'static AtomicU32 {
    static NONE: AtomicU32 = AtomicU32::new(0);
    let slot = usize::try_from(file as i32).ok().and_then(|file| HANDLES.get(file));
    slot.unwrap_or_else(|| {
        NONE.store(0, Ordering::SeqCst);
        &NONE
    })
}

fn handle(file: i64) -> u64 {
    u64::from(handle_slot(file).load(Ordering::SeqCst))
}

unsafe fn lock() {
    while LOCKED.swap(true, Ordering::SeqCst) {
        unsafe { call(SCHED_YIELD, [0; 6]) };
    }
}

fn unlock() {
    LOCKED.store(false, Ordering::SeqCst);
}

unsafe fn open(number: i64, arguments: [i64; 6], folder: i64, path: i64, flags: i64) -> i64 {
    unsafe {
        lock();
        let file = call(number, arguments);
        if file >= 0 {
            let mut path_bytes = [0; PATH_MAX];
            let size = absolute(folder, path as *const u8, &mut path_bytes);
            let mut handle = 0;
            if is_watched(&path_bytes[..size]) {
                handle = LAST_HANDLE.fetch_add(1, Ordering::SeqCst) + 1;
                record(OPENED, u64::from(handle), flags as u64, &path_bytes[..size]);
            }
            handle_slot(file).store(handle, Ordering::SeqCst);
        }
        unlock();
        file
    }
}

#[repr(C)]
struct Part {
    bytes: *const u8,
    size: usize,
}

unsafe fn change(number: i64, arguments: [i64; 6]) -> i64 {
    let [file, b, c, d, ..] = arguments;
    let handle = handle(file);
    unsafe {
        if handle == 0 {
            return call(number, arguments);
        }
        lock();
        let result = call(number, arguments);
        if result >= 0 {
            let mut left = result as usize;
            const FROM_HERE: i64 = 1;
            let mut offset = call(LSEEK, [file, 0, FROM_HERE, 0, 0, 0]) - result;
            let mut part = |bytes: *const u8, size: usize, offset: i64| {
                let size = size.min(left);
                left -= size;
                record(WRITTEN, handle, offset as u64, std::slice::from_raw_parts(bytes, size));
            };
            match number {
                FTRUNCATE => record(SIZED, handle, b as u64, &[]),
                WRITE => part(b as *const u8, result as usize, offset),
                PWRITE => part(b as *const u8, result as usize, d),
                _ => {
                    for at in 0..c as usize {
                        let Part { bytes, size } = *(b as *const Part).add(at);
                        part(bytes, size, offset);
                        offset += size as i64;
                    }
                }
            }
        }
        unlock();
        result
    }
}

unsafe fn sync(number: i64, arguments: [i64; 6]) -> i64 {
    let handle = handle(arguments[0]);
    unsafe {
        if handle == 0 {
            return call(number, arguments);
        }
        let sync = LAST_SYNC.fetch_add(1, Ordering::SeqCst) + 1;
        lock();
        record(SYNC_BEGINS, handle, sync, &[]);
        unlock();
        let pause = [0, SYNC_NANOSECONDS];
        call(NANOSLEEP, [pause.as_ptr() as i64, 0, 0, 0, 0, 0]);
        let result = call(number, arguments);
        if result == 0 {
            lock();
            record(SYNC_ENDED, handle, sync, &[]);
            unlock();
        }
        result
    }
}

unsafe fn change_names(
    number: i64,
    arguments: [i64; 6],
    kind: u8,
    (folder, path): (i64, i64),
    renamed: Option<(i64, i64)>,
) -> i64 {
    unsafe {
        lock();
        // Before the call: it may remove a folder of the path.
        let mut paths = [0; 2 * PATH_MAX];
        let (first, second) = paths.split_at_mut(PATH_MAX);
        let mut size = absolute(folder, path as *const u8, first.try_into().unwrap_unchecked());
        let watched = is_watched(&first[..size]);
        if let Some((folder, path)) = renamed {
            let mut other = [0; PATH_MAX];
            let other_size = absolute(folder, path as *const u8, &mut other);
            second[..other_size].copy_from_slice(&other[..other_size]);
            first[size] = 0;
            paths.copy_within(PATH_MAX..PATH_MAX + other_size, size + 1);
            size += 1 + other_size;
        }
        let result = call(number, arguments);
        if result == 0 && watched {
            record(kind, 0, 0, &paths[..size]);
        }
        unlock();
        result
    }
}

unsafe fn foreign(number: i64, arguments: [i64; 6]) -> i64 {
    unsafe {
        let found = FOREIGN.iter().find(|(foreign, ..)| *foreign == number);
        let (_, files, paths) = found.copied().unwrap_or((0, &[], &[]));
        let mut path = [0; PATH_MAX];
        let is_watched_path = |at: &usize| {
            let size = absolute(AT_FDCWD, arguments[*at] as *const u8, &mut path);
            is_watched(&path[..size])
        };
        if files.iter().any(|at| handle(arguments[*at]) != 0) || paths.iter().any(is_watched_path) {
            lock();
            record(NOT_FOLLOWED, number as u64, 0, &[]);
            unlock();
        }
        call(number, arguments)
    }
}

/// The whole path of a file that is named from a folder; its size.
unsafe fn absolute(folder: i64, path: *const u8, whole: &mut [u8; PATH_MAX]) -> usize {
    unsafe {
        if path.is_null() || *path == b'/' {
            return if path.is_null() { 0 } else { copy(path, whole) };
        }
        let mut link = [0; 64];
        let name: &[u8] = if folder == AT_FDCWD { b"/proc/self/cwd" } else { b"/proc/self/fd/" };
        link[..name.len()].copy_from_slice(name);
        if folder != AT_FDCWD {
            let mut divisor = 1_000_000_000;
            let mut at = name.len();
            while divisor > 0 {
                if folder >= divisor || divisor == 1 {
                    link[at] = b'0' + (folder / divisor % 10) as u8;
                    at += 1;
                }
                divisor /= 10;
            }
        }
        let size = call(READLINK, [link.as_ptr() as i64, whole.as_mut_ptr() as i64, PATH_MAX as i64 - 2, 0, 0, 0]);
        let Ok(size) = usize::try_from(size) else { return 0 };
        let mut rest = [0; PATH_MAX];
        let rest_size = copy(path, &mut rest);
        if size + 1 + rest_size >= PATH_MAX {
            return 0;
        }
        whole[size] = b'/';
        whole[size + 1..size + 1 + rest_size].copy_from_slice(&rest[..rest_size]);
        size + 1 + rest_size
    }
}

fn is_watched(path: &[u8]) -> bool {
    let rest = WATCH.get().and_then(|(root, _)| path.strip_prefix(root.as_slice()));
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
}

/// Appends a record, with the lock held.
unsafe fn record(kind: u8, a: u64, b: u64, rest: &[u8]) {
    let mut head = [0; 21];
    head[..4].copy_from_slice(&((17 + rest.len()) as u32).to_le_bytes());
    head[4] = kind;
    head[5..13].copy_from_slice(&a.to_le_bytes());
    head[13..].copy_from_slice(&b.to_le_bytes());
    let parts = [Part { bytes: head.as_ptr(), size: head.len() }, Part { bytes: rest.as_ptr(), size: rest.len() }];
    let size = (head.len() + rest.len()) as i64;
    let Some((_, trace)) = WATCH.get() else { return };
    unsafe {
        if call(WRITEV, [*trace, parts.as_ptr() as i64, 2, 0, 0, 0]) != size {
            abort();
        }
    }
}
