//! Which writes of a table have stamps, and which: a hybrid logical clock of each item.

use model::RegionName;
use model::codec::row::{HybridTime, Stamp};

use crate::definition::Definition;

/// How long a deleted item leaves a tombstone: longer than changes are retained for a member that does not take them, so that no
/// older write of the item can arrive behind it.
pub const TOMBSTONE_LIFE_MS: u64 = 10 * 24 * 60 * 60 * 1000;

/// Which of a table's writes have stamps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stamps {
    /// All: the table is in a global table.
    All(RegionName),
    /// Those over a row with a stamp: another node knows already that the table is in a global table; or the table has left its group,
    /// and its log still has changes with stamps, which a later group gets. A row that has lost its stamp would be older than they are.
    OverStamped(RegionName),
    /// None: the region has no name that a stamp can have.
    None,
}

impl Stamps {
    pub fn of(definition: &Definition) -> Stamps {
        let Some(region) = RegionName::parse(&definition.region) else { return Stamps::None };
        match definition.replica() {
            None => Stamps::OverStamped(region),
            Some(_) => Stamps::All(region),
        }
    }

    /// The stamp of a write at `now_ms` over a row with `stored`. It is greater than that one, whatever the clock says: the writer has
    /// seen what it replaces.
    pub fn next(&self, now_ms: u64, stored: Option<Stamp>) -> Option<Stamp> {
        let region = match self {
            Stamps::All(region) => region,
            Stamps::OverStamped(region) => stored.map(|_| region)?,
            Stamps::None => return None,
        };
        let before = stored.map(|stamp| stamp.time);
        let time = match before {
            Some(before) if before.wall_ms >= now_ms => match before.counter.checked_add(1) {
                Some(counter) => HybridTime { wall_ms: before.wall_ms, counter },
                None => HybridTime { wall_ms: before.wall_ms.saturating_add(1), counter: 0 },
            },
            _ => HybridTime { wall_ms: now_ms, counter: 0 },
        };
        Some(Stamp { time, region: *region })
    }
}

/// The stamp of a row from before its table was in a global table: older than those of all writes.
pub fn oldest_stamp(region: RegionName) -> Stamp {
    Stamp { time: HybridTime { wall_ms: 0, counter: 0 }, region }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replication::MemberStatus;

    #[test]
    fn a_write_is_later_than_what_it_replaces() {
        let region = RegionName::parse("eu-west-3").unwrap();
        let other = RegionName::parse("us-east-1").unwrap();
        let stamp = |region, wall_ms, counter| Stamp { time: HybridTime { wall_ms, counter }, region };
        let all = Stamps::All(region);
        for (stored, expected) in [
            (None, (70, 0)),
            (Some(oldest_stamp(other)), (70, 0)),
            (Some(stamp(other, 69, 8)), (70, 0)),
            (Some(stamp(other, 70, 8)), (70, 9)),
            (Some(stamp(other, 90, 0)), (90, 1)),
            (Some(stamp(other, 90, u32::MAX)), (91, 0)),
        ] {
            let next = all.next(70, stored).unwrap();
            assert_eq!(next, stamp(region, expected.0, expected.1));
            assert!(stored.is_none_or(|stored| next > stored));
        }
        let kept = Stamps::OverStamped(region);
        assert_eq!((kept.next(70, None), Stamps::None.next(70, Some(stamp(other, 1, 0)))), (None, None));
        assert_eq!(kept.next(70, Some(stamp(other, 1, 0))), Some(stamp(region, 70, 0)));
    }

    #[test]
    fn a_group_decides_about_stamps() {
        let region = RegionName::parse("eu-west-3").unwrap();
        let mut definition = Definition { region: "eu-west-3".to_owned(), ..Definition::default() };
        assert_eq!(Stamps::of(&definition), Stamps::OverStamped(region));
        definition.add_member("us-east-1", MemberStatus::Creating, None);
        assert_eq!(Stamps::of(&definition), Stamps::All(region));
        definition.remove_member("us-east-1");
        assert_eq!(Stamps::of(&definition), Stamps::OverStamped(region));
    }
}
