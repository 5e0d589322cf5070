//! What is wrong with an expression beyond its syntax, kept until the whole text is read.

use crate::error::Problem;

#[derive(Debug, Default)]
pub(crate) struct Findings {
    problems: Vec<Problem>,
}

impl Findings {
    pub(crate) fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The first of the gravest.
    pub(crate) fn gravest(self) -> Option<Problem> {
        self.problems.into_iter().min_by_key(gravity)
    }
}

/// The order in which DynamoDB checks an expression's concerns. Anything undefined comes before anything that needs
/// definitions, so that types and paths are judged only once they are known.
fn gravity(problem: &Problem) -> u8 {
    match problem {
        Problem::RedundantParentheses => 0,
        Problem::UnknownFunction(_) => 1,
        Problem::SectionRepeated(_) => 2,
        Problem::ReservedWord(_) => 3,
        Problem::FunctionNotAllowed(_) | Problem::FunctionMisplaced(_) => 4,
        Problem::TooManyOperators(_) | Problem::InOperands(_) => 5,
        Problem::NameUndefined(_) => 6,
        Problem::ValueUndefined(_) => 7,
        Problem::OperandCount { .. } => 8,
        Problem::PathRequired(_) => 9,
        Problem::OperandsNotDistinct { .. } => 10,
        Problem::OperandType { .. } | Problem::ActionOperandType { .. } | Problem::TypeName(_) => 11,
        Problem::BetweenKinds(_) | Problem::BetweenOrder(_) => 12,
        Problem::PathsOverlap(..) => 13,
        Problem::PathsConflict(..) => 14,
        _ => 15,
    }
}
