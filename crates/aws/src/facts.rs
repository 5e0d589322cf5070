//! What a decoded request names and does, for the audit log, traces and the log of slow requests. Nothing is decided by it.

use auth::Caller;

/// The caller of a request, and the observer of what it names.
#[derive(Clone, Copy)]
pub struct RequestContext<'c> {
    pub caller: &'c Caller,
    pub observer: Option<&'c dyn Observer>,
}

impl<'c> From<&'c Caller> for RequestContext<'c> {
    fn from(caller: &'c Caller) -> RequestContext<'c> {
        RequestContext { caller, observer: None }
    }
}

/// Receives what a request names, before it is decided and before anything is done.
pub trait Observer: Sync {
    fn asked(&self, facts: RequestFacts);

    /// A fault of a test's breaks the request's answer on its way.
    fn breaks(&self, fault: TransportFault);
}

/// What may become of an answer on its way, when a test asks for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransportFault {
    /// The connection is closed in its place.
    DropConnection,
    /// Its checksum is another one's.
    WrongCrc32,
}

/// The resources that a request names, in its order, and the other names in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RequestFacts {
    pub accesses: Vec<ResourceAccess>,
    /// Names of members, and their values.
    pub parameters: Vec<(&'static str, String)>,
}

/// An action on a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceAccess {
    /// Without the service: `PutItem`, `PartiQLSelect`.
    pub action: &'static str,
    pub writes: bool,
    pub resource: NamedResource,
    /// Of the table or the stream, if the name can be one's.
    pub arn: Option<String>,
}

/// A resource as the request names it. The text may be anything that the operation refuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NamedResource {
    /// Tables as a whole, or no resource.
    None,
    /// A table's name or ARN, and the name of an index.
    Table {
        table: String,
        index: Option<String>,
    },
    Arn(String),
}

impl RequestFacts {
    /// Whether a table or a stream may be changed; `None` if the request does not show it.
    pub fn writes(&self) -> Option<bool> {
        (!self.accesses.is_empty()).then(|| self.accesses.iter().any(|access| access.writes))
    }

    /// The tables' plain names, each once.
    pub fn table_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let tables = self.accesses.iter().filter(|access| !matches!(access.resource, NamedResource::Arn(_)));
        for arn in tables.filter_map(|access| access.arn.as_deref()) {
            let name = arn.rsplit('/').next().unwrap_or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}
