//! Lists and maps. What an element breaks by itself is reported by its list or map; what is broken inside it, at its
//! place.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use api::validation::Broken;
use serde::de::{MapAccess, SeqAccess};

use crate::constraint::Shape;

use super::context::{Context, Step};
use super::defect::Defect;
use super::describe::Description;
use super::{Decode, Expected, Slot};

impl<T: Decode> Decode for Vec<T> {
    const EXPECTED: Expected = Expected::List;

    fn from_list<'de, A: SeqAccess<'de>>(
        mut body: A,
        shape: &'static Shape,
        context: &mut Context,
    ) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        let (mut count, mut broken) = (0, false);
        let element_bounds = shape.element().bounds_itself();
        loop {
            let mark = context.mark();
            let slot = Slot::<T> { shape: shape.element(), context, of: PhantomData };
            let Some(element) = body.next_element_seed(slot)? else { break };
            count += 1;
            broken |= element_bounds && context.take_back_own(mark);
            context.lead_out(mark, || Step::Element(count));
            match element {
                Some(element) if context.has_room_for::<T>() => list.push(element),
                Some(_) => {}
                None => context.missing(Step::Element(count)),
            }
        }
        note_list(&list, count, broken, shape, context);
        Ok(list)
    }

    fn check(&self, shape: &'static Shape, context: &mut Context) {
        let mut broken = false;
        let element_bounds = shape.element().bounds_itself();
        for (at, element) in self.iter().enumerate() {
            let mark = context.mark();
            element.check(shape.element(), context);
            broken |= element_bounds && context.take_back_own(mark);
            context.lead_out(mark, || Step::Element(at + 1));
        }
        note_list(self, self.len(), broken, shape, context);
    }

    fn describe(&self, out: &mut Description) {
        out.list(self.iter());
    }
}

/// Notes what a list of so many elements breaks by itself, and that an element of it is broken.
fn note_list<T: Decode>(list: &Vec<T>, count: usize, broken: bool, shape: &'static Shape, context: &mut Context) {
    context.violate(shape.broken_by_length(count), || Description::of(list));
    if broken {
        let constraint = format!("Member must satisfy constraint: {}", shape.element().listed());
        context.violate(vec![(Broken::Present, constraint)], || Description::of(list));
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    const EXPECTED: Expected = Expected::Map;

    fn from_map<'de, A: MapAccess<'de>>(
        mut body: A,
        shape: &'static Shape,
        context: &mut Context,
    ) -> Result<BTreeMap<String, T>, A::Error> {
        let mut map = BTreeMap::new();
        let (mut broken_keys, mut broken_values) = (false, false);
        let value_bounds = shape.element().bounds_itself();
        while let Some(key) = body.next_key::<String>()? {
            broken_keys |= is_broken_key(&key, shape, context);
            let mark = context.mark();
            let value = body.next_value_seed(Slot::<T> { shape: shape.element(), context, of: PhantomData })?;
            broken_values |= value_bounds && context.take_back_own(mark);
            context.lead_out(mark, || Step::Key(Description::of_text(&key)));
            match value {
                Some(value) if context.has_room_for::<(String, T)>() => drop(map.insert(key, value)),
                Some(_) => {}
                None => context.missing(Step::Key(Description::of_text(&key))),
            }
        }
        note_map(&map, broken_keys, broken_values, shape, context);
        Ok(map)
    }

    fn check(&self, shape: &'static Shape, context: &mut Context) {
        let (mut broken_keys, mut broken_values) = (false, false);
        let value_bounds = shape.element().bounds_itself();
        for (key, value) in self {
            broken_keys |= is_broken_key(key, shape, context);
            let mark = context.mark();
            value.check(shape.element(), context);
            broken_values |= value_bounds && context.take_back_own(mark);
            context.lead_out(mark, || Step::Key(Description::of_text(key)));
        }
        note_map(self, broken_keys, broken_values, shape, context);
    }

    fn describe(&self, out: &mut Description) {
        out.map(self.iter().map(|(key, value)| (key.as_str(), value)));
    }
}

fn is_broken_key(key: &str, shape: &'static Shape, context: &mut Context) -> bool {
    if key.is_empty() && shape.key().is_attribute_name() {
        context.defect(Defect::EmptyName);
    }
    !shape.key().broken_by_text(key).is_empty()
}

/// Notes what a map breaks by itself, and that a key or a value of it is broken.
fn note_map<T: Decode>(
    map: &BTreeMap<String, T>,
    broken_keys: bool,
    broken_values: bool,
    shape: &'static Shape,
    context: &mut Context,
) {
    context.violate(shape.broken_by_length(map.len()), || Description::of(map));
    let keys = (broken_keys, Broken::Keys, "Map keys", shape.key());
    let values = (broken_values, Broken::Present, "Map value", shape.element());
    for (_, broken, part, shape) in [keys, values].into_iter().filter(|(is_broken, ..)| *is_broken) {
        let constraint = format!("{part} must satisfy constraint: {}", shape.listed());
        context.violate(vec![(broken, constraint)], || Description::of(map));
    }
}
