//! INSERT and DELETE, and what UPDATE shares with them.

use super::error::{PartiqlError, Refusal};
use super::parser::{Parsed, Parser};
use super::{DeleteItem, Insert, Returning};
use crate::condition::Condition;

impl Parser<'_> {
    /// From behind the word INSERT.
    pub(super) fn insert(&mut self) -> Parsed<Insert> {
        self.expect_word("INTO", "Unexpected keyword")?;
        let table = self.table_without_alias()?;
        if self.peek().is_name() {
            return Err(PartiqlError::Malformed("Unexpected token after expression"));
        }
        self.expect_word("VALUE", "Unexpected keyword")?;
        let item = self.item()?;
        Ok(Insert { table, item })
    }

    /// From behind the word DELETE.
    pub(super) fn delete(&mut self) -> Parsed<DeleteItem> {
        self.expect_word("FROM", "Expected FROM after DELETE")?;
        if !self.peek().is_name() {
            return Err(PartiqlError::Malformed("Expected identifier for simple path"));
        }
        let table = self.table()?;
        let condition = self.item_condition()?;
        let returning = self.returning()?;
        match returning {
            None | Some(Returning::AllOld) => Ok(DeleteItem { table, condition, returning }),
            Some(_) => Err(Refusal::ReturningOfDelete.into()),
        }
    }

    /// The WHERE clause of a write, which must be there to name the item.
    pub(super) fn item_condition(&mut self) -> Parsed<Condition> {
        self.where_clause()?.ok_or(PartiqlError::KeyRequired)
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
            _ => return Err(PartiqlError::Malformed("Expected <returning mapping>")),
        };
        self.expect_symbol("*", "Unsupported syntax in RETURNING clause")?;
        Ok(Some(returning))
    }
}
