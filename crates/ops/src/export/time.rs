//! The moment or the window of an export. A moment has what was changed before it, a window what was changed in it, its end excluded:
//! the windows that follow an export leave out nothing and repeat nothing.

use api::{Exception, ExportTableToPointInTimeInput, IncrementalExportSpecification, Timestamp};
use serde::{Deserialize, Serialize};
use tables::Definition;

use crate::recovery::{Period, whole_second};

/// Source: captures, Developer Guide.
const WINDOW_MS_MIN: u64 = 15 * 60 * 1000;
const WINDOW_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// Milliseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Window {
    pub from_ms: u64,
    /// Excluded.
    pub to_ms: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Times {
    /// The table at a moment.
    At {
        epoch_ms: u64,
    },
    Between(Window),
}

impl Window {
    /// The last millisecond of the window.
    pub(super) fn last_ms(self) -> u64 {
        self.to_ms.saturating_sub(1)
    }
}

impl Times {
    /// # Errors
    /// DynamoDB's refusals. Order and texts: captures.
    pub(super) fn of(
        request: &ExportTableToPointInTimeInput,
        source: &Definition,
        period: Option<Period>,
        now_ms: u64,
    ) -> Result<Times, Exception> {
        let window = request.incremental_export_specification.as_ref().map(|asked| window(asked, now_ms));
        if let Some(window) = window.filter(|window| window.from_ms < whole_second(source.created_ms)) {
            return Err(invalid(format!(
                "Incremental export period from time cannot be less than the table creation time : {}",
                base::utc::rfc3339_ms(window.from_ms)
            )));
        }
        let period = period.ok_or_else(|| {
            Exception::PointInTimeRecoveryUnavailable(format!(
                "Point in time recovery is not enabled for table '{}'",
                source.name
            ))
        })?;
        match window {
            Some(window) => check_window(window, period, now_ms).map(|()| Times::Between(window)),
            None => {
                // Without a time, all that was written before the request: what was changed before the next millisecond.
                let next_ms = now_ms.saturating_add(1);
                let epoch_ms = request.export_time.map_or(next_ms, |time| u64::try_from(time.epoch_ms).unwrap_or(0));
                match epoch_ms < period.earliest_ms || epoch_ms > next_ms {
                    true => Err(invalid("Export Time is invalid".to_owned())),
                    false => Ok(Times::At { epoch_ms }),
                }
            }
        }
    }

    /// The changes up to then are in the copy that the export is written from, or before the first of its changes.
    pub(super) fn until_ms(self) -> u64 {
        match self {
            Times::At { epoch_ms } => epoch_ms.saturating_sub(1),
            Times::Between(window) => window.from_ms.saturating_sub(1),
        }
    }

    pub(super) fn window(self) -> Option<Window> {
        match self {
            Times::At { .. } => None,
            Times::Between(window) => Some(window),
        }
    }
}

/// Without an end, up to the present, in whole seconds. Source: captures.
fn window(asked: &IncrementalExportSpecification, now_ms: u64) -> Window {
    let ms = |time: Timestamp| u64::try_from(time.epoch_ms).unwrap_or(0);
    Window {
        from_ms: asked.export_from_time.map_or(0, ms),
        to_ms: asked.export_to_time.map_or(whole_second(now_ms), ms),
    }
}

fn check_window(window: Window, period: Period, now_ms: u64) -> Result<(), Exception> {
    let Window { from_ms, to_ms } = window;
    if to_ms > now_ms {
        return Err(invalid(format!(
            "Incremental export period to time cannot be greater than the current time : {}",
            base::utc::rfc3339_ms(to_ms)
        )));
    }
    if to_ms.saturating_sub(from_ms) < WINDOW_MS_MIN {
        return Err(invalid(
            "Difference between export period from time and export period to time is less than 15 minutes".to_owned(),
        ));
    }
    if to_ms - from_ms > WINDOW_MS_MAX {
        return Err(invalid(
            "Difference between export period from time and export period to time is greater than 24 hours".to_owned(),
        ));
    }
    match from_ms < period.earliest_ms {
        true => Err(invalid("Export Time is invalid".to_owned())),
        false => Ok(()),
    }
}

fn invalid(text: String) -> Exception {
    Exception::InvalidExportTime(text)
}
