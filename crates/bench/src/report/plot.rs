//! Plots as SVG text: bars, and latency by percentile.

use crate::figures::Figures;
use crate::report::html::escaped;

const WIDTH: f64 = 720.0;
const BAR_HEIGHT: f64 = 18.0;
/// Left of the bars, for names, and right of them, for numbers.
const NAMES_WIDTH: f64 = 270.0;
/// Of a longer name, its start: what fits.
const NAME_CHARS_MAX: usize = 44;
const NUMBERS_WIDTH: f64 = 90.0;

const CURVE_HEIGHT: f64 = 260.0;
const MARGIN: f64 = 52.0;
/// Up to here percentiles are drawn: one in 100,000.
const NINES_MAX: f64 = 5.0;

/// A bar for each name, as long as its number. `series` chooses the colour.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) number: f64,
    pub(crate) text: String,
    pub(crate) series: usize,
}

pub(crate) fn bars(bars: &[Bar]) -> String {
    let highest = bars.iter().map(|bar| bar.number).fold(0.0, f64::max);
    let room = WIDTH - NAMES_WIDTH - NUMBERS_WIDTH;
    let height = bars.len() as f64 * BAR_HEIGHT + 4.0;
    let mut svg = opening(height);
    for (at, bar) in bars.iter().enumerate() {
        let top = at as f64 * BAR_HEIGHT + 2.0;
        let length = if highest > 0.0 { bar.number / highest * room } else { 0.0 };
        let base = top + BAR_HEIGHT * 0.7;
        svg.push_str(&format!(
            r#"<text x="{:.0}" y="{base:.1}" text-anchor="end">{}</text><rect class="series{}" x="{NAMES_WIDTH}" y="{top:.1}" width="{length:.1}" height="{:.1}"/><text x="{:.1}" y="{base:.1}">{}</text>"#,
            NAMES_WIDTH - 6.0,
            escaped(&bar.name.chars().take(NAME_CHARS_MAX).collect::<String>()),
            bar.series,
            BAR_HEIGHT - 3.0,
            NAMES_WIDTH + length + 5.0,
            escaped(&bar.text),
        ));
    }
    svg + "</svg>"
}

/// Latency over the percentile, both logarithmic: each step to the right is ten times rarer. One curve a server.
pub(crate) fn latency(servers: &[(&Figures, usize)]) -> String {
    let range = Range::of(servers);
    let mut svg = opening(CURVE_HEIGHT);
    for nines in 0..=NINES_MAX as i32 {
        let x = across(f64::from(nines));
        let name = match nines {
            0 => "0".to_owned(),
            1 => "90".to_owned(),
            2 => "99".to_owned(),
            more => format!("99.{}", "9".repeat(more as usize - 2)),
        };
        svg.push_str(&format!(
            r#"<line class="grid" x1="{x:.1}" y1="8" x2="{x:.1}" y2="{:.1}"/><text x="{x:.1}" y="{:.1}" text-anchor="middle">{name} %</text>"#,
            CURVE_HEIGHT - 24.0,
            CURVE_HEIGHT - 8.0,
        ));
    }
    for decade in range.decades() {
        let y = range.down(decade);
        svg.push_str(&format!(
            r#"<line class="grid" x1="{MARGIN}" y1="{y:.1}" x2="{:.1}" y2="{y:.1}"/><text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
            WIDTH - 20.0,
            MARGIN - 5.0,
            y + 4.0,
            duration(decade),
        ));
    }
    for (figures, series) in servers {
        let points: Vec<String> = (0..=100)
            .map(|step| f64::from(step) / 100.0 * NINES_MAX)
            // Beyond this, a percentile is the longest request of all, and says nothing.
            .take_while(|nines| 10_f64.powf(-nines) * figures.operations() as f64 >= 1.0)
            .map(|nines| {
                let micros = figures.percentile_us((1.0 - 10_f64.powf(-nines)) * 100.0);
                format!("{:.1},{:.1}", across(nines), range.down(micros))
            })
            .collect();
        svg.push_str(&format!(r#"<polyline class="line{series}" points="{}"/>"#, points.join(" ")));
    }
    svg + "</svg>"
}

/// The latencies that are drawn, from a power of ten to a power of ten. Unit: microseconds.
struct Range {
    lowest: i32,
    highest: i32,
}

impl Range {
    fn of(servers: &[(&Figures, usize)]) -> Range {
        let lowest = servers.iter().map(|(figures, _)| figures.percentile_us(0.0)).fold(f64::INFINITY, f64::min);
        let highest = servers.iter().map(|(figures, _)| figures.percentile_us(100.0)).fold(1.0, f64::max);
        let lowest = lowest.clamp(0.1, highest).log10().floor() as i32;
        Range { lowest, highest: (highest.log10().ceil() as i32).max(lowest + 1) }
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.lowest..=self.highest).map(|power| 10_f64.powi(power))
    }

    fn down(&self, micros: f64) -> f64 {
        let (lowest, highest) = (f64::from(self.lowest), f64::from(self.highest));
        let share = (micros.max(0.01).log10() - lowest) / (highest - lowest);
        let (top, bottom) = (8.0, CURVE_HEIGHT - 24.0);
        bottom - share.clamp(0.0, 1.0) * (bottom - top)
    }
}

fn across(nines: f64) -> f64 {
    MARGIN + nines / NINES_MAX * (WIDTH - MARGIN - 20.0)
}

fn duration(micros: f64) -> String {
    match micros {
        micros if micros >= 1e6 => format!("{} s", micros / 1e6),
        micros if micros >= 1e3 => format!("{} ms", micros / 1e3),
        micros => format!("{micros} µs"),
    }
}

fn opening(height: f64) -> String {
    format!(r#"<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">"#)
}
