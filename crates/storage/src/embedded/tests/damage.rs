//! Journals that were cut or damaged, after a crash and after an orderly end.
//!
//! The database holds commits 1 to N, each of one write: it puts its number under `last` and a row of its own. So what
//! a database holds says which commits it is made of, and whether they are a prefix.

use std::fs;
use std::ops::Range;

use super::folders::contents;
use super::*;

const COMMITS: u32 = 24;

fn batch(commit: u32) -> Batch {
    let mut batch = Batch::default();
    let number = commit.to_be_bytes().to_vec();
    batch.put(key("last"), number.clone());
    // Some values are long enough to be compressed in the journal.
    let size = if commit.is_multiple_of(4) { 6_000 } else { 30 };
    batch.put(key(&format!("row {commit}")), vec![commit as u8; size]);
    batch.put(Key::new(Family::Index, number), "");
    batch.delete(key(&format!("row {}", commit.wrapping_sub(10))));
    batch
}

/// The commits that a database is made of; panics if they are no prefix.
fn commits(engine: &Embedded) -> u32 {
    let last = get(engine, "last").map_or(0, |last| u32::from_be_bytes(last[..].try_into().unwrap()));
    for commit in 1..=COMMITS {
        let there = (commit <= last && commit + 10 > last).then(|| batch(commit).writes[1].1.clone()).flatten();
        assert_eq!(get(engine, &format!("row {commit}")), there, "row {commit} of {last}");
        let index = engine.get_now(&Key::new(Family::Index, commit.to_be_bytes().to_vec())).unwrap();
        assert_eq!(index.is_some(), commit <= last, "index row {commit} of {last}");
    }
    last
}

/// The files as a crash would leave them now, with the journals' unused ends left out.
struct Image {
    files: Vec<(std::path::PathBuf, Vec<u8>)>,
    journal: std::path::PathBuf,
}

impl Image {
    fn of(folder: &Path) -> Image {
        let relative = |path: std::path::PathBuf| path.strip_prefix(folder).unwrap().to_owned();
        let mut files: Vec<_> = contents(folder).into_iter().map(|(path, bytes)| (relative(path), bytes)).collect();
        let is_journal = |path: &Path| path.extension().is_some_and(|extension| extension == "jnl");
        for (path, bytes) in &mut files {
            if is_journal(path) {
                bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
            }
        }
        let journal = files.iter().rev().map(|(path, _)| path.clone()).find(|path| is_journal(path)).unwrap();
        Image { files, journal }
    }

    fn journal(&self) -> &[u8] {
        &self.files.iter().find(|(path, _)| *path == self.journal).unwrap().1
    }

    /// How many commits the image shows with another journal.
    fn open_with(&self, journal: &[u8]) -> Result<u32, OpenError> {
        self.start_with(journal).map(|opened| opened.commits)
    }

    /// Opens the image with another journal. Refusals leave all as it is.
    fn start_with(&self, journal: &[u8]) -> Result<Opened, OpenError> {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in &self.files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::write(folder.path().join(&self.journal), journal).unwrap();
        let before = contents(folder.path());
        match open(folder.path()) {
            Ok(engine) => Ok(Opened { commits: commits(&engine), engine, folder }),
            Err(error) => {
                if matches!(error, OpenError::JournalDamaged { .. }) {
                    assert!(before == contents(folder.path()), "the folder was touched: {error}");
                }
                Err(error)
            }
        }
    }
}

struct Opened {
    commits: u32,
    engine: Arc<Embedded>,
    folder: tempfile::TempDir,
}

impl Opened {
    /// It works from there on, and the next start agrees.
    fn goes_on(self) -> u32 {
        begin_put(&self.engine, "later", "1").finish_blocking();
        drop(self.engine);
        let engine = open(self.folder.path()).unwrap();
        assert_eq!((commits(&engine), get(&engine, "later")), (self.commits, Some(Bytes::from("1"))));
        self.commits
    }
}

impl Begun {
    fn finish_blocking(self) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.finish()).unwrap();
    }
}

/// Makes commits one by one.
fn write_all(engine: &Embedded, range: Range<u32>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for commit in range {
        runtime.block_on(commit_one(engine, commit));
    }
}

async fn commit_one(engine: &Embedded, commit: u32) {
    super::commit(engine, &batch(commit)).await.unwrap();
}

fn crashed() -> Image {
    let (folder, engine) = fresh();
    write_all(&engine, 1..COMMITS + 1);
    let image = Image::of(folder.path());
    drop(engine);
    image
}

fn closed() -> Image {
    let (folder, engine) = fresh();
    write_all(&engine, 1..COMMITS + 1);
    drop(engine);
    Image::of(folder.path())
}

/// Places all over a journal, and each of its last ones.
fn places(journal: &[u8]) -> impl Iterator<Item = usize> {
    let end = journal.len();
    (0..end).step_by(end / 16).chain([end - 2, end - 1])
}

#[test]
fn whole_images_open() {
    let (crashed, closed) = (crashed(), closed());
    assert_eq!(crashed.start_with(crashed.journal()).unwrap().goes_on(), COMMITS);
    assert_eq!(closed.start_with(closed.journal()).unwrap().goes_on(), COMMITS);
    assert!(closed.journal().len() > crashed.journal().len(), "closing confirms the last commit");
}

#[test]
fn a_cut_journal_gives_a_whole_prefix() {
    let image = crashed();
    let mut before = 0;
    for size in places(image.journal()) {
        // A crash can leave zeros behind a cut, or nothing.
        let cut = &image.journal()[..size];
        let commits = image.start_with(cut).unwrap().goes_on();
        assert!(before <= commits && commits < COMMITS, "{commits}");
        assert_eq!(image.open_with(&[cut, &[0; 5_000]].concat()).unwrap(), commits);
        before = commits;
    }
    assert!(before >= COMMITS - 1);
}

#[test]
fn a_damaged_byte_costs_at_most_the_last_commit() {
    let image = crashed();
    let mut refused = 0;
    for place in places(image.journal()) {
        for flip in [0x01, 0xFF] {
            let mut journal = image.journal().to_vec();
            journal[place] ^= flip;
            match image.open_with(&journal) {
                // Bytes that fjall does not read back, or the last group, taken for a torn one.
                Ok(commits) => assert!(commits >= COMMITS - 1, "byte {place}: {commits}"),
                Err(OpenError::JournalDamaged { .. }) => refused += 1,
                Err(error) => panic!("byte {place}: {error}"),
            }
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn after_an_orderly_end_no_damage_costs_a_commit() {
    let image = closed();
    for place in places(image.journal()) {
        let mut journal = image.journal().to_vec();
        journal[place] ^= 0x10;
        match image.open_with(&journal) {
            Ok(commits) => assert_eq!(commits, COMMITS, "byte {place}"),
            Err(error) => assert!(matches!(error, OpenError::JournalDamaged { .. }), "byte {place}: {error}"),
        }
    }
}

/// fjall's sequence numbers decide which value is the newest, and no checksum covers them.
#[test]
fn groups_out_of_order_are_refused() {
    let image = crashed();
    let starts = group_starts(image.journal());
    for start in &starts[..COMMITS as usize] {
        let mut journal = image.journal().to_vec();
        journal[start + 5] ^= 0x80;
        match image.open_with(&journal) {
            // Still the last, only more so.
            Ok(commits) => assert_eq!((commits, *start), (COMMITS, starts[COMMITS as usize - 1])),
            Err(error) => assert!(matches!(error, OpenError::JournalDamaged { .. }), "{error}"),
        }
    }
}

#[test]
fn a_hole_in_the_middle_is_refused() {
    let image = crashed();
    let (middle, end) = (image.journal().len() / 2, image.journal().len());
    for hole in [middle..middle + 1_000, 0..100, 100..end * 3 / 4] {
        let mut journal = image.journal().to_vec();
        journal[hole].fill(0);
        let error = image.open_with(&journal).unwrap_err();
        assert!(matches!(error, OpenError::JournalDamaged { .. }), "{error}");
        assert!(error.to_string().contains("nothing was changed"));
    }
}

#[test]
fn a_missing_group_is_refused() {
    let image = crashed();
    let starts = group_starts(image.journal());
    let journal = [&image.journal()[..starts[5]], &image.journal()[starts[6]..]].concat();
    let error = image.open_with(&journal).unwrap_err();
    assert!(matches!(error, OpenError::CommitsMissing { after: 5, before: 7 }), "{error}");
}

/// Rows of commits that reached a table while the journal was cut before them: the rest of those commits is lost.
#[test]
fn a_journal_that_ends_before_the_tables_is_refused() {
    let (folder, engine) = fresh();
    write_all(&engine, 1..11);
    engine.open_store().unwrap().flush_engine_rows();
    write_all(&engine, 11..COMMITS + 1);
    let image = Image::of(folder.path());
    drop(engine);

    let starts = group_starts(image.journal());
    assert_eq!(image.open_with(&image.journal()[..starts[15]]).unwrap(), 15);
    assert_eq!(image.open_with(&image.journal()[..starts[10]]).unwrap(), 10);
    let error = image.open_with(&image.journal()[..starts[8]]).unwrap_err();
    assert!(matches!(error, OpenError::CommitsMissing { after: 8, before: 10 }), "{error}");
}

/// Where each group begins: behind the trailer of the one before.
fn group_starts(journal: &[u8]) -> Vec<usize> {
    let trailer = [b'F', b'J', b'L', 3];
    let ends = journal.windows(4).enumerate().filter(|(_, window)| *window == trailer).map(|(at, _)| at + 4);
    let starts: Vec<usize> = [0].into_iter().chain(ends).collect();
    assert_eq!(starts.len(), COMMITS as usize + 1);
    starts
}
