//! What a decoded request is about, as rules of faults see it (`faults`): the resources that permission asks about, with the
//! values of partition keys.

use api::Operation;
use auth::Caller;
use tables::{IndexKind, NameUse, Place, TableArn, table_place};

use super::context::text;
use super::facts::is_read;
use super::{Asked, Asking, Asks, Resource};
use crate::faults::Target;
use crate::service::Service;

impl Service {
    /// One target for each resource that the request names, in its order: of a transaction, one for each action. Names that
    /// cannot be a table's have none; such a request is refused in any case.
    pub(crate) fn targets<R: Asks>(
        &self,
        caller: &Caller,
        operation: Operation,
        request: &R,
        with_keys: bool,
    ) -> Vec<Target> {
        let mut asking = Asking::new(self, operation);
        let _ = request.names(&mut asking);
        asking.asked.iter().filter_map(|asked| self.target(caller, asked, with_keys)).collect()
    }

    fn target(&self, caller: &Caller, asked: &Asked<'_>, with_keys: bool) -> Option<Target> {
        let place = place(caller, &asked.resource)?;
        let table = self.catalog.find(place);
        let writes = !is_read(asked.action);
        let written_indexes = table.iter().filter(|_| writes).flat_map(|table| &table.indexes);
        let written_indexes = written_indexes.filter(|index| index.kind == IndexKind::Global);
        let partitions = table.iter().filter(|_| with_keys).find_map(|table| asked.said.partitions(table).ok()?);
        let keys = partitions.and_then(|parts| parts.into_iter().next()).unwrap_or_default();
        Some(Target {
            account: place.account.to_owned(),
            region: place.region.to_owned(),
            name: place.name.to_owned(),
            index: match &asked.resource {
                Resource::Index(_, index) => Some(index.clone().into_owned()),
                _ => None,
            },
            written_indexes: written_indexes.map(|index| index.name.clone()).collect(),
            writes,
            keys: keys.iter().map(text).collect(),
            items: asked.said.items.len(),
        })
    }
}

fn place<'a>(caller: &'a Caller, resource: &'a Resource<'_>) -> Option<Place<'a>> {
    match resource {
        Resource::Any | Resource::Tables | Resource::Streams(None) => None,
        Resource::Streams(Some(name)) => table_place(caller, name, NameUse::Lookup).ok(),
        Resource::Table(name) | Resource::Index(name, _) => table_place(caller, name, NameUse::Lookup).ok(),
        Resource::Arn(arn) => TableArn::parse(arn)?.place(caller),
        // Faults are injected where the request is made.
        Resource::Replica { .. } | Resource::GlobalTable(_) => None,
    }
}
