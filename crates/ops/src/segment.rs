//! The segments of a parallel scan.

use api::Exception;

/// A segment of a parallel scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub number: u32,
    pub total: u32,
}

impl Segment {
    pub(crate) fn of(segment: Option<i32>, total: Option<i32>) -> Result<Option<Segment>, Exception> {
        let refuse = |text: String| Err(Exception::validation(text));
        match (segment, total) {
            (None, None) => Ok(None),
            (Some(_), None) => refuse(
                "The TotalSegments parameter is required but was not present in the request when Segment parameter \
                 is present"
                    .to_owned(),
            ),
            (None, Some(_)) => refuse(
                "The Segment parameter is required but was not present in the request when parameter TotalSegments \
                 is present"
                    .to_owned(),
            ),
            (Some(number), Some(total)) if number >= total => refuse(format!(
                "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {number} \
                 is not less than TotalSegments: {total}"
            )),
            (Some(number), Some(total)) => {
                // The model has refused negative ones.
                Ok(Some(Segment { number: number.unsigned_abs(), total: total.unsigned_abs() }))
            }
        }
    }
}
