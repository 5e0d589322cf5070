//! What a workload gave on one server, all rounds together.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Failure;
use crate::load::Outcome;
use crate::plan::Target;
use crate::recorder::Recorder;
use crate::workload::Workload;

/// The percentiles of every report: what it calls them, and what they are.
pub(crate) const PERCENTILES: [(&str, f64); 6] =
    [("p50", 50.0), ("p90", 90.0), ("p95", 95.0), ("p99", 99.0), ("p99.9", 99.9), ("p99.99", 99.99)];

#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) workload: &'static str,
    pub(crate) about: &'static str,
    pub(crate) server: String,
    pub(crate) is_ceiling: bool,
    recorder: Recorder,
    elapsed: Duration,
    /// Operations per second of each round.
    pub(crate) rounds: Vec<f64>,
    server_cpu: Option<Duration>,
    client_cpu: Option<Duration>,
    /// Requests a second of the client beside, if there was one.
    pub(crate) beside: Option<f64>,
}

impl Figures {
    pub(crate) fn of(workload: &'static Workload, target: &Target, outcomes: &[Outcome]) -> Result<Figures, Failure> {
        let mut recorder = Recorder::new()?;
        let mut beside: Option<u64> = None;
        for outcome in outcomes {
            recorder.merge(&outcome.recorder)?;
            if let Some(other) = &outcome.beside {
                beside = Some(beside.unwrap_or(0) + other.operations());
                for (trouble, count) in &other.errors {
                    *recorder.errors.entry(format!("beside: {trouble}")).or_default() += count;
                }
            }
        }
        let elapsed: Duration = outcomes.iter().map(|outcome| outcome.spent.elapsed).sum();
        Ok(Figures {
            workload: workload.name,
            about: workload.about,
            server: target.label.clone(),
            is_ceiling: target.is_ceiling,
            rounds: outcomes.iter().map(|round| per_second(round.recorder.operations(), round.spent.elapsed)).collect(),
            // Known only if it is known of every round.
            server_cpu: outcomes.iter().map(|outcome| outcome.spent.server_cpu).sum(),
            client_cpu: outcomes.iter().map(|outcome| outcome.spent.client_cpu).sum(),
            beside: beside.map(|requests| per_second(requests, elapsed)),
            recorder,
            elapsed,
        })
    }

    /// Whether this says how fast the server is: everything was answered as it should be.
    pub(crate) fn is_result(&self) -> bool {
        self.recorder.errors.is_empty() && self.operations() > 0
    }

    pub(crate) fn operations(&self) -> u64 {
        self.recorder.operations()
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.elapsed.as_secs_f64()
    }

    pub(crate) fn operations_per_second(&self) -> f64 {
        per_second(self.operations(), self.elapsed)
    }

    pub(crate) fn bytes_per_second(&self) -> f64 {
        per_second(self.recorder.bytes, self.elapsed)
    }

    /// How far the rounds lie apart, as a share of the whole.
    pub(crate) fn spread(&self) -> f64 {
        let highest = self.rounds.iter().copied().fold(0.0, f64::max);
        let lowest = self.rounds.iter().copied().fold(f64::INFINITY, f64::min);
        match self.operations_per_second() {
            all if all > 0.0 => (highest - lowest) / all,
            _ => 0.0,
        }
    }

    pub(crate) fn latency(&self) -> &Histogram<u64> {
        &self.recorder.latency
    }

    /// Unit: microseconds.
    pub(crate) fn percentile_us(&self, percentile: f64) -> f64 {
        self.latency().value_at_percentile(percentile) as f64 / 1_000.0
    }

    pub(crate) fn errors(&self) -> &BTreeMap<String, u64> {
        &self.recorder.errors
    }

    /// The server's CPU time per operation. With a second client beside, its share cannot be determined. Unit:
    /// microseconds.
    pub(crate) fn server_cpu_us(&self) -> Option<f64> {
        self.server_cpu.filter(|_| self.beside.is_none()).and_then(|spent| self.per_operation_us(spent))
    }

    /// Unit: microseconds.
    pub(crate) fn client_cpu_us(&self) -> Option<f64> {
        self.client_cpu.filter(|_| self.beside.is_none()).and_then(|spent| self.per_operation_us(spent))
    }

    fn per_operation_us(&self, spent: Duration) -> Option<f64> {
        (self.operations() > 0).then(|| spent.as_secs_f64() * 1e6 / self.operations() as f64)
    }

    /// The throughput as a multiple of another server's in the same workload.
    pub(crate) fn ratio_to(&self, other: Option<&Figures>) -> Option<f64> {
        let other = other.map(Figures::operations_per_second).filter(|other| *other > 0.0)?;
        Some(self.operations_per_second() / other)
    }
}

fn per_second(count: u64, elapsed: Duration) -> f64 {
    match elapsed.as_secs_f64() {
        seconds if seconds > 0.0 => count as f64 / seconds,
        _ => 0.0,
    }
}

/// The ceiling's figures of a workload, if it was measured.
pub(crate) fn ceiling<'a>(all: &'a [Figures], workload: &str) -> Option<&'a Figures> {
    all.iter().find(|figures| figures.is_ceiling && figures.workload == workload)
}

/// The figures of the server that `--endpoint` names.
pub(crate) fn first<'a>(all: &'a [Figures], workload: &str) -> Option<&'a Figures> {
    all.iter().find(|figures| !figures.is_ceiling && figures.workload == workload)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::load::Spent;
    use crate::plan::Plan;
    use crate::trouble::Trouble;
    use crate::workload::WORKLOADS;

    /// Two rounds of a second with 1,000 and 3,000 operations of about 1 ms.
    pub(crate) fn example(label: &str, is_ceiling: bool, errors: u64) -> Figures {
        let mut target = Plan::for_tests().targets[0].clone();
        target.label = label.to_owned();
        target.is_ceiling = is_ceiling;
        let outcome = |operations: u64| {
            let mut recorder = Recorder::new().unwrap();
            (0..operations).for_each(|at| recorder.success(Duration::from_nanos(500_000 + at * 1_000), 1_000));
            recorder.troubles(&Trouble::Unexpected("GetItem did not give the whole item"), errors);
            let cpu = Some(Duration::from_millis(operations / 50));
            let spent = Spent { elapsed: Duration::from_secs(1), server_cpu: cpu, client_cpu: None };
            Outcome { recorder, spent, beside: None }
        };
        Figures::of(&WORKLOADS[0], &target, &[outcome(1_000), outcome(3_000)]).unwrap()
    }

    #[test]
    fn rounds_are_summed() {
        let figures = example("server", false, 0);
        assert_eq!((figures.operations(), figures.operations_per_second()), (4_000, 2_000.0));
        assert_eq!((figures.spread(), figures.bytes_per_second()), (1.0, 2_000_000.0));
        assert_eq!((figures.server_cpu_us(), figures.client_cpu_us()), (Some(20.0), None));
        assert_eq!(figures.ratio_to(Some(&figures)), Some(1.0));
        assert_eq!(figures.ratio_to(None), None);
        assert!(figures.is_result());
    }

    #[test]
    fn failures_and_silence_are_no_result() {
        assert!(!example("server", false, 1).is_result());
        let target = &Plan::for_tests().targets[0];
        let nothing = Figures::of(&WORKLOADS[0], target, &[]).unwrap();
        assert!(!nothing.is_result());
        assert_eq!((nothing.operations_per_second(), nothing.spread(), nothing.server_cpu_us()), (0.0, 0.0, None));
    }
}
