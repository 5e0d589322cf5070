//! What is wrong with an expression beyond its syntax, collected until the whole text is read.

use crate::error::{ExpressionKind, Problem};

#[derive(Debug, Default)]
pub(crate) struct Findings {
    problems: Vec<Problem>,
}

impl Findings {
    pub(crate) fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The first of the gravest.
    pub(crate) fn gravest(self, kind: ExpressionKind) -> Option<Problem> {
        self.problems.into_iter().min_by_key(|problem| gravity(kind, problem))
    }
}

/// The order in which DynamoDB checks an expression's concerns. Anything undefined comes before anything that needs
/// definitions, so that types and paths are judged only once they are known.
fn gravity(kind: ExpressionKind, problem: &Problem) -> u8 {
    let gravity = concern(problem);
    // The clauses of a key condition are judged one by one, definitions and types together. Captured in eu-west-2.
    let is_of_clause = (UNDEFINED_NAME..=OPERAND_TYPE).contains(&gravity);
    if kind == ExpressionKind::KeyCondition && is_of_clause { UNDEFINED_NAME } else { gravity }
}

const UNDEFINED_NAME: u8 = 6;
const OPERAND_TYPE: u8 = 11;

fn concern(problem: &Problem) -> u8 {
    match problem {
        Problem::RedundantParentheses => 0,
        Problem::UnknownFunction(_) => 1,
        Problem::SectionRepeated(_) => 2,
        Problem::ReservedWord(_) => 3,
        Problem::FunctionNotAllowed(_) | Problem::FunctionMisplaced(_) => 4,
        Problem::TooManyOperators(_) | Problem::InOperands(_) => 5,
        Problem::NameUndefined(_) => UNDEFINED_NAME,
        Problem::ValueUndefined(_) => 7,
        Problem::OperandCount { .. } => 8,
        Problem::PathRequired(_) => 9,
        Problem::OperandsNotDistinct { .. } => 10,
        Problem::OperandType { .. } | Problem::ActionOperandType { .. } | Problem::TypeName(_) => OPERAND_TYPE,
        Problem::BetweenKinds(_) | Problem::BetweenOrder(_) => 12,
        Problem::PathsOverlap(..) => 13,
        Problem::PathsConflict(..) => 14,
        _ => 15,
    }
}
