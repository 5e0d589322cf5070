//! Kills a process in the middle of its writes and looks at what is left: every answered write is there, and no batch
//! is torn.
//!
//! The child is this test program itself, which a variable makes write instead of check. Several independent writers
//! run at once; each answered write is a line on its standard output.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use storage::{
    Batch, Consistency, Decision, Embedded, EmbeddedOptions, Engine, Family, Key, KeyUse, Mode, OpId, Reads,
    TALLY_WIDTH, Transaction, TxError, log,
};

const FOLDER: &str = "STATOR_TEST_CRASH_FOLDER";
const WRITERS: u8 = 16;
/// Answered writes before a kill.
const LINES: [usize; 4] = [1, 300, 2_000, 5_000];

fn open(folder: &Path) -> Arc<Embedded> {
    Embedded::open(folder, EmbeddedOptions { cache_bytes: 8 << 20, ..EmbeddedOptions::default() }).unwrap()
}

/// Rows that one write puts together, in different families.
fn rows(writer: u8, number: u32) -> [Key; 2] {
    let key = [&[writer][..], &number.to_be_bytes()].concat();
    [Key::new(Family::Items, key.clone()), Key::new(Family::Index, key)]
}

fn last_key(writer: u8) -> Key {
    Key::new(Family::Items, vec![writer])
}

/// Every write appends one record.
const LOG: &[u8] = b"changes";

fn tally_key() -> Key {
    Key::new(Family::Catalog, "rows")
}

/// The next write of a writer: its number grows by one.
async fn write(engine: &Embedded, writer: u8) -> u32 {
    let keys = [KeyUse::write(last_key(writer))];
    let mode = if writer.is_multiple_of(2) { Mode::Transaction } else { Mode::Plain };
    let mut number = 0;
    let mut decide = |reads: &Reads, batch: &mut Batch| {
        number = value(reads.values[0].as_ref()) + 1;
        batch.put(last_key(writer), number.to_be_bytes().to_vec());
        for key in rows(writer, number) {
            batch.put(key, vec![writer; usize::from(writer) * 400]);
        }
        batch.tally(tally_key(), [1, 0]);
        batch.append(Bytes::from_static(LOG), [&[writer][..], &number.to_be_bytes()].concat());
        Decision::Commit
    };
    let written: Result<Decision, TxError> =
        engine.transact(Transaction { op: OpId([0; 16]), mode, keys: &keys, decide: &mut decide }).await;
    assert_eq!(written, Ok(Decision::Commit));
    number
}

fn value(row: Option<&Bytes>) -> u32 {
    row.map_or(0, |row| u32::from_be_bytes(row[..].try_into().unwrap()))
}

/// The child's part: write until killed.
fn write_forever(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let engine = open(folder);
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let engine = Arc::clone(&engine);
            writers.spawn(async move {
                loop {
                    let number = write(&engine, writer).await;
                    // Whole lines, each in one write: the kill comes between two of them.
                    let line = format!("answered {writer} {number}\n");
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
        writers.join_next().await;
    });
}

/// Runs a child until it has answered so many writes, kills it, and returns the last answer of each writer.
fn killed_after(lines: usize, folder: &Path) -> Vec<u32> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "answered_writes_outlive_a_kill", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answered = vec![0; usize::from(WRITERS)];
    let mut count = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let mut words = line.split(' ');
        if let (Some("answered"), Some(writer), Some(number), None) =
            (words.next(), words.next(), words.next(), words.next())
        {
            answered[writer.parse::<usize>().unwrap()] = number.parse().unwrap();
            count += 1;
            if count == lines {
                // Lines that are still in the pipe count as well: the loop continues to its end.
                child.kill().unwrap();
            }
        }
    }
    child.wait().unwrap();
    assert!(count >= lines, "the child ended by itself after {count} answers");
    answered
}

async fn check(folder: &Path, answered: &[u32]) {
    let engine = open(folder);
    let mut total = 0;
    for (writer, answered) in (0..WRITERS).zip(answered) {
        let last = value(engine.get(&last_key(writer), Consistency::Strong).await.unwrap().as_ref());
        assert!(last >= *answered, "writer {writer}: {answered} was answered, {last} is there");
        total += i64::from(last);
        for number in 1..=last + 2 {
            for key in rows(writer, number) {
                let there = engine.get(&key, Consistency::Strong).await.unwrap().is_some();
                assert_eq!(there, number <= last, "writer {writer}, row {number} of {last} in {:?}", key.family);
            }
        }
    }
    let tally = engine.get(&tally_key(), Consistency::Strong).await.unwrap().unwrap();
    assert_eq!(tally.len(), TALLY_WIDTH * 8);
    assert_eq!(i64::from_be_bytes(tally[..8].try_into().unwrap()), total, "the tally counts every write once");
    check_log(engine.as_ref(), answered.len(), total as u64).await;
    engine.close().await.unwrap();
}

/// One record for each write, none missing, those of a writer in its order.
async fn check_log(engine: &dyn Engine, writers: usize, total: u64) {
    let mut numbers = vec![0; writers];
    for position in 1..=total {
        let record = engine.get(&log::record(LOG, position), Consistency::Strong).await.unwrap().expect("a dense log");
        let (writer, number) = (usize::from(record[0]), value(Some(&record.slice(1..))));
        assert_eq!(number, numbers[writer] + 1, "writer {writer} at {position}");
        numbers[writer] = number;
    }
    let head = engine.get(&log::head(Bytes::from_static(LOG)), Consistency::Strong).await.unwrap();
    assert_eq!(log::decode_head(head.as_ref()), Some(total));
    assert_eq!(engine.get(&log::record(LOG, total + 1), Consistency::Strong).await, Ok(None));
}

#[test]
fn answered_writes_outlive_a_kill() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return write_forever(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for lines in LINES {
        let answered = killed_after(lines, folder.path());
        runtime.block_on(check(folder.path(), &answered));
    }
}
