//! The index of expiries in a table's definition, and how settings change it.

use crate::tables::{Definition, TimeToLive};

pub(crate) fn enable(definition: &mut Definition, attribute: String) {
    definition.time_to_live.attribute = Some(attribute);
    number(definition);
}

pub(crate) fn disable(definition: &mut Definition) {
    let times = &mut definition.time_to_live;
    times.dropping.extend(times.index);
    *times = TimeToLive { dropping: std::mem::take(&mut times.dropping), ..TimeToLive::default() };
}

/// Gives the index its id; older versions enabled time to live without one.
pub(crate) fn number(definition: &mut Definition) {
    definition.time_to_live.index = Some(definition.next_index_id);
    definition.next_index_id += 1;
}
