//! How often settings of a table may be changed: decreases of provisioned units, changes to on-demand, changes of the class.
//!
//! A refused request counts for nothing: budgets are spent on the copy of the definition that is stored only if all of the
//! request is accepted.

use api::Exception;

use super::definition::{Definition, Provisioned, TableClass, TableClassChoice, ThroughputChanges};

const HOUR_MS: u64 = 60 * 60 * 1000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Decreases of a table's or an index's units on a day (UTC), before they have to wait for [`DECREASE_INTERVAL_MS`]. Source:
/// Quotas, "Decreasing provisioned throughput"; captured in October 2026.
const DECREASES_MAX: i64 = 4;
/// Between two further decreases of a day.
const DECREASE_INTERVAL_MS: u64 = HOUR_MS;

/// Changes to on-demand in 24 hours. Source: Developer Guide, "Considerations when switching capacity modes".
const ON_DEMAND_SWITCHES_MAX: usize = 4;

/// Changes of the class in [`CLASS_DAYS`]. Source: captured in October 2026.
const CLASS_CHANGES_MAX: usize = 2;
const CLASS_DAYS: u64 = 30;

impl ThroughputChanges {
    /// Records a change of provisioned throughput. One that raises a rate and lowers the other one is a decrease, too.
    ///
    /// # Errors
    /// The refusal of a decrease beyond the budget of the day. The text is captured.
    pub fn record(&mut self, old: Provisioned, new: Provisioned, now_ms: u64) -> Result<(), Exception> {
        if new.read_units < old.read_units || new.write_units < old.write_units {
            self.check_budget(now_ms)?;
            self.decreases = self.decreases_today(now_ms) + 1;
            self.decreased_ms = Some(now_ms);
        }
        if new.read_units > old.read_units || new.write_units > old.write_units {
            self.increased_ms = Some(now_ms);
        }
        Ok(())
    }

    fn check_budget(&self, now_ms: u64) -> Result<(), Exception> {
        let (decreases, last_ms) = (self.decreases_today(now_ms), self.decreased_ms.unwrap_or(0));
        // The budget is new at midnight.
        let next_ms = last_ms.saturating_add(DECREASE_INTERVAL_MS).min((last_ms / DAY_MS + 1) * DAY_MS);
        if decreases < DECREASES_MAX || now_ms >= next_ms {
            return Ok(());
        }
        Err(Exception::LimitExceeded(format!(
            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first \
             {DECREASES_MAX} decreases, each subsequent decrease in the same UTC day can be performed at most once every {} \
             seconds. Number of decreases today: {decreases}. Last decrease at {} Coordinated Universal Time. Next decrease \
             can be made at {} Coordinated Universal Time.",
            DECREASE_INTERVAL_MS / 1_000,
            base::utc::long(last_ms),
            base::utc::long(next_ms),
        )))
    }

    /// Whether the budget of the day has a decrease left.
    pub fn may_decrease(&self, now_ms: u64) -> bool {
        self.check_budget(now_ms).is_ok()
    }

    /// Decreases since midnight UTC.
    pub fn decreases_today(&self, now_ms: u64) -> i64 {
        match self.decreased_ms {
            Some(decreased_ms) if decreased_ms / DAY_MS == now_ms / DAY_MS => self.decreases,
            _ => 0,
        }
    }
}

impl Definition {
    /// Records that the table becomes on-demand.
    ///
    /// # Errors
    /// The refusal of a change beyond the budget. The text is captured for an earlier budget, of one change.
    pub fn record_on_demand(&mut self, now_ms: u64) -> Result<(), Exception> {
        if !record(&mut self.on_demand_switches_ms, ON_DEMAND_SWITCHES_MAX, DAY_MS, now_ms) {
            return Err(Exception::LimitExceeded(format!(
                "Subscriber limit exceeded: Update to PayPerRequest mode are limited to {ON_DEMAND_SWITCHES_MAX} times in 1 \
                 day(s)."
            )));
        }
        self.on_demand_since_ms = Some(now_ms);
        Ok(())
    }

    /// Changes the table's class. A request for the current one changes nothing.
    ///
    /// # Errors
    /// The refusal of a change beyond the budget. The text is captured.
    pub fn change_class(&mut self, class: TableClass, now_ms: u64) -> Result<(), Exception> {
        if self.table_class.is_some_and(|own| own.class == class) {
            return Ok(());
        }
        // A table without a choice is of the standard class.
        let is_change = self.table_class.is_some() || class != TableClass::Standard;
        if is_change && !record(&mut self.class_changes_ms, CLASS_CHANGES_MAX, CLASS_DAYS * DAY_MS, now_ms) {
            return Err(Exception::LimitExceeded(format!(
                "Subscriber limit exceeded: Updates to TableClass are limited to {CLASS_CHANGES_MAX} times in {CLASS_DAYS} \
                 day(s)"
            )));
        }
        self.table_class = Some(TableClassChoice { class, changed_ms: Some(now_ms) });
        Ok(())
    }
}

/// Adds `now_ms` to the times of changes, of which at most `max` are in a period. Returns whether it is added. Times of before
/// the period are removed; those after `now_ms`, of a clock that was set back, count.
fn record(times_ms: &mut Vec<u64>, max: usize, period_ms: u64, now_ms: u64) -> bool {
    times_ms.retain(|at_ms| at_ms.saturating_add(period_ms) > now_ms);
    let is_allowed = times_ms.len() < max;
    if is_allowed {
        times_ms.push(now_ms);
    }
    is_allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: u64 = 1_791_460_800_000;

    fn units(read_units: i64, write_units: i64) -> Provisioned {
        Provisioned { read_units, write_units }
    }

    #[test]
    fn decreases_have_a_budget_of_a_day() {
        let mut changes = ThroughputChanges::default();
        let mut lower = |at_ms: u64| changes.record(units(5, 5), units(5, 4), at_ms).is_ok();
        let at = |hours: u64| NOON_MS + hours * HOUR_MS;
        assert!((0..4).all(|_| lower(at(0))));
        assert!(!lower(at(1) - 1));
        assert!(lower(at(1)) && !lower(at(1)) && !lower(at(2) - 1));
        assert!(lower(at(2)));
        // The next day begins twelve hours after noon, less than an hour after this one.
        assert!(lower(at(11) + 1) && !lower(at(12) - 1));
        assert!((0..4).all(|_| lower(at(12))) && !lower(at(12)));
    }

    #[test]
    fn increases_are_free_and_a_mixed_change_is_a_decrease() {
        let mut changes = ThroughputChanges::default();
        for _ in 0..9 {
            changes.record(units(5, 5), units(6, 5), NOON_MS).unwrap();
        }
        assert_eq!((changes.decreases_today(NOON_MS), changes.decreased_ms), (0, None));
        assert!(changes.may_decrease(NOON_MS));
        changes.record(units(5, 5), units(6, 4), NOON_MS).unwrap();
        assert_eq!((changes.decreases_today(NOON_MS), changes.increased_ms), (1, Some(NOON_MS)));
        assert_eq!(changes.decreases_today(NOON_MS + DAY_MS), 0);
    }

    #[test]
    fn the_refusal_names_the_next_moment() {
        let last_ms = NOON_MS + 11 * HOUR_MS + 1_248_000;
        let mut changes = ThroughputChanges { decreases: 4, decreased_ms: Some(last_ms), increased_ms: None };
        let refused = changes.record(units(5, 5), units(1, 1), last_ms + 1).unwrap_err().to_string();
        let expected = "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After \
                        the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once \
                        every 3600 seconds. Number of decreases today: 4. Last decrease at Thursday, October 8, 2026 at \
                        11:20:48 PM Coordinated Universal Time. Next decrease can be made at Friday, October 9, 2026 at \
                        12:00:00 AM Coordinated Universal Time.";
        assert_eq!(refused, expected);
    }

    #[test]
    fn changes_are_counted_in_a_period() {
        let mut definition = Definition::default();
        for at_ms in [0, 1, 2, 3] {
            definition.record_on_demand(at_ms).unwrap();
        }
        assert!(definition.record_on_demand(DAY_MS - 1).is_err());
        definition.record_on_demand(DAY_MS).unwrap();
        assert_eq!((definition.on_demand_since_ms, definition.on_demand_switches_ms.len()), (Some(DAY_MS), 4));

        let mut change =
            |class, at_ms: u64| definition.change_class(class, at_ms).map_err(|refusal| refusal.to_string());
        change(TableClass::Standard, 0).unwrap();
        change(TableClass::InfrequentAccess, 1).unwrap();
        change(TableClass::InfrequentAccess, 2).unwrap();
        change(TableClass::Standard, 3).unwrap();
        let text = "Subscriber limit exceeded: Updates to TableClass are limited to 2 times in 30 day(s)";
        assert_eq!(change(TableClass::InfrequentAccess, 4), Err(text.to_owned()));
        change(TableClass::InfrequentAccess, CLASS_DAYS * DAY_MS + 1).unwrap();
    }
}
