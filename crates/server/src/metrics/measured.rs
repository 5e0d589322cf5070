//! What CloudWatch's metrics lose.

use base::{Metric, Page};

static LOST: Metric = Metric::counter(
    "stator_cloudwatch_values_lost_total",
    "Values of CloudWatch's metrics that are lost: of series beyond --cloudwatch-series-max or an account's part of it, and minutes that could not be stored for three hours.",
);

pub(super) fn write(lost: u64, page: &mut Page) {
    page.metric(&LOST).value(lost);
}
