//! The condition keys of DynamoDB's own, and those of tags, for one question.
//!
//! Each is made when a policy first names it. A request that is too wrong to tell a key's values is never allowed
//! because of it: what is wrong is remembered, and whatever the policies say, the request is refused with that or with
//! their denial. So no operation needs to read a request in exactly the way that was judged here.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use api::Exception;
use auth::iam::{Context, Values};
use base64_simd::STANDARD;
use model::AttributeValue;

use super::action::{Action, Key};
use super::said::Said;
use crate::catalog::Table;

pub(super) struct RequestContext<'a> {
    pub action: Action,
    pub said: &'a Said<'a>,
    pub table: Option<&'a Table>,
    /// Of the table, if the resource is one or an index.
    pub tags: Option<&'a BTreeMap<String, String>>,
    attributes: OnceCell<Vec<String>>,
    partitions: OnceCell<Option<Vec<Vec<String>>>>,
    problem: RefCell<Option<Exception>>,
}

const REQUEST_TAG: &str = "aws:requesttag/";
const RESOURCE_TAG: &str = "aws:resourcetag/";

impl<'a> RequestContext<'a> {
    pub(super) fn new(
        action: Action,
        said: &'a Said<'a>,
        table: Option<&'a Table>,
        tags: Option<&'a BTreeMap<String, String>>,
    ) -> RequestContext<'a> {
        RequestContext {
            action,
            said,
            table,
            tags,
            attributes: OnceCell::new(),
            partitions: OnceCell::new(),
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

    fn of(&self, key: Key) -> Option<Values<'_>> {
        if !self.action.keys().contains(&key) {
            return None;
        }
        let one = |text: &'static str| Values::One(Cow::Borrowed(text));
        match key {
            Key::Attributes => {
                let read = || self.told(self.said.attributes()).into_iter().collect();
                Some(many(self.attributes.get_or_init(read)))
            }
            Key::LeadingKeys => self.partition(0),
            Key::EnclosingOperation => self.said.enclosing_operation.map(one),
            Key::ReturnConsumedCapacity => self.said.return_consumed_capacity.map(one),
            Key::ReturnValues => self.said.return_values.map(one),
            Key::Select => self.said.select.map(one),
            Key::FullTableScan => {
                let read = self.known_table().and_then(|table| self.said.is_full_scan(table));
                self.told(read).map(|is_full| one(if is_full { "true" } else { "false" }))
            }
        }
    }

    /// The values of one attribute of partition keys.
    fn partition(&self, at: usize) -> Option<Values<'_>> {
        if !self.action.keys().contains(&Key::LeadingKeys) {
            return None;
        }
        let read = || {
            let partitions = self.known_table().and_then(|table| self.said.partitions(table));
            let texts = |values: Vec<AttributeValue>| values.iter().map(text).collect();
            self.told(partitions).map(|keys| keys.into_iter().map(texts).collect())
        };
        self.partitions.get_or_init(read).as_ref()?.get(at).map(|values| many(values))
    }

    fn request_tag(&self, key: &str) -> Option<Values<'_>> {
        let tag = self.said.tags.iter().find(|(own, _)| is_key(own, key))?;
        tag.1.map(|value| Values::One(Cow::Borrowed(value)))
    }

    fn resource_tag(&self, key: &str) -> Option<Values<'_>> {
        let (_, value) = self.tags?.iter().find(|(own, _)| is_key(own, key))?;
        Some(Values::One(Cow::Borrowed(value)))
    }
}

impl Context for RequestContext<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        match key {
            "dynamodb:attributes" => self.of(Key::Attributes),
            "dynamodb:enclosingoperation" => self.of(Key::EnclosingOperation),
            "dynamodb:fulltablescan" => self.of(Key::FullTableScan),
            "dynamodb:leadingkeys" | "dynamodb:firstpartitionkeyvalues" => self.of(Key::LeadingKeys),
            "dynamodb:secondpartitionkeyvalues" => self.partition(1),
            "dynamodb:thirdpartitionkeyvalues" => self.partition(2),
            "dynamodb:fourthpartitionkeyvalues" => self.partition(3),
            "dynamodb:returnconsumedcapacity" => self.of(Key::ReturnConsumedCapacity),
            "dynamodb:returnvalues" => self.of(Key::ReturnValues),
            "dynamodb:select" => self.of(Key::Select),
            "aws:tagkeys" => {
                let keys = || self.said.tags.iter().map(|(key, _)| Cow::Borrowed(*key)).collect();
                (!self.said.tags.is_empty()).then(|| Values::Many(keys()))
            }
            _ => match (key.strip_prefix(REQUEST_TAG), key.strip_prefix(RESOURCE_TAG)) {
                (Some(tag), _) => self.request_tag(tag),
                (_, Some(tag)) => self.resource_tag(tag),
                (None, None) => None,
            },
        }
    }
}

/// Names of condition keys have no case, those of tags in them neither.
fn is_key(tag: &str, lower: &str) -> bool {
    tag.chars().flat_map(char::to_lowercase).eq(lower.chars())
}

fn many(values: &[String]) -> Values<'_> {
    Values::Many(values.iter().map(|value| Cow::Borrowed(value.as_str())).collect())
}

/// A key's value as policies compare it: a number in its shortest form, binary in base 64.
fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => text.clone(),
        AttributeValue::N(number) => number.to_string(),
        AttributeValue::B(bytes) => STANDARD.encode_to_string(bytes),
        // No key has another type.
        _ => String::new(),
    }
}
