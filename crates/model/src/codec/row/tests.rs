//! Rows of items: what is written is read back, and any other bytes are refused without a panic.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;
use crate::value::{AttributeValue, Attributes};

fn attributes(names: impl IntoIterator<Item = (String, String)>) -> Attributes {
    names.into_iter().map(|(name, text)| (name, AttributeValue::S(text))).collect()
}

fn stamp(wall_ms: u64, counter: u32, region: &str) -> Stamp {
    Stamp { time: HybridTime { wall_ms, counter }, region: RegionName::parse(region).unwrap() }
}

#[test]
fn a_row_without_parts_has_the_first_format() {
    let item = attributes([("pk".to_owned(), "a".to_owned())]);
    let row = StoredItem::new(7, item.view()).into_bytes();
    let header = [&[1, 0][..], &7_u64.to_be_bytes(), &3_u32.to_be_bytes()].concat();
    assert_eq!(row[..HEADER_SIZE], header);
    assert_eq!(row[HEADER_SIZE..], compact::encode(item.view()));
}

#[test]
fn a_tombstone_is_no_item() {
    let tombstone = Tombstone { version: 8, stamp: stamp(5, 1, "eu-west-3"), end_of_life_ms: 9 };
    let bytes = Bytes::from(tombstone.encode());
    assert!(StoredItem::read_projected(bytes.clone()).is_err());
    let stored = Stored::read(bytes).unwrap();
    assert_eq!((stored.version(), stored.stamp()), (8, Some(tombstone.stamp)));
    assert_eq!(stored, Stored::Tombstone(tombstone));
    assert_eq!(stored.into_item(), None);
}

#[test]
fn rows_of_other_programs_are_refused() {
    let item = attributes([("pk".to_owned(), "a".to_owned())]);
    let stamp = stamp(5, 1, "eu-west-3");
    let plain = StoredItem::new(7, item.view()).into_bytes();
    let stamped = StoredItem::stamped(7, &stamp, item.view()).into_bytes();
    let tombstone = Bytes::from(Tombstone { version: 8, stamp, end_of_life_ms: 9 }.encode());
    let with = |row: &Bytes, at: usize, byte: u8| {
        let mut row = row.to_vec();
        row[at] = byte;
        Bytes::from(row)
    };
    for (format, flags) in [(0, 0), (3, 0), (1, 1), (1, 4), (2, 0), (2, FLAG_TOMBSTONE), (2, 4), (2, 7)] {
        for row in [&plain, &stamped, &tombstone] {
            let refused = Stored::read(with(&with(row, 0, format), 1, flags));
            assert_eq!(refused, Err(Damaged::UnknownFormat { format, flags }));
        }
    }
    let size_of_name = HEADER_SIZE + HybridTime::SIZE;
    for (row, damage) in [
        (with(&stamped, size_of_name, 0), "its stamp"),
        (with(&stamped, size_of_name, u8::MAX), "its stamp"),
        (with(&stamped, size_of_name + 1, b'E'), "its stamp"),
        (with(&tombstone, 13, 1), "a tombstone with the size of an item"),
        (tombstone.slice(..tombstone.len() - 1), "its end of life"),
        ([&tombstone[..], &[0]].concat().into(), "its end of life"),
    ] {
        assert_eq!(Stored::read(row), Err(Damaged::Part(damage)));
    }
    for size in 0..HEADER_SIZE {
        assert_eq!(Stored::read(stamped.slice(..size)), Err(Damaged::Short));
    }
}

#[test]
fn the_last_writer_has_the_greatest_stamp() {
    let ordered = [
        stamp(4, 9, "eu-west-3"),
        stamp(5, 0, "us-east-1"),
        stamp(5, 1, "eu-west-3"),
        stamp(5, 1, "us-east-1"),
        stamp(6, 0, "a"),
    ];
    assert!(ordered.windows(2).all(|pair| pair[0] < pair[1]));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        item in btree_map("[a-z]{0,8}", ".{0,20}", 0..5),
        version: u64,
        (wall_ms, counter, region) in (any::<u64>(), any::<u32>(), "[a-z0-9-]{1,32}"),
        end_of_life_ms: u64,
    ) {
        let item = attributes(item);
        let stamp = stamp(wall_ms, counter, &region);
        for (row, of) in [
            (StoredItem::new(version, item.view()), None),
            (StoredItem::stamped(version, &stamp, item.view()), Some(stamp)),
        ] {
            prop_assert_eq!(Stored::read(row.clone().into_bytes()), Ok(Stored::Item(row.clone())));
            prop_assert_eq!((row.version(), row.size(), row.stamp()), (version, item_size(item.view()), of));
            prop_assert_eq!(row.attributes().to_owned(), item.clone());
            prop_assert_eq!(row.item(), Item::Tree(item.clone()));
        }
        let tombstone = Tombstone { version, stamp, end_of_life_ms };
        prop_assert_eq!(Stored::read(tombstone.encode().into()), Ok(Stored::Tombstone(tombstone)));
    }

    #[test]
    fn any_bytes_are_a_row_or_none(format in 0_u8..4, flags in 0_u8..5, rest in vec(any::<u8>(), 0..60)) {
        let bytes = Bytes::from([&[format, flags][..], &rest].concat());
        let projected = StoredItem::read_projected(bytes.clone());
        match Stored::read(bytes.clone()) {
            Ok(Stored::Item(item)) => {
                prop_assert_eq!(item.attributes().len(), item.attributes().to_owned().len());
                prop_assert_eq!(item.stamp().is_some(), format == FORMAT_WITH_PARTS);
                prop_assert_eq!(projected.is_ok(), format == FORMAT);
            }
            Ok(Stored::Tombstone(tombstone)) => prop_assert_eq!(tombstone.encode(), bytes.to_vec()),
            Err(_) => prop_assert!(projected.is_err()),
        }
    }

    #[test]
    fn a_stamped_row_that_is_changed_anywhere_is_a_row_or_none(at in 0_usize..60, byte: u8, cut in 0_usize..60) {
        let item = attributes([("pk".to_owned(), "a".to_owned())]);
        let mut row = StoredItem::stamped(7, &stamp(5, 1, "eu-west-3"), item.view()).into_bytes().to_vec();
        if let Some(changed) = row.get_mut(at) {
            *changed = byte;
        }
        row.truncate(cut.max(2));
        if let Ok(Stored::Item(item)) = Stored::read(row.into()) {
            prop_assert_eq!(item.attributes().len(), item.attributes().to_owned().len());
        }
    }
}
