//! The condition keys of DynamoDB's own, and those of tags, for one question.
//!
//! Each is made when a policy first names it, and only for an action that has it: `auth::iam` asks for no other one. A
//! request that is too wrong to tell a key's values is never allowed because of it: what is wrong is remembered, and
//! whatever the policies say, the request is refused with that or with their denial. So no operation needs to read a
//! request in exactly the way that was judged here.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use api::Exception;
use auth::iam::{Context, Values, WorkBudget, tag_value};
use base64_simd::STANDARD;
use model::AttributeValue;
use tables::Table;

use super::said::Said;

pub(super) struct RequestContext<'a> {
    pub said: &'a Said<'a>,
    pub table: Option<&'a Table>,
    /// Of the table, if the resource is one or an index.
    pub tags: Option<&'a BTreeMap<String, String>>,
    attributes: OnceCell<Vec<String>>,
    partitions: OnceCell<Option<Vec<Vec<String>>>>,
    full_scan: OnceCell<Option<bool>>,
    problem: RefCell<Option<Exception>>,
}

const REQUEST_TAG: &str = "aws:requesttag/";
const RESOURCE_TAG: &str = "aws:resourcetag/";

impl<'a> RequestContext<'a> {
    pub(super) fn new(
        said: &'a Said<'a>,
        table: Option<&'a Table>,
        tags: Option<&'a BTreeMap<String, String>>,
    ) -> RequestContext<'a> {
        RequestContext {
            said,
            table,
            tags,
            attributes: OnceCell::new(),
            partitions: OnceCell::new(),
            full_scan: OnceCell::new(),
            problem: RefCell::default(),
        }
    }

    /// Why the request cannot be judged, if a key was asked for that it does not tell.
    pub(super) fn problem(self) -> Option<Exception> {
        self.problem.into_inner()
    }

    /// The value, or nothing and a problem to remember.
    fn told<T: Default>(&self, read: Result<T, Exception>) -> T {
        read.unwrap_or_else(|problem| {
            self.problem.borrow_mut().get_or_insert(problem);
            T::default()
        })
    }

    fn known_table(&self) -> Result<&'a Table, Exception> {
        self.table.ok_or_else(Exception::resource_not_found)
    }

    fn attributes(&self) -> Values<'_> {
        many(self.attributes.get_or_init(|| self.told(self.said.attributes()).into_iter().collect()))
    }

    fn full_scan(&self) -> Option<Values<'_>> {
        let read = || self.told(self.known_table().and_then(|table| self.said.is_full_scan(table)));
        self.full_scan.get_or_init(read).map(|is_full| one(if is_full { "true" } else { "false" }))
    }

    /// The values of one attribute of partition keys.
    fn partition(&self, at: usize) -> Option<Values<'_>> {
        let read = || {
            let partitions = self.known_table().and_then(|table| self.said.partitions(table));
            let texts = |values: Vec<AttributeValue>| values.iter().map(text).collect();
            self.told(partitions).map(|keys| keys.into_iter().map(texts).collect())
        };
        self.partitions.get_or_init(read).as_ref()?.get(at).map(|values| many(values))
    }

    fn request_tag(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        tag_value(self.said.tags.iter().filter_map(|(own, value)| Some((*own, (*value)?))), key, work)
    }

    fn resource_tag(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        tag_value(self.tags?.iter().map(|(own, value)| (own.as_str(), value.as_str())), key, work)
    }
}

impl Context for RequestContext<'_> {
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        match key {
            "dynamodb:attributes" => Some(self.attributes()),
            "dynamodb:enclosingoperation" => self.said.enclosing_operation.map(one),
            "dynamodb:fulltablescan" => self.full_scan(),
            "dynamodb:leadingkeys" | "dynamodb:firstpartitionkeyvalues" => self.partition(0),
            "dynamodb:secondpartitionkeyvalues" => self.partition(1),
            "dynamodb:thirdpartitionkeyvalues" => self.partition(2),
            "dynamodb:fourthpartitionkeyvalues" => self.partition(3),
            "dynamodb:returnconsumedcapacity" => self.said.return_consumed_capacity.map(one),
            "dynamodb:returnvalues" => match self.said.return_values[..] {
                [] => None,
                [single] => Some(one(single)),
                ref several => Some(Values::Many(several.iter().copied().map(Cow::Borrowed).collect())),
            },
            "dynamodb:select" => self.said.select.map(one),
            "aws:tagkeys" => {
                let keys = || self.said.tags.iter().map(|(key, _)| Cow::Borrowed(*key)).collect();
                (!self.said.tags.is_empty()).then(|| Values::Many(keys()))
            }
            _ => match (key.strip_prefix(REQUEST_TAG), key.strip_prefix(RESOURCE_TAG)) {
                (Some(tag), _) => self.request_tag(tag, work),
                (_, Some(tag)) => self.resource_tag(tag, work),
                (None, None) => None,
            },
        }
    }
}

fn one(text: &str) -> Values<'_> {
    Values::One(Cow::Borrowed(text))
}

fn many(values: &[String]) -> Values<'_> {
    Values::Many(values.iter().map(|value| Cow::Borrowed(value.as_str())).collect())
}

/// A key's value as policies compare it: a number in its shortest form, binary in base 64.
pub(super) fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => text.clone(),
        AttributeValue::N(number) => number.to_string(),
        AttributeValue::B(bytes) => STANDARD.encode_to_string(bytes),
        // No key has another type.
        _ => String::new(),
    }
}
