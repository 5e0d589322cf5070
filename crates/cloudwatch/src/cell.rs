//! What was measured in a minute: enough for every statistic, and its bytes in a row.
//!
//! Percentiles come of the counts of sizes: a value is counted at the power of 1.02 above it, so that a percentile is
//! right to two percent.

use bytes::{Buf, BufMut};

/// The ratio of a size to the one below it.
const RATIO: f64 = 1.02;
/// The size of zero.
const ZERO: i16 = i16::MIN;
/// Different sizes of a cell, which bound what a minute takes in memory and in its row: of more, neighbours become one.
const SIZES_MAX: usize = 250;

/// All zero if nothing was measured.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Cell {
    pub count: f64,
    pub sum: f64,
    pub min: f64,
    pub max: f64,
    /// Each size with its count, in order. Empty if a value was below zero: there are no percentiles then.
    sizes: Vec<(i16, f64)>,
}

impl Cell {
    /// Counts a value that was measured `count` times.
    pub(crate) fn add(&mut self, value: f64, count: f64) {
        let is_sized = self.sums_up();
        // Most series have one value alone, whose size is known.
        if self.count > 0.0
            && self.min == value
            && self.max == value
            && let [(_, known)] = &mut self.sizes[..]
        {
            (self.count, self.sum, *known) = (self.count + count, self.sum + value * count, *known + count);
            return;
        }
        if self.count == 0.0 {
            (self.min, self.max) = (value, value);
        }
        self.count += count;
        self.sum += value * count;
        (self.min, self.max) = (self.min.min(value), self.max.max(value));
        match size(value) {
            Some(size) if is_sized => self.add_size(size, count),
            _ => self.sizes.clear(),
        }
    }

    pub(crate) fn merge(&mut self, other: &Cell) {
        if other.count == 0.0 {
            return;
        }
        if self.count == 0.0 {
            *self = other.clone();
            return;
        }
        let is_sized = self.sums_up() && other.sums_up();
        self.count += other.count;
        self.sum += other.sum;
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
        if !is_sized {
            self.sizes.clear();
            return;
        }
        for (size, count) in &other.sizes {
            self.add_size(*size, *count);
        }
    }

    /// Of values of which only the sums are known.
    pub(crate) fn of_sums(count: f64, sum: f64, min: f64, max: f64) -> Cell {
        Cell { count, sum, min, max, sizes: Vec::new() }
    }

    pub(crate) fn average(&self) -> f64 {
        self.sum / self.count
    }

    /// The least value that so many percent of all are not above. None if sizes are not known.
    pub(crate) fn percentile(&self, percent: f64) -> Option<f64> {
        let rank = (self.count * percent / 100.0).max(f64::MIN_POSITIVE);
        let mut passed = 0.0;
        for (size, count) in &self.sizes {
            passed += count;
            // Sums of counts are of floating point.
            if passed + 1e-9 >= rank {
                let above = if *size == ZERO { 0.0 } else { RATIO.powi(i32::from(*size)) };
                // Of a damaged row the least may be above the greatest.
                return Some(above.max(self.min).min(self.max));
            }
        }
        None
    }

    /// What the sizes take in memory: a vector may have twice as much room.
    pub(crate) fn bytes(&self) -> usize {
        2 * self.sizes.len() * size_of::<(i16, f64)>()
    }

    /// Whether the size of each value is counted.
    fn sums_up(&self) -> bool {
        self.count == 0.0 || !self.sizes.is_empty()
    }

    fn add_size(&mut self, size: i16, count: f64) {
        let place = |sizes: &[(i16, f64)]| sizes.binary_search_by_key(&size, |(own, _)| *own);
        if let Ok(at) = place(&self.sizes) {
            self.sizes[at].1 += count;
            return;
        }
        if self.sizes.len() >= SIZES_MAX {
            self.coarsen();
        }
        match place(&self.sizes) {
            Ok(at) => self.sizes[at].1 += count,
            Err(at) => self.sizes.insert(at, (size, count)),
        }
    }

    /// Rounds sizes up to multiples of a power of two: one that is rounded again stays as it is, so that errors do not add up.
    fn coarsen(&mut self) {
        let all = std::mem::take(&mut self.sizes);
        for power in 1..15 {
            self.sizes.clear();
            for (size, count) in &all {
                let size = rounded(*size, 1 << power);
                match self.sizes.last_mut() {
                    Some((last, sum)) if *last == size => *sum += count,
                    _ => self.sizes.push((size, *count)),
                }
            }
            if self.sizes.len() <= SIZES_MAX / 2 {
                return;
            }
        }
    }

    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        for number in [self.count, self.sum, self.min, self.max] {
            put_number(bytes, number);
        }
        bytes.put_u16(u16::try_from(self.sizes.len()).unwrap_or(u16::MAX));
        for (size, count) in &self.sizes {
            bytes.put_i16(*size);
            put_number(bytes, *count);
        }
    }

    pub(crate) fn read(bytes: &mut &[u8]) -> Option<Cell> {
        let [count, sum, min, max] = [number(bytes)?, number(bytes)?, number(bytes)?, number(bytes)?];
        let mut cell = Cell::of_sums(count, sum, min, max);
        for _ in 0..bytes.try_get_u16().ok()? {
            let size = bytes.try_get_i16().ok()?;
            // In order, as they were written.
            if cell.sizes.last().is_some_and(|(last, _)| *last >= size) {
                return None;
            }
            cell.sizes.push((size, number(bytes)?));
        }
        Some(cell)
    }
}

/// The next multiple that is not below a size. Zero is none.
fn rounded(size: i16, unit: i32) -> i16 {
    let multiple = (i32::from(size) + unit - 1).div_euclid(unit) * unit;
    if size == ZERO { ZERO } else { i16::try_from(multiple).unwrap_or(i16::MAX) }
}

/// The power that is not below a value; none of a value below zero.
fn size(value: f64) -> Option<i16> {
    if value == 0.0 {
        return Some(ZERO);
    }
    // The greatest double is less than the 36,000th power: far sizes are as one.
    let power = (value.ln() / RATIO.ln() - 1e-9).ceil().clamp(f64::from(ZERO) + 1.0, f64::from(i16::MAX));
    (value > 0.0).then_some(power as i16)
}

/// Whole numbers are most of them, and have one byte and as many as they need.
fn put_number(bytes: &mut Vec<u8>, number: f64) {
    let whole = number as u32;
    if f64::from(whole) == number && !(number == 0.0 && number.is_sign_negative()) {
        let size = 4 - whole.leading_zeros() as usize / 8;
        bytes.put_u8(size as u8);
        bytes.extend_from_slice(&whole.to_be_bytes()[4 - size..]);
    } else {
        bytes.put_u8(8);
        bytes.put_f64(number);
    }
}

fn number(bytes: &mut &[u8]) -> Option<f64> {
    match bytes.try_get_u8().ok()? {
        8 => bytes.try_get_f64().ok(),
        size @ 0..=4 => {
            let (number, rest) = bytes.split_at_checked(usize::from(size))?;
            *bytes = rest;
            Some(f64::from(number.iter().fold(0, |whole, byte| whole << 8 | u32::from(*byte))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell(values: &[f64]) -> Cell {
        let mut cell = Cell::default();
        values.iter().for_each(|value| cell.add(*value, 1.0));
        cell
    }

    proptest! {
        #[test]
        fn cells_are_read_as_they_were_written(values in prop::collection::vec(prop_oneof![0.0..1e9, Just(0.5), -5.0..5.0, (0u32..3).prop_map(f64::from)], 0..40)) {
            let mut bytes = Vec::new();
            cell(&values).encode(&mut bytes);
            let mut rest = &bytes[..];
            prop_assert_eq!(Cell::read(&mut rest), Some(cell(&values)));
            prop_assert!(rest.is_empty());
            for end in 0..bytes.len() {
                prop_assert_eq!(Cell::read(&mut &bytes[..end]), None);
            }
        }

        /// As a sorted list has them, within the ratio of sizes.
        #[test]
        fn statistics_are_those_of_the_values(mut values in prop::collection::vec(prop_oneof![0.001..1e6, Just(0.0)], 1..80), split in 0usize..80, percent in 0.0f64..100.0) {
            let split = split.min(values.len());
            let mut merged = cell(&values[..split]);
            merged.merge(&cell(&values[split..]));
            values.sort_by(f64::total_cmp);
            prop_assert_eq!((merged.count, merged.min, merged.max), (values.len() as f64, values[0], values[values.len() - 1]));
            prop_assert!((merged.sum - values.iter().sum::<f64>()).abs() <= merged.sum * 1e-9);
            let rank = ((values.len() as f64 * percent / 100.0).ceil() as usize).max(1);
            let (found, exact) = (merged.percentile(percent).unwrap(), values[rank - 1]);
            prop_assert!(found >= exact * 0.999_999 && found <= exact * RATIO * 1.000_001, "{} for {}", found, exact);
        }
    }

    #[test]
    fn values_below_zero_have_no_percentiles() {
        let mut below = cell(&[1.0, -1.0, 1.0]);
        assert_eq!((below.percentile(50.0), below.min, below.average()), (None, -1.0, 1.0 / 3.0));
        below.merge(&cell(&[1.0]));
        assert_eq!(below.percentile(50.0), None);
        let mut sums = cell(&[1.0]);
        sums.merge(&Cell::of_sums(2.0, 4.0, 1.0, 3.0));
        assert_eq!((sums.count, sums.percentile(50.0)), (3.0, None));
    }

    /// What a caller puts has any values.
    #[test]
    fn a_cell_is_bounded_and_its_percentiles_stay_near() {
        let values: Vec<f64> = (0..4_000).map(|power| 1.01f64.powi(power)).collect();
        let all = cell(&values);
        assert!(all.sizes.len() <= SIZES_MAX && all.bytes() <= 32 * SIZES_MAX);
        assert!(all.sizes.is_sorted_by(|(a, _), (b, _)| a < b));
        assert_eq!(all.sizes.iter().map(|(_, count)| count).sum::<f64>(), 4_000.0);
        for percent in [1.0, 50.0, 99.0] {
            let exact = values[(percent * 40.0) as usize - 1];
            let found = all.percentile(percent).unwrap();
            assert!(found >= exact && found <= exact * 1.4, "{percent}: {found} for {exact}");
        }
    }

    #[test]
    fn sizes_are_rounded_within_their_range() {
        let rounded = |size| rounded(size, 1 << 14);
        assert_eq!([i16::MIN, i16::MIN + 1, -1, 0, 1, i16::MAX].map(rounded), [ZERO, -16_384, 0, 0, 16_384, i16::MAX]);
    }

    #[test]
    fn a_busy_minute_of_units_is_some_bytes() {
        let mut bytes = Vec::new();
        cell(&[0.5; 10_000]).encode(&mut bytes);
        assert!(bytes.len() < 48, "{}", bytes.len());
    }
}
