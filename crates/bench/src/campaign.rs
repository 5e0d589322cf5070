//! The whole run: tables, then each workload in rounds, the servers taking turns so that whatever else the machine does
//! meanwhile meets all of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::ceiling::Ceiling;
use crate::data::{Data, Shape};
use crate::figures::Figures;
use crate::load::{Outcome, Round};
use crate::plan::{Plan, Target};
use crate::workload::Workload;
use crate::{Failure, interrupt, say, tables};

pub(crate) fn run(plan: &Plan) -> Result<Vec<Figures>, Failure> {
    let data = Arc::new(plan.data());
    let kinds = [false, true].into_iter().filter(|is_dax| plan.ceiling && (!is_dax || plan.has_dax));
    let ceilings = kinds.map(Ceiling::start).collect::<Result<Vec<_>, _>>()?;
    let shapes: BTreeSet<Shape> = plan.workloads.iter().map(|workload| workload.shape).collect();
    let mut made = Vec::new();
    let figures = prepare(plan, &data, &shapes, &mut made).and_then(|()| measure(plan, &data, &ceilings));
    // Also after a failure: what was made here does not stay.
    for (target, shape) in made {
        if let Err(failure) = tables::delete(plan, target, &data, shape) {
            say(format_args!("{failure}"));
        }
    }
    figures
}

fn prepare<'a>(
    plan: &'a Plan,
    data: &Arc<Data>,
    shapes: &BTreeSet<Shape>,
    made: &mut Vec<(&'a Target, Shape)>,
) -> Result<(), Failure> {
    for target in &plan.targets {
        for &shape in shapes {
            tables::prepare(plan, target, data, shape, |shape| {
                if !plan.keep {
                    made.push((target, shape));
                }
            })?;
        }
    }
    Ok(())
}

fn measure(plan: &Plan, data: &Arc<Data>, ceilings: &[Ceiling]) -> Result<Vec<Figures>, Failure> {
    let mut targets: Vec<&Target> = plan.targets.iter().collect();
    targets.extend(ceilings.iter().map(|ceiling| &ceiling.target));
    let mut all = Vec::new();
    for &workload in &plan.workloads {
        for figures in rounds(plan, data, workload, &targets)? {
            say(format_args!(
                "{} on {}: {:.0} operations a second{}",
                figures.workload,
                figures.server,
                figures.operations_per_second(),
                if figures.is_result() { "" } else { ", with failures" }
            ));
            all.push(figures);
        }
    }
    Ok(all)
}

fn rounds(
    plan: &Plan,
    data: &Arc<Data>,
    workload: &'static Workload,
    targets: &[&Target],
) -> Result<Vec<Figures>, Failure> {
    let round = |target: &Target, duration: Duration, number: u32| {
        Round { plan, data, workload, target, duration, number: u64::from(number) }
            .run()
            .and_then(|outcome| interrupt::check().map(|()| outcome))
    };
    if !plan.warmup.is_zero() {
        for target in targets {
            round(target, plan.warmup, 0)?;
        }
    }
    let mut outcomes: Vec<Vec<Outcome>> = targets.iter().map(|_| Vec::new()).collect();
    for number in 1..=plan.rounds {
        for at in turns(targets.len(), number) {
            outcomes[at].push(round(targets[at], plan.duration, number)?);
        }
    }
    targets.iter().zip(&outcomes).map(|(target, outcomes)| Figures::of(workload, target, outcomes)).collect()
}

/// The order of the servers in a round: none always comes first, or always after the same one.
fn turns(targets: usize, round: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..targets).collect();
    order.rotate_left(round as usize / 2 % targets.max(1));
    if round.is_multiple_of(2) {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_meets_all_and_all_come_first() {
        for targets in 1..=3 {
            let orders: Vec<Vec<usize>> = (1..=6).map(|round| turns(targets, round)).collect();
            for order in &orders {
                assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..targets).collect());
            }
            let first: BTreeSet<usize> = orders.iter().map(|order| order[0]).collect();
            assert_eq!(first.len(), targets);
        }
    }
}
