//! The table for the terminal.

use crate::figures::{Figures, ceiling, first};

const HEADINGS: [&str; 12] = [
    "workload",
    "server",
    "ops/s",
    "spread",
    "p50 µs",
    "p90 µs",
    "p99 µs",
    "p99.9 µs",
    "max µs",
    "server µs/op",
    "client µs/op",
    "of echo",
];

pub(crate) fn table(all: &[Figures]) -> String {
    let compares = all.iter().any(|figures| is_other(all, figures));
    let mut rows: Vec<Vec<String>> = vec![HEADINGS.iter().map(|heading| (*heading).to_owned()).collect()];
    if compares {
        rows[0].push("of first".to_owned());
    }
    rows.extend(all.iter().map(|figures| row(all, figures, compares)));
    let mut text = aligned(&rows, 2);
    for figures in all {
        push_notes(figures, &mut text);
    }
    text
}

/// Whether this is the server that another is compared with.
fn is_other(all: &[Figures], figures: &Figures) -> bool {
    !figures.is_ceiling && first(all, figures.workload).is_some_and(|first| first.server != figures.server)
}

fn row(all: &[Figures], figures: &Figures, compares: bool) -> Vec<String> {
    let micros = |percentile: f64| grouped(figures.percentile_us(percentile));
    let cpu = |micros: Option<f64>| micros.map_or("-".to_owned(), |micros| format!("{micros:.1}"));
    let percent = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{:.0} %", ratio * 100.0));
    let mut row = vec![
        figures.workload.to_owned(),
        figures.server.clone(),
        match figures.is_result() {
            true => grouped(figures.operations_per_second()),
            false => "no result".to_owned(),
        },
        format!("{:.0} %", figures.spread() * 100.0),
        micros(50.0),
        micros(90.0),
        micros(99.0),
        micros(99.9),
        grouped(figures.latency().max() as f64 / 1_000.0),
        cpu(figures.server_cpu_us()),
        cpu(figures.client_cpu_us()),
        percent(figures.ratio_to(ceiling(all, figures.workload)).filter(|_| !figures.is_ceiling)),
    ];
    if compares {
        row.push(percent(figures.ratio_to(first(all, figures.workload)).filter(|_| is_other(all, figures))));
    }
    row
}

fn push_notes(figures: &Figures, text: &mut String) {
    let about = format!("{} on {}", figures.workload, figures.server);
    if let Some(beside) = figures.beside {
        text.push_str(&format!("{about}: {beside:.1} requests a second beside\n"));
    }
    if figures.operations() == 0 {
        text.push_str(&format!("{about}: NO RESULT: no request was answered\n"));
    }
    for (trouble, count) in figures.errors() {
        text.push_str(&format!("{about}: NO RESULT: {count} × {trouble}\n"));
    }
}

/// A whole number with its thousands apart; small ones with a digit behind the point.
fn grouped(number: f64) -> String {
    if number < 100.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Columns as wide as their widest cell: the first `words` of them to the left, numbers to the right.
pub(crate) fn aligned(rows: &[Vec<String>], words: usize) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            match column < words {
                true => line.push_str(&format!("{cell:<width$}  ")),
                false => line.push_str(&format!("{cell:>width$}  ")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::tests::example;

    #[test]
    fn a_table() {
        let mut other = example("other", false, 0);
        other.rounds.clear();
        let text = table(&[example("a", false, 0), other, example("echo", true, 0)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[0].starts_with("workload  server  ops/s") && lines[0].ends_with("of first"), "{text}");
        assert!(lines[1].starts_with("get       a       2 000   100 %"), "{text}");
        assert!(lines[1].contains("20.0") && lines[1].contains("100 %"), "{text}");
        assert!(lines[2].ends_with("100 %") && lines[3].ends_with('-'), "{text}");
    }

    #[test]
    fn failures_are_shown_instead_of_a_result() {
        let text = table(&[example("a", false, 2)]);
        assert!(text.contains("no result"), "{text}");
        assert!(text.contains("get on a: NO RESULT: 4 × GetItem did not give the whole item"), "{text}");
    }

    #[test]
    fn numbers() {
        for (number, expected) in [(0.0, "0.0"), (99.94, "99.9"), (100.0, "100"), (1234.5, "1 234"), (1e6, "1 000 000")]
        {
            assert_eq!(grouped(number), expected);
        }
    }
}
