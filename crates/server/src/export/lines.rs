//! The lines of items, and for CSV its columns.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use exchange::write::{LineFormat, push_csv_header, push_csv_item, push_plain_item};
use model::Attributes;
use parking_lot::Mutex;

use crate::remote::ItemFormat;

/// Names that are listed when attributes are left out.
const LISTED_MAX: usize = 20;

pub(super) struct Lines {
    format: ItemFormat,
    keys: Vec<String>,
    columns: OnceLock<Columns>,
    left_out: Mutex<LeftOut>,
}

struct Columns {
    names: Vec<String>,
    set: BTreeSet<String>,
    /// By a flag: then what else there is, is not wanted.
    are_chosen: bool,
}

#[derive(Default)]
struct LeftOut {
    names: BTreeSet<String>,
    are_more: bool,
}

impl Columns {
    fn new(names: Vec<String>, are_chosen: bool) -> Columns {
        Columns { set: names.iter().cloned().collect(), names, are_chosen }
    }
}

impl Lines {
    pub(super) fn new(format: ItemFormat, keys: Vec<String>, chosen: &[String]) -> Lines {
        let columns = OnceLock::new();
        if !chosen.is_empty() {
            columns.get_or_init(|| Columns::new(chosen.to_vec(), true));
        }
        Lines { format, keys, columns, left_out: Mutex::default() }
    }

    /// Appends the line of an item. The first item of all, of whatever segment, decides the columns.
    pub(super) fn push(&self, out: &mut Vec<u8>, item: &Attributes) {
        match self.format {
            ItemFormat::Json => push_plain_item(out, item.view()),
            ItemFormat::DynamodbJson => LineFormat::DynamoDbJson.push_item(out, item.view()),
            ItemFormat::Ion => LineFormat::Ion.push_item(out, item.view()),
            ItemFormat::Csv => {
                let columns = self.columns.get_or_init(|| Columns::new(self.columns_of(item), false));
                if !columns.are_chosen {
                    self.note(item.names().filter(|name| !columns.set.contains(*name)));
                }
                push_csv_item(out, &columns.names, item.view());
            }
        }
    }

    fn columns_of(&self, item: &Attributes) -> Vec<String> {
        let others = item.names().map(str::to_owned).filter(|name| !self.keys.contains(name));
        self.keys.iter().cloned().chain(others).collect()
    }

    fn note<'a>(&self, names: impl Iterator<Item = &'a str>) {
        for name in names {
            let mut left_out = self.left_out.lock();
            if left_out.names.len() < LISTED_MAX {
                left_out.names.insert(name.to_owned());
            } else {
                left_out.are_more |= !left_out.names.contains(name);
            }
        }
    }

    /// What precedes all lines, once there is an item or none will come.
    pub(super) fn header(&self) -> Vec<u8> {
        let mut header = Vec::new();
        if self.format == ItemFormat::Csv {
            let columns = self.columns.get_or_init(|| Columns::new(self.keys.clone(), false));
            push_csv_header(&mut header, &columns.names);
        }
        header
    }

    /// The names of attributes that have no column, if there are any.
    pub(super) fn left_out(&self) -> Option<String> {
        let left_out = self.left_out.lock();
        let names: Vec<&str> = left_out.names.iter().map(String::as_str).collect();
        let more = if left_out.are_more { ", …" } else { "" };
        (!names.is_empty()).then(|| base::into_visible(format!("{}{more}", names.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    use model::AttributeValue;

    use super::*;

    fn item(names: &[&str]) -> Attributes {
        names.iter().map(|name| ((*name).to_owned(), AttributeValue::S(format!("{name}1")))).collect()
    }

    fn lines(chosen: &[&str], items: &[&[&str]]) -> (String, Option<String>) {
        let chosen: Vec<String> = chosen.iter().map(|name| (*name).to_owned()).collect();
        let lines = Lines::new(ItemFormat::Csv, vec!["pk".to_owned(), "a".to_owned()], &chosen);
        let mut out = Vec::new();
        items.iter().for_each(|names| lines.push(&mut out, &item(names)));
        let text = [lines.header(), out].concat();
        (String::from_utf8(text).expect("UTF-8"), lines.left_out())
    }

    #[test]
    fn columns() {
        let (text, left_out) = lines(&[], &[&["a", "b", "pk"], &["a", "pk"]]);
        assert_eq!((text.as_str(), left_out), ("pk,a,b\npk1,a1,b1\npk1,a1,\n", None));
        let (text, left_out) = lines(&[], &[&["a", "pk"], &["a", "pk", "x"]]);
        assert_eq!((text.as_str(), left_out.as_deref()), ("pk,a\npk1,a1\npk1,a1\n", Some("x")));
        let (text, left_out) = lines(&["b", "pk"], &[&["a", "pk", "x"]]);
        assert_eq!((text.as_str(), left_out), ("b,pk\n,pk1\n", None));
        assert_eq!(lines(&[], &[]), ("pk,a\n".to_owned(), None));
        let many: Vec<String> = (0..30).map(|at| format!("x{at:02}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let left_out = lines(&[], &[&["pk"], &many]).1.expect("names");
        assert!(left_out.starts_with("x00, x01, ") && left_out.ends_with("x19, …"), "{left_out}");
    }
}
