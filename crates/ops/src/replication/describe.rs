//! What a table's description says of its group. The region that is asked is never among the replicas. Source: captures.

use api::{GlobalTableSettingsReplicationMode, TableDescription};
use tables::{Definition, Member, Table};

use crate::service::Service;

const VERSION: &str = "2019.11.21";

impl Service {
    /// Sets the members that a description shows. A table that is in no group has none of them: they are absent, and not empty.
    pub(crate) fn show_replicas(&self, definition: &Definition, description: &mut TableDescription) {
        let own = definition.replication.as_ref();
        description.disassociation_protection_enabled = own.and_then(|own| own.protected);
        let Some(replica) = definition.replica() else {
            (description.replicas, description.global_table_version) = (None, None);
            description.global_table_settings_replication_mode = None;
            return;
        };
        let described = |member: &Member| {
            let table = self.member_table(definition, &member.region);
            tables::replica(member, table.as_deref().map(|table: &Table| &table.definition), definition)
        };
        description.replicas = Some(replica.members.iter().map(described).collect());
        description.global_table_version = Some(VERSION.to_owned());
        description.global_table_settings_replication_mode =
            Some(GlobalTableSettingsReplicationMode::EnabledWithOverrides);
    }
}
