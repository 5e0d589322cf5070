//! Statistics: what a caller asks of values, and what they come to.

use crate::cell::Cell;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// `p99.9`.
    Percentile(f64),
}

impl Statistic {
    /// None of a statistic that there is not here: trimmed means, ranks and their like.
    pub(crate) fn parse(text: &str) -> Option<Statistic> {
        let named = match text {
            "SampleCount" => Statistic::SampleCount,
            "Average" => Statistic::Average,
            "Sum" => Statistic::Sum,
            "Minimum" => Statistic::Minimum,
            "Maximum" => Statistic::Maximum,
            _ => {
                let digits = text.strip_prefix('p')?;
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                let percent = digits.parse().ok().filter(|percent| is_number && (0.0..=100.0).contains(percent))?;
                Statistic::Percentile(percent)
            }
        };
        Some(named)
    }

    /// None if it is not known of these values.
    pub(crate) fn of(self, cell: &Cell) -> Option<f64> {
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
