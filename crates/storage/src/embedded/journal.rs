//! Reads the journals before fjall does, and refuses what fjall would silently throw away.
//!
//! fjall replays its journals when it opens, and cuts each one at the first record that it cannot read: right for the
//! last record, which a crash may have torn, wrong for one in the middle, with acknowledged commits behind it (fjall
//! issue 311). So the journals are walked first ([`frame`]), and at a record that cannot be read what follows is
//! searched for commit rows. A group is synced before the next one is written, so at most the last can be torn:
//! - nothing but zeros follows: the unused rest of the file;
//! - no commit row, or only the next one: the last group was torn and never acknowledged. It is cut off here, since
//!   fjall refuses a torn group that happens to look whole but for its checksum;
//! - a later commit: the journal is damaged. Nothing is touched.
//!
//! The commits of all journals must follow one another without a gap, and so must fjall's sequence numbers ascend: they
//! decide which of two values is the newer, and no checksum covers them. (In the oldest group of all a number that
//! became smaller shows nowhere.)

mod frame;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::commit_row::Mark;
use super::error::OpenError;
use frame::{Frame, FrameReader, Group};

/// What the journals say.
pub(super) struct Journals {
    /// The last commit in them; none if they are empty, since everything has reached tables.
    pub(super) last: Option<u64>,
}

pub(super) fn inspect(store: &Path, mark: Mark) -> Result<Journals, OpenError> {
    let files = journal_files(store).map_err(|error| OpenError::io("list the journals", error))?;
    if files.is_empty() {
        // One is always in use.
        return Err(OpenError::FileMissing(store.join("0.jnl")));
    }
    let mut seen = Seen::default();
    for (at, file) in files.iter().enumerate() {
        let active = at + 1 == files.len();
        let io_error = |error| OpenError::io(format!("read the journal {}", file.display()), error);
        let end = walk(file, mark, &mut seen).map_err(io_error)?;
        match end {
            End::Clean => {}
            End::CommitsMissing { after, before } => return Err(OpenError::CommitsMissing { after, before }),
            End::Torn { offset } if active => cut(file, offset).map_err(io_error)?,
            End::Torn { offset } | End::Damaged { offset } => {
                return Err(OpenError::JournalDamaged { journal: file.clone(), offset });
            }
        }
    }
    Ok(Journals { last: seen.commit })
}

/// Cuts the journal of a store that nothing was written to down to what it holds.
pub(super) fn empty(store: &Path) -> Result<(), OpenError> {
    let emptied =
        || journal_files(store)?.iter().try_for_each(|file| File::options().write(true).open(file)?.set_len(0));
    emptied().map_err(|error| OpenError::io("make the journal", error))
}

/// In the order in which they were written.
fn journal_files(store: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(store)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        if let (Some(number), true) = (number, path.extension().is_some_and(|extension| extension == "jnl")) {
            files.push((number, path));
        }
    }
    files.sort_unstable();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// How a journal ends.
enum End {
    Clean,
    CommitsMissing { after: u64, before: u64 },
    Torn { offset: u64 },
    Damaged { offset: u64 },
}

/// The last group so far.
#[derive(Default)]
struct Seen {
    sequence: Option<u64>,
    commit: Option<u64>,
}

fn walk(file: &Path, mark: Mark, seen: &mut Seen) -> io::Result<End> {
    let mut reader = FrameReader::open(file, mark)?;
    loop {
        let offset = reader.offset();
        match reader.next()? {
            Frame::End => return Ok(End::Clean),
            Frame::Group(group) => {
                if let Some(end) = seen.follow(&group, offset) {
                    return Ok(end);
                }
            }
            Frame::Unreadable => {
                let rest = reader.search(offset)?;
                return Ok(judge(offset, seen.commit, rest));
            }
        }
    }
}

impl Seen {
    /// Advances to the next group, unless it cannot be the next.
    fn follow(&mut self, group: &Group, offset: u64) -> Option<End> {
        if self.sequence.is_some_and(|last| group.sequence <= last) {
            // A group with a right checksum was not torn.
            return Some(End::Damaged { offset });
        }
        self.sequence = Some(group.sequence);
        let before = group.commit?;
        match self.commit.replace(before) {
            Some(after) if after.checked_add(1) != Some(before) => Some(End::CommitsMissing { after, before }),
            _ => None,
        }
    }
}

/// What follows from an unreadable record on.
#[derive(Debug)]
struct Rest {
    only_zeros: bool,
    /// The lowest and the highest commit of the rows that were found.
    commits: Option<(u64, u64)>,
}

fn judge(offset: u64, last: Option<u64>, rest: Rest) -> End {
    if rest.only_zeros {
        return End::Clean;
    }
    let torn = match (rest.commits, last) {
        (None, _) => true,
        (Some((_, highest)), Some(last)) => highest <= last.saturating_add(1),
        (Some((lowest, highest)), None) => lowest == highest,
    };
    if torn { End::Torn { offset } } else { End::Damaged { offset } }
}

fn cut(file: &Path, offset: u64) -> io::Result<()> {
    // Synced before fjall opens the journal: it appends behind the cut, and a length that a crash brought back would have the torn
    // group between acknowledged ones.
    let file = File::options().write(true).open(file)?;
    file.set_len(offset)?;
    file.sync_all()
}
