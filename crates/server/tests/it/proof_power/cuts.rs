//! Cuts the power at many points of a chapter, and checks a server on what each cut leaves.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::slice;
use std::sync::Mutex;
use std::thread;

use super::chapter::{Chapter, Knowing};
use super::disk::{Disk, Loss};
use super::image::Image;
use super::trace::{Event, What};
use crate::proof_chance::Chance;
use crate::test_server::TestServer;

/// At which points the power is cut.
pub(super) enum Plan {
    /// So many points, of all kinds.
    Some(u64),
    /// Right before and right after each sync with the loss of all that was not synced, and right before it and at a
    /// random point with as many random losses.
    All { subsets: u64 },
    /// Right after the last sync.
    Last,
}

/// Power is lost after the event of that number.
#[derive(Clone, Copy)]
struct Cut {
    event: usize,
    /// Loses what this seed says; without one, all that was not synced.
    seed: Option<u64>,
}

#[derive(Default)]
pub(super) struct Checked {
    pub(super) cuts: u64,
    strict: u64,
    pub(super) failures: Vec<Failure>,
}

pub(super) struct Failure {
    cut: Cut,
    /// The events around it.
    events: Vec<String>,
    what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cut { event, seed } = self.cut;
        write!(f, "cut after event {event}, loss {seed:?}: {}; {:#?}", self.what, self.events)
    }
}

impl Checked {
    pub(super) fn summary(&self) -> String {
        format!("{} cuts, {} of them with all lost that was not synced", self.cuts, self.strict)
    }
}

fn cuts(plan: &Plan, events: &[Event], chance: &mut Chance) -> Vec<Cut> {
    let is_sync = |at: &usize| matches!(events[*at].what, What::SyncEnded { .. });
    let syncs: Vec<usize> = (1..events.len()).filter(is_sync).collect();
    let mut cuts = Vec::new();
    match plan {
        Plan::Last => cuts.extend(syncs.last().map(|event| Cut { event: *event, seed: None })),
        Plan::Some(count) => {
            for number in 0..*count {
                let sync = syncs[chance.below(syncs.len() as u64) as usize];
                let between = chance.below(events.len() as u64) as usize;
                let event = [sync - 1, sync, between][(number % 3) as usize];
                cuts.push(Cut { event, seed: chance.one_in(2).then(|| chance.next()) });
            }
        }
        Plan::All { subsets } => {
            for sync in syncs {
                cuts.extend([sync - 1, sync].map(|event| Cut { event, seed: None }));
                for _ in 0..*subsets {
                    let between = chance.below(events.len() as u64) as usize;
                    cuts.extend([sync - 1, between].map(|event| Cut { event, seed: Some(chance.next()) }));
                }
            }
        }
    }
    cuts.sort_by_key(|cut| cut.event);
    cuts
}

/// Iterates over the chapter once, and returns an image for each cut.
struct Images<'a> {
    events: &'a [Event],
    done: usize,
    disk: Disk,
    cuts: slice::Iter<'a, Cut>,
}

impl Iterator for Images<'_> {
    type Item = (Cut, Image);

    fn next(&mut self) -> Option<(Cut, Image)> {
        let cut = *self.cuts.next()?;
        while self.done <= cut.event {
            self.disk.apply(&self.events[self.done].what);
            self.done += 1;
        }
        let mut loss = cut.seed.map_or(Loss::AllUnsynced, |seed| Loss::Some(Chance::new(seed)));
        Some((cut, self.disk.image(&mut loss)))
    }
}

/// Several at a time, as many as there are cores.
pub(super) fn check(chapter: &Chapter, plan: &Plan, lies_about: Option<&'static str>, chance: &mut Chance) -> Checked {
    let events = &chapter.events;
    let cuts = cuts(plan, events, chance);
    let images = Mutex::new(Images { events, done: 0, disk: chapter.disk(lies_about), cuts: cuts.iter() });
    let checked = Mutex::new(Checked::default());
    let work = || {
        loop {
            let next = images.lock().expect("no panic under the lock").next();
            let Some((cut, image)) = next else { return };
            let mut knowing = chapter.known_at(events[cut.event].end);
            if !chapter.has_fresh_tokens() {
                knowing.forget_tokens();
            }
            let result = panic::catch_unwind(AssertUnwindSafe(|| check_image(&image, &mut knowing)));
            let mut checked = checked.lock().expect("no panic under the lock");
            checked.cuts += 1;
            checked.strict += u64::from(cut.seed.is_none());
            if let Err(panic) = result {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let what = text.or_else(|| panic.downcast_ref().copied()).unwrap_or("a panic").to_owned();
                let around = cut.event.saturating_sub(8)..(cut.event + 3).min(events.len());
                let events = around.map(|at| format!("{at} {}", events[at].what)).collect();
                checked.failures.push(Failure { cut, events, what });
            }
        }
    };
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    checked.into_inner().expect("no panic under the lock")
}

fn check_image(image: &Image, knowing: &mut Knowing) {
    let folder = tempfile::tempdir().expect("folder");
    image.write_to(folder.path());
    let data = folder.path().join("data");
    let server = TestServer::on_data(&data).start();
    knowing.check(&mut server.client());
}
