//! Statistics: what a caller asks of values, and what they come to.

use super::refusal::Refusal;
use crate::cell::Cell;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// `p99.9`.
    Percentile(f64),
}

impl Statistic {
    /// # Errors
    /// The refusal of a statistic that there is not here: trimmed means, ranks and their like.
    pub(super) fn parse(text: &str) -> Result<Statistic, Refusal> {
        let percentile = || -> Option<Statistic> {
            let digits = text
                .strip_prefix('p')
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))?;
            let percent = digits.parse().ok().filter(|percent| (0.0..=100.0).contains(percent))?;
            Some(Statistic::Percentile(percent))
        };
        let named = match text {
            "SampleCount" => Statistic::SampleCount,
            "Average" => Statistic::Average,
            "Sum" => Statistic::Sum,
            "Minimum" => Statistic::Minimum,
            "Maximum" => Statistic::Maximum,
            _ => {
                let unknown =
                    || Refusal::Value(format!("The value {} for parameter Stat is not supported.", beginning(text)));
                return percentile().ok_or_else(unknown);
            }
        };
        Ok(named)
    }

    /// None if it is not known of these values.
    pub(super) fn of(self, cell: &Cell) -> Option<f64> {
        match self {
            Statistic::SampleCount => Some(cell.count),
            Statistic::Average => Some(cell.average()),
            Statistic::Sum => Some(cell.sum),
            Statistic::Minimum => Some(cell.min),
            Statistic::Maximum => Some(cell.max),
            Statistic::Percentile(percent) => cell.percentile(percent),
        }
    }
}

/// As much of a text of a request as a refusal repeats.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(64).map_or(text, |(at, _)| &text[..at])
}
