//! Proof: whenever power is lost, and whatever the disk has retained of what was not synced, the server starts by
//! itself and has every acknowledged write, no refused one, and the rest that the proof of kills looks for.
//!
//! The server runs on a layer that writes down all it does to its folder ([`recording`], [`trace`]), under the load of
//! [`proof_load`](crate::proof_load), which notes beside each call how far the trace has come ([`chapter`]). From the
//! trace a disk is made that retains only what was synced ([`disk`]), and from that disk, at any point of the trace,
//! folders as they may be found after a loss of power. A server is started on each of them ([`cuts`]) and must have
//! what was acknowledged before that point. That the layer sees everything is checked as well: a disk that loses
//! nothing must be the folder, byte for byte.
//!
//! The long form is `STATOR_PROOF_SUBSETS=1` (docs/proofs.md).

mod bulk;
mod chapter;
mod content;
mod cuts;
mod disk;
mod file;
mod folder;
mod image;
mod recording;
mod trace;

use std::time::Instant;

use crate::proof_chance::{Chance, seed, setting};
use chapter::Chapter;
use cuts::{Failure, Plan};
use recording::Layer;

/// A server with small memtables: tables are written and merged, and journals removed, many times in a short load.
const MEMTABLE: &str = "256KiB";
/// Points at which the short form cuts each chapter.
const SHORT_CUTS: u64 = 18;
const CHAPTERS: u64 = 2;

/// Where the layer works.
const IS_POSSIBLE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

#[test]
fn power_lost_at_sync_points_and_between() {
    if !IS_POSSIBLE {
        eprintln!("skipped: the layer under the server is for Linux on x86-64");
        return;
    }
    let mut chance = Chance::new(seed());
    let begin = Instant::now();
    let plan = match setting("STATOR_PROOF_SUBSETS", 0) {
        0 => Plan::Some(setting("STATOR_PROOF_CUTS", SHORT_CUTS)),
        subsets => Plan::All { subsets },
    };
    let layer = Layer::compile();
    let mut chapter = Chapter::first(&layer, &mut chance);
    for number in 1.. {
        chapter.check_that_all_was_seen();
        let checked = cuts::check(&chapter, &plan, None, &mut chance);
        let failures: Vec<String> = checked.failures.iter().map(Failure::to_string).collect();
        eprintln!("chapter {number}: {}, {}, {:?}", chapter.summary(), checked.summary(), begin.elapsed());
        assert!(failures.is_empty(), "{} of {} cuts fail: {failures:#?}", failures.len(), checked.cuts);
        if number == setting("STATOR_PROOF_CHAPTERS", CHAPTERS) {
            break;
        }
        chapter = Chapter::after_cut(&layer, &chapter, &mut chance);
    }
}

/// The proof can fail: a disk that says that it has synced a journal and has not loses acknowledged writes.
#[test]
fn a_lying_disk_is_found_out() {
    if !IS_POSSIBLE {
        eprintln!("skipped: the layer under the server is for Linux on x86-64");
        return;
    }
    let mut chance = Chance::new(seed());
    let chapter = Chapter::brief(&Layer::compile(), &mut chance);
    let honest = cuts::check(&chapter, &Plan::Last, None, &mut chance);
    assert!(honest.failures.is_empty(), "{}", honest.failures[0]);
    let lying = cuts::check(&chapter, &Plan::Last, Some(".jnl"), &mut chance);
    assert_eq!(lying.failures.len() as u64, lying.cuts, "a lie that nobody noticed");
}
