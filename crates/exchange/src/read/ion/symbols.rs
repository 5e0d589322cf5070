//! The symbol table of a stream: texts by number.
//!
//! Shared symbol tables are not there to be imported; their symbols have numbers, but no text.

use super::tree::{Data, IonValue};

const SYSTEM: [&str; 9] = [
    "$ion",
    "$ion_1_0",
    "$ion_symbol_table",
    "name",
    "version",
    "imports",
    "symbols",
    "max_id",
    "$ion_shared_symbol_table",
];
/// Symbols of a table. Our own bound.
const COUNT_MAX: usize = 100_000;
/// Texts of a table together. Unit: bytes. Our own bound.
const SIZE_MAX: usize = 4 * 1024 * 1024;

/// The symbols behind those of the system.
#[derive(Default)]
pub(super) struct Symbols {
    own: Vec<Option<String>>,
    size: usize,
}

impl Symbols {
    /// What a version marker does.
    pub(super) fn reset(&mut self) {
        *self = Symbols::default();
    }

    /// The text of a symbol. Number 0 has none.
    pub(super) fn text(&self, id: u64) -> Result<&str, String> {
        let index = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        let text = index.and_then(|index| match SYSTEM.get(index) {
            Some(text) => Some(*text),
            None => self.own.get(index - SYSTEM.len())?.as_deref(),
        });
        text.ok_or_else(|| format!("the symbol ${id} has no text"))
    }

    /// Takes a local symbol table, which replaces the one before it or appends to it.
    pub(super) fn read(&mut self, table: &IonValue) -> Result<(), String> {
        let imports = table.field("imports").map(|imports| &imports.data);
        if !matches!(imports, Some(Data::Symbol(name)) if name == super::SYMBOL_TABLE) {
            self.reset();
        }
        if let Some(Data::List(imports)) = imports {
            imports.iter().try_for_each(|import| self.import(import))?;
        }
        let Some(Data::List(symbols)) = table.field("symbols").map(|symbols| &symbols.data) else { return Ok(()) };
        for symbol in symbols {
            let text = match &symbol.data {
                Data::Text(text) => Some(text.clone()),
                _ => None,
            };
            self.size += text.as_ref().map_or(0, String::len);
            self.own.push(text);
            self.check()?;
        }
        Ok(())
    }

    fn import(&mut self, import: &IonValue) -> Result<(), String> {
        let Some(Data::Number(max_id)) = import.field("max_id").map(|max_id| &max_id.data) else {
            return Err("it imports a symbol table without its size".to_owned());
        };
        let count: usize =
            max_id.parse().map_err(|_| "the size of an imported symbol table is no number".to_owned())?;
        self.own.resize_with(self.own.len().saturating_add(count.min(COUNT_MAX)), || None);
        self.check()
    }

    fn check(&self) -> Result<(), String> {
        match self.own.len() <= COUNT_MAX && self.size <= SIZE_MAX {
            true => Ok(()),
            false => Err("its symbol table is too large".to_owned()),
        }
    }
}
