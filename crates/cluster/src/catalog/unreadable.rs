//! The tables with damaged definitions. Another server may have changed such a table since its definition was last read here, so
//! no request and no background work uses it: to them it does not exist, and its name is not free. All other tables are as before.

use std::collections::BTreeMap;

use api::Exception;
use tables::{Definition, Place};

/// By id. None: the definition was damaged before this server read it, so the table may have any name that no other table has.
#[derive(Default)]
pub(super) struct Unreadable(BTreeMap<u64, Option<Name>>);

/// Account, region and name.
type Name = (String, String, String);

impl Unreadable {
    /// The tables with these ids. The name of one comes from its last readable definition, or is known from before.
    pub(super) fn successor<'a>(
        &self,
        table_ids: &[u64],
        readable: impl Fn(u64) -> Option<&'a Definition>,
    ) -> Unreadable {
        let name = |table_id: u64| match readable(table_id) {
            Some(Definition { account, region, name, .. }) => Some((account.clone(), region.clone(), name.clone())),
            None => self.0.get(&table_id).cloned().flatten(),
        };
        Unreadable(table_ids.iter().map(|table_id| (*table_id, name(*table_id))).collect())
    }

    pub(super) fn contains(&self, table_id: u64) -> bool {
        self.0.contains_key(&table_id)
    }

    /// # Errors
    /// If one of the tables has this name, or may have it.
    pub(super) fn check(&self, place: Place<'_>) -> Result<(), Exception> {
        let may_be = |name: &Option<Name>| match name {
            Some((account, region, name)) => {
                (account.as_str(), region.as_str(), name.as_str()) == (place.account, place.region, place.name)
            }
            None => true,
        };
        match self.0.iter().find(|(_, name)| may_be(name)) {
            None => Ok(()),
            Some((table_id, _)) => Err(Exception::internal(format!(
                "the definition of table {table_id} is damaged, which has the name {} or may have it",
                place.name
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use tables::fixture;

    use super::*;

    #[test]
    fn a_name_that_may_be_taken_is_not_free() {
        let known = Definition { table_id: 7, ..fixture::definition() };
        let (own, other) = (known.place(), Place { name: "other", ..known.place() });
        let first = Unreadable::default().successor(&[7], |_| Some(&known));
        assert!(first.contains(7) && first.check(own).is_err() && first.check(other).is_ok());
        // Its name is known from before.
        let second = first.successor(&[7], |_| None);
        assert!(second.check(own).is_err() && second.check(other).is_ok());
        let without_name = second.successor(&[7, 8], |_| None);
        assert!(without_name.check(own).is_err() && without_name.check(other).is_err());
        let repaired = without_name.successor(&[], |_| None);
        assert!(!repaired.contains(7) && repaired.check(own).is_ok());
    }
}
