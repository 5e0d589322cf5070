//! What the service's background work and the readers of logs have done, and what they are behind with.

use base::{Detail, Metric, Page};
use ops::{BackgroundStats, TableLag};

/// The account, region and name of all tables that have no series of their own. No account is called so.
const OTHER: &str = "other";

static DAMAGED_ROWS: Metric = Metric::counter(
    "stator_damaged_rows_total",
    "Damaged rows that background work has met, each time that it met them.",
);
static TTL_DELETIONS: Metric = Metric::counter("stator_ttl_deletions_total", "Items that time to live has deleted.");

static RECORDS_LOST: Metric = Metric::counter(
    "stator_log_records_lost_total",
    "Records of tables' logs that were trimmed before a consumer had taken them.",
);

static ARCHIVED_BYTES: Metric = Metric::counter(
    "stator_recovery_archived_bytes_total",
    "Size of the segments that point-in-time recovery has written, compressed.",
);
static RECOVERY_GAPS: Metric = Metric::counter(
    "stator_recovery_gaps_total",
    "Gaps in archives of tables' logs: recovery goes back to the moment behind the last one.",
);

static BULK_RECORDS: Metric =
    Metric::counter("stator_bulk_put_records_total", "Records of bulk operations, by what came of them.");
const BULK_OUTCOMES: [&str; 3] = ["put", "failed", "condition_failed"];

/// A metric of tables.
struct OfTables {
    metric: Metric,
    value: fn(&TableLag) -> Option<u64>,
    /// What several tables have together.
    together: fn(u64, u64) -> u64,
}

static TABLES: [OfTables; 4] = [
    OfTables {
        metric: Metric::gauge(
            "stator_ttl_overdue_seconds",
            "Time since the expiry of the oldest item still to be deleted.",
        ),
        value: |table| table.overdue_s,
        together: u64::max,
    },
    OfTables {
        metric: Metric::gauge("stator_log_records", "Changes that a table's log holds."),
        value: |table| Some(table.log?.records),
        together: u64::saturating_add,
    },
    OfTables {
        metric: Metric::gauge(
            "stator_log_bytes",
            "Size of a table's log, estimated from its oldest and newest records.",
        ),
        value: |table| Some(table.log?.bytes),
        together: u64::saturating_add,
    },
    OfTables {
        metric: Metric::gauge(
            "stator_iterator_age_milliseconds",
            "Age of the last change that GetRecords returned; the greatest of the last minute.",
        ),
        value: |table| table.iterator_age_ms,
        together: u64::max,
    },
];

pub(super) fn write(background: &BackgroundStats, page: &mut Page) {
    page.metric(&TTL_DELETIONS).value(background.expired_items);
    page.metric(&DAMAGED_ROWS).value(background.damaged_rows);
    page.metric(&RECORDS_LOST).value(background.lost_records);
    page.metric(&ARCHIVED_BYTES).value(background.archived_bytes);
    page.metric(&RECOVERY_GAPS).value(background.recovery_gaps);
    let mut series = page.metric(&BULK_RECORDS);
    for (outcome, records) in BULK_OUTCOMES.into_iter().zip(background.bulk_records) {
        series.labelled(&[("outcome", outcome)], records);
    }
    let detail = page.detail();
    let named = match detail {
        Detail::Each(tables_max) => tables_max.min(background.tables.len()),
        Detail::Total => 0,
    };
    // Oldest first, so that a table's series does not come and go with newer ones.
    let (own, rest) = background.tables.split_at(named);
    for OfTables { metric, value, together } in &TABLES {
        let mut series = page.metric(metric);
        for table in own {
            let labels = [("account", &*table.account), ("region", &table.region), ("table", &table.table)];
            if let Some(value) = value(table) {
                series.labelled(&labels, value);
            }
        }
        let Some(value) = rest.iter().filter_map(value).reduce(together) else { continue };
        match detail {
            Detail::Each(_) => series.labelled(&[("account", OTHER), ("region", OTHER), ("table", OTHER)], value),
            Detail::Total => series.value(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use ops::LogSize;

    use super::*;

    fn table(number: u64) -> TableLag {
        TableLag {
            account: format!("{number:012}"),
            region: "eu-west-3".to_owned(),
            table: format!("table-{number}"),
            log: (number < 3).then_some(LogSize { records: number, bytes: 10 * number }),
            iterator_age_ms: (number == 2).then_some(7),
            overdue_s: Some(number),
        }
    }

    fn lines(detail: Detail) -> Vec<String> {
        let tables = (1..=4).map(table).collect();
        let background = BackgroundStats { tables, ..BackgroundStats::default() };
        let mut page = Page::new(detail);
        write(&background, &mut page);
        let text = page.into_text();
        text.lines().filter(|line| !line.starts_with('#')).skip(8).map(str::to_owned).collect()
    }

    #[test]
    fn tables_beyond_the_cap_are_added_up() {
        let of = |number: u64| format!("account=\"{number:012}\",region=\"eu-west-3\",table=\"table-{number}\"");
        let other = "account=\"other\",region=\"other\",table=\"other\"";
        assert_eq!(
            lines(Detail::Each(1)),
            [
                format!("stator_ttl_overdue_seconds{{{}}} 1", of(1)),
                format!("stator_ttl_overdue_seconds{{{other}}} 4"),
                format!("stator_log_records{{{}}} 1", of(1)),
                format!("stator_log_records{{{other}}} 2"),
                format!("stator_log_bytes{{{}}} 10", of(1)),
                format!("stator_log_bytes{{{other}}} 20"),
                format!("stator_iterator_age_milliseconds{{{other}}} 7"),
            ]
        );
        assert!(lines(Detail::Each(0)).iter().all(|line| line.contains(other)));
        assert!(lines(Detail::Each(4)).iter().all(|line| !line.contains(other)));
        assert_eq!(lines(Detail::Each(4)), lines(Detail::Each(100)));
    }

    #[test]
    fn a_total_names_no_table() {
        let expected = [
            "stator_ttl_overdue_seconds 4",
            "stator_log_records 3",
            "stator_log_bytes 30",
            "stator_iterator_age_milliseconds 7",
        ];
        assert_eq!(lines(Detail::Total), expected);
    }
}
