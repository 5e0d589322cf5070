//! The counts beside the recorded ones.

use std::fmt::Write;

use crate::Count;
use crate::recorded::ARCHITECTURE;

/// More than this times the recorded count is a regression. Other compilers and C libraries stay far below it.
const RATIO_MAX: f64 = 1.2;
/// Less than this times it is an improvement that should be recorded.
const RATIO_KEPT: f64 = 0.9;

pub(crate) fn table(counts: &[Count], recorded: &[Count]) -> String {
    let mut text =
        format!("{:8}  {:20}  {:>12}  {:>12}  {:>5}\n", "engine", "request", "instructions", "recorded", "ratio");
    for count in counts {
        let (before, ratio) = match before(count, recorded) {
            Some(before) => (before.to_string(), format!("{:.2}", ratio(count, before))),
            None => ("-".to_owned(), "-".to_owned()),
        };
        // Writing to memory cannot fail.
        let _ = writeln!(
            text,
            "{:8}  {:20}  {:>12}  {before:>12}  {ratio:>5}",
            count.engine, count.request, count.instructions
        );
    }
    if counts.iter().any(|count| before(count, recorded).is_some_and(|before| ratio(count, before) < RATIO_KEPT)) {
        text.push_str("Some counts fell: keep that with `cargo instructions --record`.\n");
    }
    text
}

/// Refuses counts that are much higher than the recorded ones, where these say anything.
pub(crate) fn judge(counts: &[Count], recorded: &[Count]) -> Result<(), String> {
    if std::env::consts::ARCH != ARCHITECTURE {
        return Ok(());
    }
    let risen = counts.iter().filter_map(|count| {
        let ratio = ratio(count, before(count, recorded)?);
        (ratio > RATIO_MAX).then(|| format!("{} on {} takes {ratio:.2} times", count.request, count.engine))
    });
    let risen: Vec<String> = risen.collect();
    match risen.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{} the recorded instructions, and {RATIO_MAX} are allowed. If that is as it must be, record the new counts \
             with `cargo instructions --record` and commit crates/instructions/recorded.txt with the change",
            risen.join(", ")
        )),
    }
}

fn before(count: &Count, recorded: &[Count]) -> Option<u64> {
    let same = |other: &&Count| other.engine == count.engine && other.request == count.request;
    recorded.iter().find(same).map(|other| other.instructions)
}

fn ratio(count: &Count, before: u64) -> f64 {
    count.instructions as f64 / before.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(request: &str, instructions: u64) -> Count {
        Count { engine: "memory".into(), request: request.into(), instructions }
    }

    #[test]
    fn more_than_a_fifth_more_is_refused() {
        let recorded = [count("a", 1_000), count("b", 1_000)];
        let check = |counts: &[Count], refused: Option<&str>| {
            let said = judge(counts, &recorded).err();
            assert_eq!(said.is_some(), refused.is_some() && std::env::consts::ARCH == ARCHITECTURE, "{said:?}");
            let start = refused.unwrap_or_default();
            assert!(said.is_none_or(|said| said.starts_with(start)), "{start}");
        };
        check(&[count("a", 1_200), count("b", 10)], None);
        check(
            &[count("a", 1_201), count("b", 2_000)],
            Some("a on memory takes 1.20 times, b on memory takes 2.00 times the"),
        );
        check(&[count("new", 5_000)], None);
    }

    #[test]
    fn a_table() {
        let text = table(&[count("a", 800), count("new", 7)], &[count("a", 1_000)]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].ends_with("800          1000   0.80"), "{text}");
        assert!(lines[2].ends_with("7             -      -") && lines[3].starts_with("Some counts fell"), "{text}");
    }
}
