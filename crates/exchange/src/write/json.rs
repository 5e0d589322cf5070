//! Lines of DynamoDB JSON, compact.

use model::MapRef;
use model::codec::json::write_map;

use super::Change;

pub(super) fn push_item(out: &mut Vec<u8>, item: MapRef<'_>) {
    out.extend_from_slice(b"{\"Item\":");
    write_map(out, item);
    out.push(b'}');
}

/// Members in the order in which DynamoDB writes them.
pub(super) fn push_change(out: &mut Vec<u8>, change: &Change<'_>) {
    out.extend_from_slice(b"{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"");
    out.extend_from_slice(itoa::Buffer::new().format(change.write_timestamp_micros).as_bytes());
    out.extend_from_slice(b"\"}},\"Keys\":");
    write_map(out, change.keys);
    push_image(out, b",\"NewImage\":", change.new_image);
    push_image(out, b",\"OldImage\":", change.old_image);
    out.push(b'}');
}

fn push_image(out: &mut Vec<u8>, name: &[u8], image: Option<MapRef<'_>>) {
    let Some(image) = image else { return };
    out.extend_from_slice(name);
    write_map(out, image);
}
