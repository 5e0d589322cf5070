//! Shows the starts: as a table, and as JSON lines.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Start, Starts};
use crate::arguments::StartArguments;
use crate::report::{Circumstances, aligned, append, run_line};
use crate::{Failure, date};

pub(super) fn write(arguments: &StartArguments, all: &[Starts]) -> Result<(), Failure> {
    crate::report::show(&table(all));
    let Some(path) = &arguments.json else { return Ok(()) };
    let circumstances = Circumstances::of_start(arguments, date::now_seconds());
    let mut text = run_line(&circumstances);
    for starts in all {
        text.push_str(&format!("{}\n", object(starts)));
    }
    append(path, &text)
}

fn table(all: &[Starts]) -> String {
    let headings = ["start", "runs", "first answer ms", "lowest", "highest", "RSS MiB", "PSS MiB"];
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    for starts in all {
        let answered = starts.sorted(|start| Some(start.answered));
        let ms =
            |found: Option<&Duration>| found.map_or("-".to_owned(), |found| format!("{:.1}", milliseconds(*found)));
        let mib = |bytes: Option<&u64>| {
            bytes.map_or("-".to_owned(), |bytes| format!("{:.1}", *bytes as f64 / f64::from(1 << 20)))
        };
        rows.push(vec![
            starts.place.name().to_owned(),
            starts.starts.len().to_string(),
            ms(median(&answered)),
            ms(answered.first()),
            ms(answered.last()),
            mib(median(&starts.resident())),
            mib(median(&starts.proportional())),
        ]);
    }
    aligned(&rows, 1)
}

fn object(starts: &Starts) -> Value {
    let answered: Vec<f64> = starts.starts.iter().map(|start| milliseconds(start.answered)).collect();
    json!({
        "type": "start",
        "place": starts.place.name(),
        "runs": starts.starts.len(),
        "first_answer_ms": answered,
        "first_answer_ms_median": median(&starts.sorted(|start| Some(start.answered))).copied().map(milliseconds),
        "resident_bytes_median": median(&starts.resident()),
        "proportional_bytes_median": median(&starts.proportional()),
    })
}

impl Starts {
    fn sorted<T: Ord>(&self, of: impl Fn(&Start) -> Option<T>) -> Vec<T> {
        let mut values: Vec<T> = self.starts.iter().filter_map(of).collect();
        values.sort();
        values
    }

    fn resident(&self) -> Vec<u64> {
        self.sorted(|start| Some(start.memory?.resident))
    }

    fn proportional(&self) -> Vec<u64> {
        self.sorted(|start| start.memory?.proportional)
    }
}

/// The one in the middle, the lower one of two.
fn median<T>(sorted: &[T]) -> Option<&T> {
    sorted.get(sorted.len().checked_sub(1)? / 2)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start::{Memory, Place};

    fn example() -> Starts {
        let start = |ms, mib: u64| Start {
            answered: Duration::from_millis(ms),
            memory: Some(Memory { resident: mib << 20, proportional: None }),
        };
        Starts { place: Place::NewFolder, starts: vec![start(90, 22), start(70, 21), start(80, 23)] }
    }

    #[test]
    fn a_table() {
        let text = table(&[example()]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1].split_whitespace().collect::<Vec<_>>(),
            ["new", "folder", "3", "80.0", "70.0", "90.0", "22.0", "-"]
        );
    }

    #[test]
    fn an_object() {
        let object = object(&example());
        assert_eq!((&object["place"], &object["first_answer_ms_median"]), (&json!("new folder"), &json!(80.0)));
        assert_eq!(
            (&object["resident_bytes_median"], &object["proportional_bytes_median"]),
            (&json!(22 << 20), &Value::Null)
        );
        assert_eq!(object["first_answer_ms"], json!([90.0, 70.0, 80.0]));
    }

    #[test]
    fn medians() {
        assert_eq!(
            (median::<u64>(&[]), median(&[1]), median(&[1, 2]), median(&[1, 2, 3])),
            (None, Some(&1), Some(&1), Some(&2))
        );
    }
}
