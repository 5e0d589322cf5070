//! The order in which refusals list names.
//!
//! DynamoDB is a program in Java and lists a set of names by the buckets of its hash table: the same names always in the
//! same order, which is neither the request's nor the alphabet's.

/// Buckets of a table that is given no size.
const DEFAULT_SIZE: usize = 16;

/// A set that grew name by name.
pub(super) fn of_set<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> Vec<&'a String> {
    in_buckets(names, DEFAULT_SIZE)
}

/// The keys of a map that was made with room for as many.
pub(super) fn of_map<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> Vec<&'a String> {
    let size = names.len().next_power_of_two();
    in_buckets(names, size)
}

/// Names by their buckets, those of one bucket as they came. A table doubles when it is more than three quarters full.
fn in_buckets<'a>(names: impl ExactSizeIterator<Item = &'a String>, mut size: usize) -> Vec<&'a String> {
    while names.len() * 4 > size * 3 {
        size *= 2;
    }
    let mut names: Vec<&String> = names.collect();
    names.sort_by_key(|name| {
        let hash = hash(name);
        (hash ^ hash >> 16) as usize & (size - 1)
    });
    names
}

/// Java's hash of a string.
fn hash(name: &str) -> u32 {
    name.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refusals of CreateTable on AWS, 2020 and 2026.
    #[test]
    fn names_are_listed_by_their_buckets() {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        for (sent, listed) in [
            (["pk", "sk", "a", "b", "c"].as_slice(), ["sk", "a", "b", "pk", "c"].as_slice()),
            (&["pk", "sk"], &["sk", "pk"]),
            (&["my-hash", "my-string", "my-int"], &["my-string", "my-int", "my-hash"]),
            (
                &["ProductName", "CreatedTime", "ProductDescription", "ProductId"],
                &["ProductId", "CreatedTime", "ProductDescription", "ProductName"],
            ),
        ] {
            assert_eq!(of_map(owned(sent).iter()), owned(listed).iter().collect::<Vec<_>>());
        }
        for listed in
            [["a", "sk", "pk"].as_slice(), &["CreatedTime", "ProductName", "ProductId"], &["my-hash", "my-string"]]
        {
            let mut sent = owned(listed);
            sent.sort();
            assert_eq!(of_set(sent.iter()), owned(listed).iter().collect::<Vec<_>>());
        }
    }
}
