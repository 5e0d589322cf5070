//! Which of the servers that speak the protocol this is, and the statements that differ between them.
//!
//! PostgreSQL is what the tests run on. The code for the others follows their documentation and is untested.

use crate::connection::Connection;
use crate::error::sentence;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    Postgres,
    Yugabyte,
    Cockroach,
    Other,
}

impl Dialect {
    /// From what `version()` says.
    pub(crate) fn of(version: &str) -> Dialect {
        if version.contains("-YB-") {
            Dialect::Yugabyte
        } else if version.starts_with("PostgreSQL ") {
            Dialect::Postgres
        } else if version.starts_with("CockroachDB ") {
            Dialect::Cockroach
        } else {
            Dialect::Other
        }
    }

    pub(crate) async fn ask(connection: &Connection) -> Result<Dialect, String> {
        let row = connection.client().query_one("SELECT version()", &[]).await.map_err(|error| sentence(&error))?;
        row.try_get(0).map(Dialect::of).map_err(|error| sentence(&error))
    }

    /// The primary key over these columns, with rows stored in its order: by default YugabyteDB distributes rows by a
    /// hash of the first column, and every Scan and Query would read all of its tablets.
    pub(crate) fn primary_key(self, columns: &[&str]) -> String {
        let order = if self == Dialect::Yugabyte { " ASC" } else { "" };
        let columns: Vec<String> = columns.iter().map(|column| format!("{column}{order}")).collect();
        format!("PRIMARY KEY ({})", columns.join(", "))
    }

    /// Items are compact already: the server need not try to compress them.
    pub(crate) fn store_as_it_is(self) -> &'static str {
        match self {
            Dialect::Postgres => {
                "ALTER TABLE stator_kv ALTER COLUMN v SET STORAGE EXTERNAL; \
                 ALTER TABLE stator_outbox ALTER COLUMN v SET STORAGE EXTERNAL;"
            }
            _ => "",
        }
    }
}

/// Whether Citus has spread our tables over several servers. It takes no snapshot of them all, so that a transaction's
/// reads and the catalog would be seen half before and half after a write.
pub(crate) async fn is_distributed(connection: &Connection) -> Result<bool, String> {
    let has_citus = "SELECT 1 WHERE to_regclass('pg_dist_partition') IS NOT NULL";
    let rows = connection.client().query(has_citus, &[]).await.map_err(|error| sentence(&error))?;
    if rows.is_empty() {
        return Ok(false);
    }
    // Distributed by a column; 'n' are tables that are not distributed. Ours are those that a statement of ours would
    // find.
    let ours = "SELECT 1 FROM pg_dist_partition WHERE partmethod <> 'n' AND logicalrelid IN (to_regclass('stator_kv'), \
                to_regclass('stator_outbox'), to_regclass('stator_tally'), to_regclass('stator_meta')) LIMIT 1";
    let rows = connection.client().query(ours, &[]).await.map_err(|error| sentence(&error))?;
    Ok(!rows.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Dialect;

    #[test]
    fn servers_are_distinguished_by_their_version() {
        let check = |version: &str, dialect: Dialect, primary_key: &str, stores_as_it_is: bool| {
            let found = Dialect::of(version);
            assert_eq!(found, dialect, "{version}");
            assert_eq!(found.primary_key(&["p", "s"]), primary_key, "{version}");
            assert_eq!(!found.store_as_it_is().is_empty(), stores_as_it_is, "{version}");
        };
        let (plain, ascending) = ("PRIMARY KEY (p, s)", "PRIMARY KEY (p ASC, s ASC)");
        check("PostgreSQL 15.8 (Debian 15.8-0) on x86_64", Dialect::Postgres, plain, true);
        check("PostgreSQL 11.2-YB-2024.1.0.0-b0 on x86_64", Dialect::Yugabyte, ascending, false);
        check("PostgreSQL 15.2-YB-2025.1.0.0-b0 on x86_64", Dialect::Yugabyte, ascending, false);
        check("CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu)", Dialect::Cockroach, plain, false);
        check("EnterpriseDB 14", Dialect::Other, plain, false);
        check("", Dialect::Other, plain, false);
    }
}
