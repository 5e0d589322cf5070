//! The keywords, which are names only in double quotes.
//!
//! They are the reserved words of SQL-92 and of PartiQL; the reserved words of expressions are others and do not
//! count here (`SET data = 1` needs no quotes, `SET date = 1` does). Words of DynamoDB's own clauses (`RETURNING`,
//! `OLD`, `MODIFIED`) are none: they are known by their places.

/// Letters of the longest word.
const LENGTH_MAX: usize = 17;

/// Whether a word, in whatever case, is a keyword.
pub(super) fn is_keyword(word: &str) -> bool {
    if word.len() > LENGTH_MAX {
        return false;
    }
    let mut lower = [0; LENGTH_MAX];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    KEYWORDS.binary_search_by(|keyword| keyword.as_bytes().cmp(lower)).is_ok()
}

#[rustfmt::skip]
const KEYWORDS: [&str; 233] = [
    "absolute", "action", "add", "all", "allocate", "alter", "and", "any", "are", "as", "asc", "assertion", "at",
    "authorization", "avg", "bag", "begin", "between", "bit", "bit_length", "blob", "bool", "boolean", "by",
    "cascade", "cascaded", "case", "cast", "catalog", "char", "char_length", "character", "character_length", "check",
    "clob", "close", "coalesce", "collate", "collation", "column", "commit", "connect", "connection", "constraint",
    "constraints", "continue", "convert", "corresponding", "count", "create", "cross", "current", "current_date",
    "current_time", "current_timestamp", "current_user", "cursor", "date", "deallocate", "dec", "decimal", "declare",
    "default", "deferrable", "deferred", "delete", "desc", "describe", "descriptor", "diagnostics", "disconnect",
    "distinct", "domain", "double", "drop", "else", "end", "escape", "except", "exception", "exec", "execute",
    "exists", "external", "extract", "false", "fetch", "first", "float", "for", "foreign", "found", "from", "full",
    "get", "global", "go", "goto", "grant", "group", "having", "identity", "immediate", "in", "index", "indicator",
    "initially", "inner", "input", "insensitive", "insert", "int", "integer", "intersect", "interval", "into", "is",
    "isolation", "join", "key", "language", "last", "left", "let", "level", "like", "limit", "list", "local", "lower",
    "match", "max", "min", "missing", "module", "names", "national", "natural", "nchar", "next", "no", "not", "null",
    "nullif", "numeric", "octet_length", "of", "on", "only", "open", "option", "or", "order", "outer", "output",
    "overlaps", "pad", "partial", "pivot", "position", "precision", "prepare", "preserve", "primary", "prior",
    "privileges", "procedure", "public", "read", "real", "references", "relative", "remove", "restrict", "revoke",
    "right", "rollback", "rows", "schema", "scroll", "section", "select", "session", "session_user", "set", "sexp",
    "size", "smallint", "some", "space", "sql", "sqlcode", "sqlerror", "sqlstate", "string", "struct", "substring",
    "sum", "symbol", "system_user", "table", "temporary", "then", "time", "timestamp", "to", "transaction",
    "translate", "translation", "trim", "true", "tuple", "union", "unique", "unknown", "unpivot", "update", "upper",
    "usage", "user", "using", "value", "values", "varchar", "varying", "view", "when", "whenever", "where", "with",
    "work", "write", "zone",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted_and_fit() {
        assert!(KEYWORDS.is_sorted());
        assert_eq!(KEYWORDS.iter().map(|word| word.len()).max(), Some(LENGTH_MAX));
    }

    #[test]
    fn keywords_are_distinguished_from_names() {
        for word in ["select", "SELECT", "Date", "user", "VALUE", "current_timestamp", "missing", "absolute", "zone"] {
            assert!(is_keyword(word), "{word}");
        }
        for name in ["data", "name", "old", "MODIFIED", "returning", "", "sélect", "current_timestamps", "pk"] {
            assert!(!is_keyword(name), "{name}");
        }
    }
}
