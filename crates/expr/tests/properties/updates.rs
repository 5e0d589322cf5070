//! An update makes of an item what a slow model makes of it: one that keeps every list as slots, leaves a hole where
//! an element was removed, and closes the holes when all is done.

use expr::{Placeholders, Update};
use model::Attributes;
use proptest::prelude::*;

use crate::sample::{Item, Path, Sample, Step, any_item, any_path, any_sample, any_set, find, spell, to_attributes};

#[derive(Clone, Debug)]
enum Action {
    Set(Path, Source),
    Remove(Path),
    Add(Path, Sample),
    Delete(Path, Sample),
}

#[derive(Clone, Debug)]
enum Source {
    Given(Sample),
    Copy(Path),
    Default(Path, Sample),
    Plus(Path, i64),
    Append(Path, Vec<Sample>),
}

impl Action {
    fn path(&self) -> &Path {
        match self {
            Action::Set(path, _) | Action::Remove(path) | Action::Add(path, _) | Action::Delete(path, _) => path,
        }
    }

    fn section(&self) -> &'static str {
        match self {
            Action::Set(..) => "SET",
            Action::Remove(_) => "REMOVE",
            Action::Add(..) => "ADD",
            Action::Delete(..) => "DELETE",
        }
    }
}

/// The expected result at a path: a value, or a hole.
fn outcome(action: &Action, old: &Item) -> Option<Option<Sample>> {
    let there = find(old, action.path());
    match action {
        Action::Set(_, source) => evaluate(source, old).map(Some),
        Action::Remove(_) => Some(None),
        Action::Add(_, given) => match (there, given) {
            (None, given) => Some(Some(given.clone())),
            (Some(Sample::Whole(a)), Sample::Whole(b)) => Some(Some(Sample::Whole(a + b))),
            (Some(Sample::Wholes(a)), Sample::Wholes(b)) => Some(Some(Sample::Wholes(a | b))),
            (Some(Sample::Texts(a)), Sample::Texts(b)) => Some(Some(Sample::Texts(a | b))),
            _ => None,
        },
        Action::Delete(_, given) => match (there, given) {
            (None, _) => Some(None),
            (Some(Sample::Wholes(a)), Sample::Wholes(b)) => {
                let rest = a - b;
                Some((!rest.is_empty()).then_some(Sample::Wholes(rest)))
            }
            (Some(Sample::Texts(a)), Sample::Texts(b)) => {
                let rest = a - b;
                Some((!rest.is_empty()).then_some(Sample::Texts(rest)))
            }
            _ => None,
        },
    }
}

fn evaluate(source: &Source, old: &Item) -> Option<Sample> {
    match source {
        Source::Given(sample) => Some(sample.clone()),
        Source::Copy(path) => find(old, path).cloned(),
        Source::Default(path, sample) => Some(find(old, path).unwrap_or(sample).clone()),
        Source::Plus(path, more) => match find(old, path)? {
            Sample::Whole(whole) => Some(Sample::Whole(whole + more)),
            _ => None,
        },
        Source::Append(path, more) => match find(old, path)? {
            Sample::List(list) => Some(Sample::List(list.iter().chain(more).cloned().collect())),
            _ => None,
        },
    }
}

/// A value that may contain holes, with lists that take elements at any index.
#[derive(Clone, Debug)]
enum Slot {
    Hole,
    Leaf(Sample),
    List(std::collections::BTreeMap<usize, Slot>),
    Map(std::collections::BTreeMap<String, Slot>),
}

impl Slot {
    fn of(sample: &Sample) -> Slot {
        match sample {
            Sample::List(list) => Slot::List(list.iter().map(Slot::of).enumerate().collect()),
            Sample::Map(map) => Slot::Map(map.iter().map(|(name, sample)| (name.clone(), Slot::of(sample))).collect()),
            leaf => Slot::Leaf(leaf.clone()),
        }
    }

    fn close(self) -> Option<Sample> {
        match self {
            Slot::Hole => None,
            Slot::Leaf(sample) => Some(sample),
            Slot::List(slots) => Some(Sample::List(slots.into_values().filter_map(Slot::close).collect())),
            Slot::Map(slots) => {
                Some(Sample::Map(slots.into_iter().filter_map(|(name, slot)| Some((name, slot.close()?))).collect()))
            }
        }
    }

    /// The place of the last step; `None` if nothing could hold it.
    fn put(&mut self, path: &[Step], value: Slot) -> Option<()> {
        let (step, rest) = path.split_first()?;
        if rest.is_empty() {
            match (self, step) {
                (Slot::Map(slots), Step::Name(name)) => drop(slots.insert((*name).to_owned(), value)),
                (Slot::List(slots), Step::Index(index)) => drop(slots.insert(*index, value)),
                _ => return None,
            }
            return Some(());
        }
        match (self, step) {
            (Slot::Map(slots), Step::Name(name)) => slots.get_mut(*name)?.put(rest, value),
            (Slot::List(slots), Step::Index(index)) => slots.get_mut(index)?.put(rest, value),
            _ => None,
        }
    }
}

fn updated(actions: &[Action], old: &Item) -> Option<Item> {
    let mut slots = Slot::of(&Sample::Map(old.clone()));
    let mut work = Vec::new();
    for action in actions {
        let value = outcome(action, old)?;
        work.push((action.path(), value.map_or(Slot::Hole, |sample| Slot::of(&sample))));
    }
    // The parents of all paths are those of the old item: a value put now must not hold what another path leads to,
    // which is so because the paths do not meet.
    for (path, value) in work {
        slots.put(path, value)?;
    }
    match slots.close()? {
        Sample::Map(item) => Some(item),
        _ => None,
    }
}

fn print(actions: &[Action]) -> (String, Attributes) {
    let mut values = Vec::new();
    let mut given = |sample: &Sample| {
        values.push((format!(":v{}", values.len()), sample.to_value()));
        format!(":v{}", values.len() - 1)
    };
    let mut text = String::new();
    for section in ["SET", "ADD", "REMOVE", "DELETE"] {
        let spelled: Vec<String> = actions
            .iter()
            .filter(|action| action.section() == section)
            .map(|action| {
                let path = spell(action.path());
                match action {
                    Action::Set(_, Source::Given(sample)) => format!("{path} = {}", given(sample)),
                    Action::Set(_, Source::Copy(from)) => format!("{path} = {}", spell(from)),
                    Action::Set(_, Source::Default(from, sample)) => {
                        format!("{path} = if_not_exists({}, {})", spell(from), given(sample))
                    }
                    Action::Set(_, Source::Plus(from, more)) if *more < 0 => {
                        format!("{path} = {} - {}", spell(from), given(&Sample::Whole(-more)))
                    }
                    Action::Set(_, Source::Plus(from, more)) => {
                        format!("{path} = {} + {}", spell(from), given(&Sample::Whole(*more)))
                    }
                    Action::Set(_, Source::Append(from, more)) => {
                        format!("{path} = list_append({}, {})", spell(from), given(&Sample::List(more.clone())))
                    }
                    Action::Remove(_) => path,
                    Action::Add(_, sample) | Action::Delete(_, sample) => format!("{path} {}", given(sample)),
                }
            })
            .collect();
        if !spelled.is_empty() {
            text += &format!(" {section} {}", spelled.join(", "));
        }
    }
    (text, Attributes::from_unsorted(values))
}

fn any_source() -> impl Strategy<Value = Source> {
    prop_oneof![
        any_sample().prop_map(Source::Given),
        any_path().prop_map(Source::Copy),
        (any_path(), any_sample()).prop_map(|(path, sample)| Source::Default(path, sample)),
        (any_path(), -3..4_i64).prop_map(|(path, more)| Source::Plus(path, more)),
        (any_path(), prop::collection::vec(any_sample(), 0..3)).prop_map(|(path, more)| Source::Append(path, more)),
    ]
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (any_path(), any_source()).prop_map(|(path, source)| Action::Set(path, source)),
        2 => any_path().prop_map(Action::Remove),
        1 => (any_path(), -3..4_i64).prop_map(|(path, more)| Action::Add(path, Sample::Whole(more))),
        1 => (any_path(), any_set()).prop_map(|(path, set)| Action::Add(path, set)),
        1 => (any_path(), any_set()).prop_map(|(path, set)| Action::Delete(path, set)),
    ]
}

/// Places in one list and in a list within it, where indexes shift.
fn any_element() -> impl Strategy<Value = Path> {
    prop_oneof![
        4 => (0..6_usize).prop_map(|index| vec![Step::Name("a"), Step::Index(index)]),
        1 => (0..3_usize).prop_map(|index| vec![Step::Name("a"), Step::Index(1), Step::Index(index)]),
    ]
}

fn any_list_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        any_element().prop_map(Action::Remove),
        (any_element(), -9..0_i64).prop_map(|(path, whole)| Action::Set(path, Source::Given(Sample::Whole(whole)))),
        (any_element(), any_element()).prop_map(|(path, from)| Action::Set(path, Source::Copy(from))),
        (any_element(), any_set()).prop_map(|(path, set)| Action::Delete(path, set)),
    ]
}

fn any_list_item() -> impl Strategy<Value = Item> {
    let element = prop_oneof![3 => any_sample(), 1 => any_set()];
    (prop::collection::vec(element, 1..5), prop::collection::vec(any_sample(), 0..3)).prop_map(|(mut list, inner)| {
        list.insert(1, Sample::List(inner));
        Item::from([("a".to_owned(), Sample::List(list))])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn updates_do_what_the_model_does(actions in prop::collection::vec(any_action(), 1..4), item in any_item()) {
        check(&actions, &item)?;
    }

    #[test]
    fn lists_end_as_the_model_ends_them(
        actions in prop::collection::vec(any_list_action(), 1..6),
        item in any_list_item(),
    ) {
        check(&actions, &item)?;
    }
}

fn check(actions: &[Action], item: &Item) -> Result<(), TestCaseError> {
    let (text, values) = print(actions);
    let values = (!values.is_empty()).then_some(values);
    let mut placeholders = Placeholders::new(None, values).expect("well formed");
    let update = match Update::parse(&text, &mut placeholders) {
        Ok(update) => update,
        // What the model does not check: overlapping paths, and operand types that the text alone determines.
        Err(error) => {
            let error = error.to_string();
            prop_assert!(error.contains("Two document paths") || error.contains("Incorrect operand type"), "{}", error);
            return Ok(());
        }
    };
    match (update.apply(to_attributes(item)), updated(actions, item)) {
        (Ok(own), Some(expected)) => {
            prop_assert_eq!(&own, &to_attributes(&expected), "{} of {:?}", text, item);
        }
        (Err(_), None) => {}
        (own, expected) => prop_assert!(false, "{} of {:?}: {:?}, not {:?}", text, item, own, expected),
    }
    Ok(())
}
