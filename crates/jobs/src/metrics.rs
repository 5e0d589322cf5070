//! What is counted of jobs, as metrics: by the jobs' names.

use base::{Metric, Page};

use crate::registry::Jobs;
use crate::report::JobReport;

static RUNS: Metric = Metric::counter("stator_job_runs_total", "Runs of background jobs that ended.");
static FAILURES: Metric =
    Metric::counter("stator_job_failures_total", "Runs of background jobs that failed, or panicked.");
static RUN_SECONDS: Metric = Metric::counter("stator_job_run_seconds_total", "Time of a job's runs together.");
static RUNNING: Metric = Metric::gauge("stator_job_running", "Runs of a job under way now.");
static LAST_SUCCESS: Metric = Metric::gauge(
    "stator_job_last_success_timestamp_seconds",
    "When a job's last run succeeded, in seconds since 1970; missing before the first one.",
);

const MS_A_SECOND: f64 = 1e3;

impl Jobs {
    /// Writes the metrics of all jobs.
    pub fn write_metrics(&self, page: &mut Page) {
        let reports = self.reports();
        let of = |page: &mut Page, metric: &'static Metric, value: fn(&JobReport) -> f64| {
            let mut series = page.metric(metric);
            reports.iter().for_each(|report| series.labelled(&[("name", report.name)], value(report)));
        };
        of(page, &RUNS, |report| report.runs as f64);
        let mut failures = page.metric(&FAILURES);
        for report in &reports {
            failures.labelled(&[("name", report.name), ("reason", "error")], report.failures);
            failures.labelled(&[("name", report.name), ("reason", "panic")], report.panics);
        }
        of(page, &RUN_SECONDS, |report| report.duration.as_secs_f64());
        of(page, &RUNNING, |report| report.running as f64);
        let mut last_success = page.metric(&LAST_SUCCESS);
        for report in &reports {
            if let Some(at_ms) = report.last_success_ms {
                last_success.labelled(&[("name", report.name)], at_ms as f64 / MS_A_SECOND);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base::{Clock, Detail};

    use super::*;
    use crate::{Job, Ran};

    #[tokio::test]
    async fn a_jobs_counts_are_on_the_page() {
        let jobs = Jobs::by_hand(Clock::manual(5_500).0);
        jobs.add(Job::every("work", Duration::from_secs(1), || async { Ran::Done }));
        jobs.add(Job::every("fail", Duration::from_secs(1), || async { Ran::Failed }));
        let _ = (jobs.run_once("work").await, jobs.run_once("fail").await);
        let mut page = Page::new(Detail::Total);
        jobs.write_metrics(&mut page);
        let text = page.into_text();
        for line in [
            r#"stator_job_runs_total{name="work"} 1"#,
            r#"stator_job_failures_total{name="fail",reason="error"} 1"#,
            r#"stator_job_failures_total{name="fail",reason="panic"} 0"#,
            r#"stator_job_running{name="work"} 0"#,
            r#"stator_job_last_success_timestamp_seconds{name="work"} 5.5"#,
        ] {
            assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
        }
        assert!(!text.contains(r#"stator_job_last_success_timestamp_seconds{name="fail"}"#));
    }
}
