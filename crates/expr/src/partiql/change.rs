//! INSERT and DELETE, and what UPDATE shares with them.

use super::error::{PartiqlError, Refusal};
use super::parser::{Parsed, Parser};
use super::{DeleteItem, Insert, Returning};
use crate::ast::Predicate;
use crate::condition::Condition;

const NO_RETURNING: &str = "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.";

impl Parser<'_> {
    /// From behind the word INSERT.
    pub(super) fn insert(&mut self) -> Parsed<Insert> {
        self.expect_word("INTO", "Unexpected keyword")?;
        let table = self.insert_table()?;
        if !self.take_word("VALUE") {
            // PartiQL allows an expression in the place of VALUE; DynamoDB runs none.
            if self.peek().is_word("VALUES") && !self.peek_second().is_symbol("(") {
                return Err(PartiqlError::Malformed("Expected LEFT_PAREN for row value constructor"));
            }
            self.take_symbol("(");
            return Err(match self.peek().is_name() {
                true => PartiqlError::Malformed("Unexpected token after expression"),
                false => self.unexpected(),
            });
        }
        let item = self.item()?;
        Ok(Insert { table, item })
    }

    /// From behind the word DELETE.
    pub(super) fn delete(&mut self) -> Parsed<DeleteItem> {
        self.expect_word("FROM", "Expected FROM after DELETE")?;
        let table = self.table()?;
        let condition = self.item_condition()?;
        let returning = self.returning()?;
        if let Some(other) = returning.filter(|returning| *returning != Returning::AllOld) {
            self.refuse(Refusal::ReturningOfDelete(other));
        }
        Ok(DeleteItem { table, condition, returning })
    }

    /// The WHERE clause of a write, which must be there to name the item.
    pub(super) fn item_condition(&mut self) -> Parsed<Condition> {
        Ok(self.where_clause()?.unwrap_or_else(|| {
            self.refuse(PartiqlError::KeyRequired);
            Condition::new(Predicate::True)
        }))
    }

    /// `RETURNING (ALL | MODIFIED) (OLD | NEW) *`
    pub(super) fn returning(&mut self) -> Parsed<Option<Returning>> {
        if !self.take_word("RETURNING") {
            return Ok(None);
        }
        let (what, image) = (self.advance(), self.advance());
        let modified = what.is_word("MODIFIED");
        let returning = match (modified || what.is_word("ALL"), image.is_word("OLD"), image.is_word("NEW")) {
            (true, true, _) if modified => Returning::ModifiedOld,
            (true, true, _) => Returning::AllOld,
            (true, _, true) if modified => Returning::ModifiedNew,
            (true, _, true) => Returning::AllNew,
            _ => return Err(PartiqlError::Malformed(NO_RETURNING)),
        };
        if self.at_end() {
            return Err(self.unexpected());
        }
        self.expect_symbol("*", "Unsupported syntax in RETURNING columns.")?;
        Ok(Some(returning))
    }
}
