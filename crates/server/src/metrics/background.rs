//! What the service's background work and the readers of logs have done, and what they are behind with.

use ops::{BackgroundStats, TableLag};

use super::page::Page;

/// The account, region and name of all tables that have no series of their own. No account is called so.
const OTHER: &str = "other";

/// How series of tables are labelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TableSeries {
    /// So many of the oldest tables have series of their own, the rest has one together.
    Each(usize),
    /// All tables have one series, which names none.
    Total,
}

/// A metric of tables.
struct OfTables {
    name: &'static str,
    help: &'static str,
    value: fn(&TableLag) -> Option<u64>,
    /// What several tables have together.
    together: fn(u64, u64) -> u64,
}

const METRICS: [OfTables; 4] = [
    OfTables {
        name: "stator_ttl_overdue_seconds",
        help: "How long the item that is due longest has been so.",
        value: |table| table.overdue_s,
        together: u64::max,
    },
    OfTables {
        name: "stator_log_records",
        help: "Changes that a table's log holds.",
        value: |table| Some(table.log?.records),
        together: u64::saturating_add,
    },
    OfTables {
        name: "stator_log_bytes",
        help: "What they take, by the mean of the oldest and newest.",
        value: |table| Some(table.log?.bytes),
        together: u64::saturating_add,
    },
    OfTables {
        name: "stator_iterator_age_milliseconds",
        help: "How old the last change was that GetRecords gave; the greatest of the last minute.",
        value: |table| table.iterator_age_ms,
        together: u64::max,
    },
];

pub(super) fn write(background: &BackgroundStats, series: TableSeries, page: &mut Page) {
    page.counter("stator_ttl_deletions_total", "Items that time to live has deleted.");
    page.value(background.expired_items);
    let named = match series {
        TableSeries::Each(tables_max) => tables_max.min(background.tables.len()),
        TableSeries::Total => 0,
    };
    // Oldest first, so that a table's series does not come and go with newer ones.
    let (own, rest) = background.tables.split_at(named);
    for metric in &METRICS {
        page.gauge(metric.name, metric.help);
        for table in own {
            let labels = [("account", &*table.account), ("region", &table.region), ("table", &table.table)];
            if let Some(value) = (metric.value)(table) {
                page.labelled(&labels, value);
            }
        }
        let Some(value) = rest.iter().filter_map(metric.value).reduce(metric.together) else { continue };
        match series {
            TableSeries::Each(_) => page.labelled(&[("account", OTHER), ("region", OTHER), ("table", OTHER)], value),
            TableSeries::Total => page.value(value),
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

    fn lines(series: TableSeries) -> Vec<String> {
        let background = BackgroundStats { expired_items: 0, tables: (1..=4).map(table).collect() };
        let mut page = Page::default();
        write(&background, series, &mut page);
        let text = page.into_text();
        text.lines().filter(|line| !line.starts_with('#')).skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn tables_beyond_the_cap_are_added_up() {
        let of = |number: u64| format!("account=\"{number:012}\",region=\"eu-west-3\",table=\"table-{number}\"");
        let other = "account=\"other\",region=\"other\",table=\"other\"";
        assert_eq!(
            lines(TableSeries::Each(1)),
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
        assert!(lines(TableSeries::Each(0)).iter().all(|line| line.contains(other)));
        assert!(lines(TableSeries::Each(4)).iter().all(|line| !line.contains(other)));
        assert_eq!(lines(TableSeries::Each(4)), lines(TableSeries::Each(100)));
    }

    #[test]
    fn a_total_names_no_table() {
        let expected = [
            "stator_ttl_overdue_seconds 4",
            "stator_log_records 3",
            "stator_log_bytes 30",
            "stator_iterator_age_milliseconds 7",
        ];
        assert_eq!(lines(TableSeries::Total), expected);
    }
}
