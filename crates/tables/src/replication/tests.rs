//! Groups of replicas: their members, and how settings follow.

use super::*;
use crate::definition::{AttributeDefinition, KeyNames, KeyType};

fn table(region: &str) -> Definition {
    let attribute = |name: &str| AttributeDefinition { name: name.to_owned(), key_type: KeyType::S };
    Definition {
        table_id: 7,
        region: region.to_owned(),
        name: "t".to_owned(),
        attributes: vec![attribute("pk"), attribute("g")],
        key: KeyNames { hash: vec!["pk".to_owned()], range: Vec::new() },
        next_index_id: 1,
        ..Definition::default()
    }
}

fn index(definition: &mut Definition, name: &str) {
    let key = KeyNames { hash: vec!["g".to_owned()], range: Vec::new() };
    let id = definition.next_index_id;
    definition.next_index_id += 1;
    definition.global_indexes.push(IndexDefinition { id, name: name.to_owned(), key, ..IndexDefinition::default() });
}

#[test]
fn members_have_consumers_that_older_programs_cannot_read() {
    let mut definition = table("eu-west-1");
    assert_eq!(definition.replica(), None);
    definition.add_member("us-east-1", MemberStatus::Creating, Some(5));
    definition.add_member("us-west-2", MemberStatus::Active, None);
    assert!(definition.has_changing_members());
    let names: Vec<String> = definition.log_consumers().into_iter().map(|consumer| consumer.name).collect();
    assert_eq!(names, [STAMPS_CONSUMER, "replica-0", "replica-1"]);
    let row = definition.encode().unwrap();
    assert_eq!(Definition::read(&row).unwrap(), definition);
    assert!(String::from_utf8(row).unwrap().contains("\"needs\":\"Stamps\""));
    definition.remove_member("us-east-1");
    assert_eq!(definition.replica().map(|replica| replica.members.len()), Some(1));
    definition.remove_member("us-west-2");
    assert_eq!(definition.replica(), None);
    let removing = |own: &&LogConsumer| own.state == ConsumerState::Removing;
    assert_eq!(definition.log.consumers.iter().filter(removing).count(), 2);
    // A consumer's name is never given twice.
    assert_eq!(definition.add_member("us-east-1", MemberStatus::Creating, None).consumer_name(), "replica-2");
}

#[test]
fn the_greatest_version_of_the_settings_wins() {
    let (mut one, mut other) = (table("eu-west-1"), table("us-east-1"));
    one.add_member("us-east-1", MemberStatus::Active, None);
    other.add_member("eu-west-1", MemberStatus::Active, None);
    index(&mut one, "old");
    index(&mut other, "old");
    one.global_indexes[0].status = IndexStatus::Deleting;
    index(&mut one, "new");
    expiry::enable(&mut one, "ttl".to_owned());
    one.on_demand_max = OnDemandMax { read_units: Some(5), write_units: Some(6) };
    assert!(!other.adopt(&one), "the versions are equal");
    one.count_group_change();
    let asked = Overrides { max_read_units: Some(9), ..Overrides::default() };
    other.set_overrides(asked, 3);
    assert!(other.adopt(&one));
    assert!(!other.adopt(&one) && !one.adopt(&other));
    let indexes: Vec<_> = other.global_indexes.iter().map(|index| (index.name.as_str(), index.status)).collect();
    assert_eq!(indexes, [("old", IndexStatus::Deleting), ("new", IndexStatus::Creating)]);
    assert_eq!(other.time_to_live.attribute.as_deref(), Some("ttl"));
    assert_eq!(other.on_demand_max, OnDemandMax { read_units: Some(9), write_units: Some(6) });
    other.encode().unwrap();
    // Changed in both at once: the greater region wins in both.
    one.time_to_live.attribute = None;
    one.count_group_change();
    other.count_group_change();
    assert!(one.adopt(&other) && !other.adopt(&one));
    assert_eq!(one.time_to_live.attribute.as_deref(), Some("ttl"));
}
