//! PartiQL, the SQL-like dialect that ExecuteStatement, BatchExecuteStatement and ExecuteTransaction take.
//!
//! A statement is parsed once, with its parameters in place, into the same trees that expressions are parsed into
//! ([`Condition`], [`Update`]); nothing below knows in which language a request was written. What a WHERE clause
//! means for the keys of a table or an index is read from its tree by [`access()`] and [`key_of`].
//!
//! Source of the language: Developer Guide, "PartiQL: a SQL-compatible query language for Amazon DynamoDB". What it
//! leaves open (which words need quotes, the wording of syntax errors) follows the language's public reference parser:
//! the service was observed to answer with its sentences.

mod access;
mod change;
mod columns;
mod condition;
mod error;
mod keywords;
mod lexer;
mod parser;
mod select;
mod update;
mod value;

use model::limits::STATEMENT_SIZE_MAX;
use model::{AttributeValue, Attributes};

use crate::ast::Update;
use crate::condition::Condition;

pub use access::{Access, Plan, access, full_key, key_of, names_partitions};
pub use columns::Columns;
pub use error::PartiqlError;

/// One statement, with its parameters in place.
#[derive(Clone, PartialEq, Debug)]
pub enum Statement {
    Select(Select),
    Insert(Insert),
    Update(UpdateItem),
    Delete(DeleteItem),
    Exists(Exists),
}

/// `SELECT columns FROM table[.index] [WHERE condition] [ORDER BY keys]`
#[derive(Clone, PartialEq, Debug)]
pub struct Select {
    /// A name or an ARN.
    pub table: String,
    pub index: Option<String>,
    /// `None` for `*`.
    pub columns: Option<Columns>,
    /// What is wrong with the columns, which the service reports only once it knows the table and the index.
    pub refused: Option<PartiqlError>,
    pub condition: Option<Condition>,
    /// Empty without ORDER BY.
    pub order: Vec<OrderKey>,
}

/// `INSERT INTO table VALUE item`
#[derive(Clone, PartialEq, Debug)]
pub struct Insert {
    pub table: String,
    pub item: Attributes,
}

/// `UPDATE table SET … REMOVE … WHERE condition [RETURNING …]`, or `FROM table WHERE condition SET … [RETURNING …]`
#[derive(Clone, PartialEq, Debug)]
pub struct UpdateItem {
    pub table: String,
    pub update: Update,
    pub condition: Condition,
    pub returning: Option<Returning>,
}

/// `DELETE FROM table WHERE condition [RETURNING ALL OLD *]`
#[derive(Clone, PartialEq, Debug)]
pub struct DeleteItem {
    pub table: String,
    pub condition: Condition,
    /// Nothing but [`Returning::AllOld`].
    pub returning: Option<Returning>,
}

/// `EXISTS(SELECT * FROM table WHERE condition)`: a condition check of a transaction.
#[derive(Clone, PartialEq, Debug)]
pub struct Exists {
    pub table: String,
    pub condition: Condition,
}

/// One key of ORDER BY.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderKey {
    pub name: String,
    pub descending: bool,
}

/// Which image of the item a write answers with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Returning {
    AllOld,
    ModifiedOld,
    AllNew,
    ModifiedNew,
}

impl Statement {
    /// The table that the statement names, by name or ARN.
    pub fn table(&self) -> &str {
        match self {
            Statement::Select(statement) => &statement.table,
            Statement::Insert(statement) => &statement.table,
            Statement::Update(statement) => &statement.table,
            Statement::Delete(statement) => &statement.table,
            Statement::Exists(statement) => &statement.table,
        }
    }

    /// Whether it has a RETURNING clause.
    pub fn returns(&self) -> bool {
        match self {
            Statement::Update(statement) => statement.returning.is_some(),
            Statement::Delete(statement) => statement.returning.is_some(),
            Statement::Select(_) | Statement::Insert(_) | Statement::Exists(_) => false,
        }
    }

    /// Whether it is a SELECT. Reads and writes do not mix in a batch or a transaction; EXISTS counts as a write.
    pub fn is_read(&self) -> bool {
        matches!(self, Statement::Select(_))
    }
}

/// Parses a statement and puts its parameters in the places of its question marks.
///
/// # Errors
/// Whatever DynamoDB refuses before it looks for the table.
pub fn parse(text: &str, parameters: &[AttributeValue]) -> Result<Statement, PartiqlError> {
    // A character takes a byte at least, so most texts need not be counted.
    if text.len() > STATEMENT_SIZE_MAX && text.chars().count() > STATEMENT_SIZE_MAX {
        return Err(PartiqlError::TooLong(text.to_owned()));
    }
    let mut parser = parser::Parser::new(text, parameters)?;
    let counted = parser.parameter_count() == parameters.len();
    match parser.statement() {
        Err(error) if error.is_syntax() => Err(error),
        // A missing parameter is parsed as NULL, so anything but the syntax may have been misjudged.
        _ if !counted => Err(PartiqlError::ParameterCount),
        result => result,
    }
}

#[cfg(test)]
mod tests;
