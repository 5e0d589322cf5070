//! When a scheduled action runs: once, at a rate, or by a cron expression, in a time zone.
//!
//! Source: API Reference, PutScheduledAction: Schedule, Timezone, StartTime.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cron::Cron;
use crate::target::Action;

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Schedule {
    At(DateTime),
    /// Unit: milliseconds.
    Rate(u64),
    Cron(Cron),
}

/// A schedule with the rest of what its times follow from.
#[derive(Clone, Debug)]
pub(crate) struct Timing {
    pub schedule: Schedule,
    pub zone: TimeZone,
    /// Rates count from here, if there is no start.
    pub created_ms: u64,
    pub start_ms: Option<u64>,
    pub end_ms: Option<u64>,
}

const MINUTE_MS: u64 = 60_000;

impl Schedule {
    /// None of what is no schedule.
    pub(crate) fn parse(text: &str) -> Option<Schedule> {
        let inner = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(time) = inner("at") {
            // As `2026-12-01T03:00:00`, without a zone.
            let is_plain = time.len() == 19 && time.as_bytes().get(10) == Some(&b'T');
            return is_plain.then(|| time.parse().ok()).flatten().map(Schedule::At);
        }
        if let Some(rate) = inner("rate") {
            let (value, unit) = rate.split_once(' ')?;
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
            let value: u64 = value.parse().ok().filter(|value| is_number && *value > 0)?;
            let minutes = match (unit.trim(), value) {
                ("minute", 1) | ("minutes", _) => 1,
                ("hour", 1) | ("hours", _) => 60,
                ("day", 1) | ("days", _) => 24 * 60,
                _ => return None,
            };
            return value.checked_mul(minutes)?.checked_mul(MINUTE_MS).map(Schedule::Rate);
        }
        Cron::parse(inner("cron")?).map(Schedule::Cron)
    }
}

/// The zone of a name of the IANA; UTC without a name. None of a name of none.
pub(crate) fn zone(name: Option<&str>) -> Option<TimeZone> {
    match name {
        None => Some(TimeZone::UTC),
        Some(name) => TimeZone::get(name).ok(),
    }
}

impl Timing {
    /// None of an action whose texts are no schedule and no zone, which no request has stored.
    pub(crate) fn of(action: &Action) -> Option<Timing> {
        let Action { created_ms, start_ms, end_ms, .. } = *action;
        let (schedule, zone) = (Schedule::parse(&action.schedule)?, zone(action.timezone.as_deref())?);
        Some(Timing { schedule, zone, created_ms, start_ms, end_ms })
    }

    /// The first time at or after one; none if there is none, or it is behind the end.
    pub(crate) fn first_from(&self, from_ms: u64) -> Option<u64> {
        let start_ms = self.start_ms.unwrap_or(0);
        let from_ms = from_ms.max(start_ms);
        let found = match &self.schedule {
            Schedule::At(time) => Some(self.instant(*time)?).filter(|at_ms| *at_ms >= from_ms),
            // With a start, an action that recurs runs then as well. Source: User Guide, "Scheduled scaling".
            _ if self.start_ms == Some(from_ms) => self.start_ms,
            Schedule::Rate(period_ms) => {
                let begin_ms = self.start_ms.unwrap_or(self.created_ms.saturating_add(*period_ms));
                let periods = from_ms.saturating_sub(begin_ms).div_ceil(*period_ms);
                begin_ms.checked_add(periods.checked_mul(*period_ms)?)
            }
            Schedule::Cron(cron) => {
                let begin = Timestamp::from_millisecond(i64::try_from(from_ms).ok()?).ok()?;
                self.first_of(cron, begin, from_ms)
            }
        };
        found.filter(|at_ms| self.end_ms.is_none_or(|end_ms| *at_ms <= end_ms))
    }

    /// The first time of an expression. One that clocks are set over is later, by as much as they are; one that they show twice is the earlier one,
    /// which may be over.
    fn first_of(&self, cron: &Cron, begin: Timestamp, from_ms: u64) -> Option<u64> {
        let shown = begin.to_zoned(self.zone.clone()).datetime();
        // Times that clocks were set over in the last day may be to come.
        let day_before = begin.checked_sub(SignedDuration::from_hours(25)).unwrap_or(begin);
        let [now, before] = [begin, day_before].map(|at| self.zone.to_offset(at).seconds());
        let ahead = SignedDuration::from_secs(i64::from(now.saturating_sub(before).max(0)));
        let mut times = cron.from(shown.checked_sub(ahead).unwrap_or(shown));
        let is_due = |at_ms: &u64| *at_ms >= from_ms;
        let first = times.by_ref().find_map(|time| self.instant(time).filter(is_due))?;
        // Times that clocks show are not later than they show: one before a time that they are set over comes first.
        let at = Timestamp::from_millisecond(i64::try_from(first).ok()?).ok()?;
        let until = at.to_zoned(self.zone.clone()).datetime();
        let others = times.take_while(|time| *time < until).filter_map(|time| self.instant(time).filter(is_due));
        Some(others.fold(first, u64::min))
    }

    fn instant(&self, time: DateTime) -> Option<u64> {
        let zoned = self.zone.to_zoned(time).ok()?;
        u64::try_from(zoned.timestamp().as_millisecond()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> u64 {
        u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap()
    }

    fn timing(schedule: &str, zone_name: &str) -> Timing {
        let schedule = Schedule::parse(schedule).unwrap();
        let zone = zone(Some(zone_name)).unwrap();
        Timing { schedule, zone, created_ms: ms("2026-01-01T00:00:30Z"), start_ms: None, end_ms: None }
    }

    fn times(timing: &Timing, from: &str, count: usize) -> Vec<String> {
        let mut from_ms = ms(from);
        let mut found = Vec::new();
        while let Some(at_ms) = timing.first_from(from_ms).filter(|_| found.len() < count) {
            found.push(Timestamp::from_millisecond(at_ms as i64).unwrap().to_string());
            from_ms = at_ms + 1;
        }
        found
    }

    #[test]
    fn once() {
        let at = timing("at(2026-03-01T06:30:00)", "America/New_York");
        assert_eq!(times(&at, "2026-01-01T00:00:00Z", 3), ["2026-03-01T11:30:00Z"]);
        assert_eq!(times(&at, "2026-03-01T11:30:01Z", 3), [""; 0]);
    }

    #[test]
    fn at_a_rate() {
        let rate = timing("rate(2 hours)", "UTC");
        let expected = ["2026-01-01T02:00:30Z", "2026-01-01T04:00:30Z"];
        assert_eq!(times(&rate, "2026-01-01T00:00:30Z", 2), expected);
        assert_eq!(times(&rate, "2026-01-01T02:00:31Z", 1), expected[1..]);
        let started = Timing { start_ms: Some(ms("2026-02-01T00:00:00Z")), ..rate };
        let ended = Timing { end_ms: Some(ms("2026-02-01T02:00:00Z")), ..started };
        assert_eq!(times(&ended, "2026-01-01T00:00:00Z", 9), ["2026-02-01T00:00:00Z", "2026-02-01T02:00:00Z"]);
    }

    #[test]
    fn by_cron_over_a_change_of_clocks() {
        // On 29 March 2026 clocks are set from 2 to 3, on 25 October from 3 to 2.
        let cron = timing("cron(30 2 * * ? *)", "Europe/Berlin");
        let expected = ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"];
        assert_eq!(times(&cron, "2026-03-28T00:00:00Z", 3), expected);
        let expected = ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
        assert_eq!(times(&cron, "2026-10-25T00:00:00Z", 2), expected);
        let started = Timing { start_ms: Some(ms("2026-05-01T12:00:00Z")), ..cron };
        assert_eq!(times(&started, "2026-01-01T00:00:00Z", 2), ["2026-05-01T12:00:00Z", "2026-05-02T00:30:00Z"]);
    }

    /// On 29 March 2026 in Berlin, clocks are set from 2 to 3 at 01:00 UTC.
    #[test]
    fn all_times_of_the_hour_that_clocks_skip_are_later() {
        let cron = timing("cron(0/15 2 * * ? *)", "Europe/Berlin");
        let expected = ["01:00", "01:15", "01:30", "01:45"].map(|time| format!("2026-03-29T{time}:00Z"));
        assert_eq!(times(&cron, "2026-03-29T00:00:00Z", 4), expected);
        let both = timing("cron(20,50 2-3 * * ? *)", "Europe/Berlin");
        let expected = ["03-29T01:20", "03-29T01:50", "03-30T00:20"].map(|time| format!("2026-{time}:00Z"));
        assert_eq!(times(&both, "2026-03-29T00:00:00Z", 3), expected);
        let mixed = timing("cron(45 2 * * ? *)", "Europe/Berlin");
        assert_eq!(times(&mixed, "2026-03-29T01:30:00Z", 1), ["2026-03-29T01:45:00Z"]);
        // A day is skipped on Samoa.
        let samoa = timing("cron(0 12 30 12 ? 2011)", "Pacific/Apia");
        assert_eq!(times(&samoa, "2011-12-30T20:00:00Z", 2), ["2011-12-30T22:00:00Z"]);
    }

    #[test]
    fn what_is_no_schedule() {
        for text in [
            "",
            "at()",
            "at(2026-13-01T00:00:00)",
            "at(2026-12-01)",
            "at(2026-12-01T00:00:00Z)",
            "rate(0 minutes)",
            "rate(2 minute)",
            "rate(1 week)",
            "rate(-1 minutes)",
            "rate(5)",
            "cron(* * * * *)",
            "5 minutes",
            "rate(99999999999999999 days)",
        ] {
            assert_eq!(Schedule::parse(text), None, "{text}");
        }
        assert!(zone(Some("Middle/Earth")).is_none() && zone(None).is_some() && zone(Some("Etc/GMT+9")).is_some());
    }
}
