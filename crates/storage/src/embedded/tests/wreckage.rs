//! Every file of a database truncated, changed, removed or replaced by an older one: the database either refuses to
//! open, or refuses to read, or holds exactly what was written. What it cannot know is listed in docs/proofs.md.
//!
//! The database has tables of all keyspaces, a sealed journal and one in use. (`damage` looks at journals in more
//! detail.) The long form is `STATOR_PROOF_DAMAGE=1000`, changes a file.

use crate::Pages;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::folders::contents;
use super::*;
use crate::key::{ScanDirection, ScanRange};

const COMMITS: u32 = 40;
const SHORT_CHANGES: u64 = 1;
/// Databases that are looked at at once.
const THREADS: usize = 4;
/// Longer than anything takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a group of a journal ends with.
const TRAILER: [u8; 4] = [b'F', b'J', b'L', 3];

/// Files below the folder, journals without their unused ends.
type Image = BTreeMap<PathBuf, Vec<u8>>;
/// All rows: family and key to value.
type Rows = BTreeMap<(usize, Bytes), Bytes>;

fn image(folder: &Path) -> Image {
    let files = contents(folder).into_iter().map(|(path, mut bytes)| {
        if is_journal(&path) {
            bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        }
        (path.strip_prefix(folder).unwrap().to_owned(), bytes)
    });
    files.collect()
}

fn is_journal(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jnl")
}

fn write(engine: &Embedded, commit: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut batch = Batch::default();
    for family in Family::ALL {
        batch.put(Key::new(family, "last"), commit.to_be_bytes().to_vec());
        batch.put(Key::new(family, format!("row {}", commit % 16)), vec![commit as u8; 300 * (commit as usize % 8)]);
        batch.delete(Key::new(family, format!("row {}", (commit + 5) % 16)));
    }
    runtime.block_on(commit_it(engine, &batch));
}

async fn commit_it(engine: &Embedded, batch: &Batch) {
    super::commit(engine, batch).await.unwrap();
}

fn rows(engine: &Embedded) -> Result<Rows, StorageError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut rows = Rows::new();
    for (at, family) in Family::ALL.into_iter().enumerate() {
        let unbounded = std::ops::Bound::Unbounded;
        let range = ScanRange {
            family,
            lower: unbounded.clone(),
            upper: unbounded,
            direction: ScanDirection::Forward,
            rows_max: usize::MAX,
            bytes_max: usize::MAX,
        };
        let found = runtime.block_on(async {
            let mut found = Vec::new();
            let mut pages = Pages::of_fresh_views(engine, range);
            // A page that ends before damage is not the last one.
            while let Some(page) = pages.next().await? {
                found.extend(page.rows);
            }
            Ok::<_, StorageError>(found)
        })?;
        // Point reads go another way, through filters.
        for row in found {
            let found = engine.get_now(&Key::new(family, row.key.clone()))?;
            assert_eq!(found.as_ref(), Some(&row.value), "a scan and a get disagree");
            rows.insert((at, row.key), row.value);
        }
        for name in 0..16 {
            let name = Bytes::from(format!("row {name}"));
            let found = engine.get_now(&Key::new(family, name.clone()))?;
            assert_eq!(found.as_ref(), rows.get(&(at, name)), "a get and a scan disagree");
        }
    }
    Ok(rows)
}

/// A database at three moments: young, when it crashed, and after an orderly end.
struct Life {
    young: Image,
    crashed: Image,
    closed: Image,
    rows: Rows,
}

fn life() -> Life {
    let (folder, engine) = fresh();
    (0..10).for_each(|commit| write(&engine, commit));
    let young = image(folder.path());
    engine.open_store().unwrap().flush();
    (10..20).for_each(|commit| write(&engine, commit));
    engine.open_store().unwrap().flush();
    (20..COMMITS).for_each(|commit| write(&engine, commit));
    let rows = rows(&engine).unwrap();
    let crashed = seal(image(folder.path()), 30);
    drop(engine);
    Life { young, crashed, closed: image(folder.path()), rows }
}

/// Makes two journals of one, as fjall does when one is full.
fn seal(mut image: Image, groups: usize) -> Image {
    let (path, bytes) = image.iter().find(|(path, _)| is_journal(path)).unwrap();
    let end = bytes.windows(4).enumerate().filter(|(_, window)| *window == TRAILER).nth(groups - 1).unwrap().0 + 4;
    let (path, first, second) = (path.clone(), bytes[..end].to_vec(), bytes[end..].to_vec());
    image.insert(path.with_file_name("1.jnl"), second);
    image.insert(path, first);
    image
}

/// What became of a damaged database.
#[derive(PartialEq, Eq, Debug)]
enum Fate {
    Refused(String),
    Whole,
    /// Other rows than those that were written.
    Wrong,
    Panicked,
    Hung,
}

impl Fate {
    fn name(&self) -> &'static str {
        match self {
            Fate::Refused(_) => "refused",
            Fate::Whole => "whole",
            Fate::Wrong => "wrong",
            Fate::Panicked => "panicked",
            Fate::Hung => "hung",
        }
    }
}

fn fate(image: &Image, expected: &Rows) -> Fate {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in image {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let expected = expected.clone();
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let fate = match open(folder.path()) {
            Err(error) => Fate::Refused(error.to_string()),
            Ok(engine) => match rows(&engine) {
                Err(StorageError::Closed) => Fate::Wrong,
                Err(error) => Fate::Refused(error.to_string()),
                Ok(rows) if rows == expected => Fate::Whole,
                Ok(_) => Fate::Wrong,
            },
        };
        let _ = sender.send(fate);
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(fate) => fate,
        Err(mpsc::RecvTimeoutError::Timeout) => Fate::Hung,
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let _ = thread.join();
            Fate::Panicked
        }
    }
}

/// One file damaged.
struct Damage {
    /// Of a database that was closed, not one that crashed.
    closed: bool,
    path: PathBuf,
    what: String,
    /// The byte that was changed, if one was.
    place: Option<usize>,
    /// What the file holds now; `None` if it is missing.
    bytes: Option<Vec<u8>>,
}

fn damages(image: &Image, closed: bool, older: &Image, changes: u64) -> Vec<Damage> {
    let mut damages = Vec::new();
    for (path, bytes) in image {
        // Tables and their lists look the same in both.
        if closed && path.starts_with("database/fjall/keyspaces") {
            continue;
        }
        let mut add = |what: String, place: Option<usize>, bytes: Option<Vec<u8>>| {
            damages.push(Damage { closed, path: path.clone(), what, place, bytes });
        };
        add("missing".to_owned(), None, None);
        add("zeros".to_owned(), None, Some(vec![0; bytes.len()]));
        for size in [0, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            add(format!("cut to {size} of {}", bytes.len()), None, Some(bytes[..size].to_vec()));
        }
        if let Some(older) = older.get(path).filter(|older| *older != bytes) {
            add("older".to_owned(), None, Some(older.clone()));
        }
        for _ in 0..changes.min(bytes.len() as u64) {
            let mut random = [0; 8];
            base::random::fill(&mut random);
            let random = u64::from_be_bytes(random);
            let (place, bit) = ((random >> 8) as usize % bytes.len(), random % 8);
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            add(format!("bit {bit} of byte {place} changed"), Some(place), Some(changed));
        }
    }
    damages
}

/// Undecidable in a database that has crashed: whether the end of its last journal was ever there, and whether the last
/// commit was torn then or damaged later.
fn is_known(damage: &Damage, image: &Image) -> bool {
    let is_last = damage.path.file_name().is_some_and(|name| name == "1.jnl");
    let bytes = &image[&damage.path];
    let before_last = || bytes[..bytes.len() - 4].windows(4).rposition(|window| window == TRAILER).unwrap();
    !damage.closed && is_last && damage.place.is_none_or(|place| place > before_last())
}

#[test]
fn damaged_files_are_refused_or_do_no_harm() {
    let changes = std::env::var("STATOR_PROOF_DAMAGE").map_or(SHORT_CHANGES, |text| text.parse().unwrap());
    let life = life();
    let image = |closed| if closed { &life.closed } else { &life.crashed };
    for closed in [false, true] {
        assert_eq!(fate(image(closed), &life.rows), Fate::Whole, "closed: {closed}");
    }
    let damages: Vec<Damage> =
        [false, true].into_iter().flat_map(|closed| damages(image(closed), closed, &life.young, changes)).collect();
    let next = AtomicUsize::new(0);
    let found = Mutex::new((BTreeMap::<&str, u64>::new(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(damage) = damages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let image = image(damage.closed);
                    let mut damaged = image.clone();
                    match &damage.bytes {
                        Some(bytes) => damaged.insert(damage.path.clone(), bytes.clone()),
                        None => damaged.remove(&damage.path),
                    };
                    let fate = fate(&damaged, &life.rows);
                    let (counts, bad) = &mut *found.lock();
                    let is_known = is_known(damage, image);
                    *counts.entry(if is_known && fate != Fate::Whole { "known" } else { fate.name() }).or_default() +=
                        1;
                    if !is_known && !matches!(fate, Fate::Refused(_) | Fate::Whole) {
                        bad.push(format!(
                            "closed: {}, {}, {}: {fate:?}",
                            damage.closed,
                            damage.path.display(),
                            damage.what
                        ));
                    }
                }
            });
        }
    });
    let (counts, bad) = found.into_inner();
    eprintln!("{} damages: {counts:?}", damages.len());
    assert!(bad.is_empty(), "{bad:#?}");
}
