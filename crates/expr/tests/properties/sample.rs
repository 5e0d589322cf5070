//! The models' own values and paths, and how they become requests.

use std::collections::{BTreeMap, BTreeSet};

use model::{AttributeValue, Attributes, Number};
use proptest::prelude::*;

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Sample {
    Text(String),
    Whole(i64),
    Flag(bool),
    Nothing,
    Wholes(BTreeSet<i64>),
    Texts(BTreeSet<String>),
    List(Vec<Sample>),
    Map(BTreeMap<String, Sample>),
}

pub(crate) type Item = BTreeMap<String, Sample>;

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Step {
    Name(&'static str),
    Index(usize),
}

/// The first step is a name.
pub(crate) type Path = Vec<Step>;

const NAMES: [&str; 3] = ["a", "b", "c"];

impl Sample {
    pub(crate) fn to_value(&self) -> AttributeValue {
        match self {
            Sample::Text(text) => AttributeValue::S(text.clone()),
            Sample::Whole(whole) => AttributeValue::N(number(*whole)),
            Sample::Flag(flag) => AttributeValue::Bool(*flag),
            Sample::Nothing => AttributeValue::Null,
            Sample::Wholes(set) => AttributeValue::NS(set.iter().map(|whole| number(*whole)).collect()),
            Sample::Texts(set) => AttributeValue::SS(set.iter().cloned().collect()),
            Sample::List(list) => AttributeValue::L(list.iter().map(Sample::to_value).collect()),
            Sample::Map(map) => AttributeValue::M(to_attributes(map)),
        }
    }
}

pub(crate) fn to_attributes(item: &Item) -> Attributes {
    item.iter().map(|(name, sample)| (name.clone(), sample.to_value())).collect()
}

fn number(whole: i64) -> Number {
    Number::parse(&whole.to_string()).expect("a whole number")
}

pub(crate) fn find<'i>(item: &'i Item, path: &[Step]) -> Option<&'i Sample> {
    let (Step::Name(first), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(item.get(*first)?, |sample, step| match (sample, step) {
        (Sample::Map(map), Step::Name(name)) => map.get(*name),
        (Sample::List(list), Step::Index(index)) => list.get(*index),
        _ => None,
    })
}

pub(crate) fn spell(path: &[Step]) -> String {
    let steps = path.iter().enumerate().map(|(at, step)| match step {
        Step::Name(name) if at == 0 => (*name).to_owned(),
        Step::Name(name) => format!(".{name}"),
        Step::Index(index) => format!("[{index}]"),
    });
    steps.collect()
}

pub(crate) fn any_scalar() -> impl Strategy<Value = Sample> {
    prop_oneof![
        "[xyz]{0,2}".prop_map(Sample::Text),
        (-2..3_i64).prop_map(Sample::Whole),
        any::<bool>().prop_map(Sample::Flag),
        Just(Sample::Nothing),
    ]
}

pub(crate) fn any_set() -> impl Strategy<Value = Sample> {
    prop_oneof![
        prop::collection::btree_set(-2..3_i64, 1..4).prop_map(Sample::Wholes),
        prop::collection::btree_set("[xyz]", 1..3).prop_map(Sample::Texts),
    ]
}

pub(crate) fn any_sample() -> impl Strategy<Value = Sample> {
    prop_oneof![3 => any_scalar(), 1 => any_set()].prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Sample::List),
            prop::collection::btree_map(any_name(), inner, 0..3).prop_map(Sample::Map),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

pub(crate) fn any_item() -> impl Strategy<Value = Item> {
    prop::collection::btree_map(any_name(), any_sample(), 0..4)
}

pub(crate) fn any_path() -> impl Strategy<Value = Path> {
    let name = || prop::sample::select(&NAMES[..]).prop_map(Step::Name);
    let step = prop_oneof![name(), (0..4_usize).prop_map(Step::Index)];
    (name(), prop::collection::vec(step, 0..3)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}
