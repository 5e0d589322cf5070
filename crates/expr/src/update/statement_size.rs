//! What an `UpdateExpression` is charged against the item size limit, known from the request alone.
//!
//! A statement of more than 409,600 bytes is refused whatever the item becomes. Operands are charged as they are
//! written: a value at every use, a path for its spelling and not for what it leads to. Source: captures from 22
//! regions, us-east-1 among them; each constant is bisected to the byte. Unit: bytes.

use model::{AttributeValue, DocumentPath, PathElement, value_size};

use crate::ast::{Update, UpdateValue};

const STATEMENT: usize = 3;
/// SET and ADD.
const WRITING_ACTION: usize = 19;
/// REMOVE and DELETE, whatever they take away.
const CLEARING_ACTION: usize = 1;
/// Each step of a target behind its first name.
const TARGET_STEP: usize = 4;
const PATH_OPERAND: usize = 1;
const PATH_OPERAND_STEP: usize = 14;
const ADDITION: usize = 34;
const SUBTRACTION: usize = 37;
const LIST_APPEND: usize = 37;
const IF_NOT_EXISTS: usize = 39;

impl Update {
    /// The statement's charge. Unit: bytes.
    pub fn statement_size(&self) -> usize {
        let set = self.set.iter().map(|(path, value)| WRITING_ACTION + target(path) + operand(value));
        let add = self.add.iter().map(|(path, value)| WRITING_ACTION + target(path) + literal(value));
        let cleared = self.remove.iter().chain(self.delete.iter().map(|(path, _)| path));
        STATEMENT + set.chain(add).chain(cleared.map(|path| CLEARING_ACTION + target(path))).sum::<usize>()
    }
}

fn target(path: &DocumentPath) -> usize {
    path.name.len() + path.steps.iter().map(|step| TARGET_STEP + step_size(step)).sum::<usize>()
}

fn operand(value: &UpdateValue) -> usize {
    match value {
        UpdateValue::Value(value) => literal(value),
        UpdateValue::Path(path) => path_operand(path),
        UpdateValue::IfNotExists(path, default) => IF_NOT_EXISTS + path_operand(path) + operand(default),
        UpdateValue::ListAppend(first, second) => LIST_APPEND + operand(first) + operand(second),
        UpdateValue::Add(left, right) => ADDITION + operand(left) + operand(right),
        UpdateValue::Subtract(left, right) => SUBTRACTION + operand(left) + operand(right),
    }
}

fn literal(value: &AttributeValue) -> usize {
    value_size(value.view())
}

fn path_operand(path: &DocumentPath) -> usize {
    let steps = path.steps.iter().map(|step| PATH_OPERAND_STEP + step_size(step));
    PATH_OPERAND + PATH_OPERAND_STEP + path.name.len() + steps.sum::<usize>()
}

/// The bytes of a name, or the digits of an index.
fn step_size(step: &PathElement) -> usize {
    match step {
        PathElement::Name(name) => name.len(),
        PathElement::Index(index) => index.checked_ilog10().unwrap_or(0) as usize + 1,
    }
}
