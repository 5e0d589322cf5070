//! One node of a cluster: the methods of DAX over an upstream and two caches. One file a kind of method.
//!
//! Each request is permitted before a cache answers it, so that an entry is given only to callers that may read it from the table. What
//! is read or written for the caches then is executed without the caller's identity: it may be another request than the caller's, such as
//! the whole item for a projection.

mod batch;
mod item;
mod metadata;
mod page;
mod transaction;

use std::net::SocketAddr;
use std::sync::Arc;

use api::{Exception, ItemCollectionMetrics, Operation, ReturnValue};
use auth::{Caller, account_of};
use aws::{Observer, RequestContext};
use bytes::Bytes;
use expr::Placeholders;
use model::{Attributes, MapRef};

use crate::answer::{self, member};
use crate::attribute_lists::AttributeLists;
use crate::cache::AnswerCache;
use crate::cbor::{Malformed, Reader, Writer};
use crate::counts::Counts;
use crate::expression::{Expressions, Projected};
use crate::key;
use crate::members::{ClusterWrite, Membership};
use crate::permission;
use crate::request::Method;
use crate::upstream::{Request, TableKey, Upstream};
use crate::value::ValueProblem;

/// How much memory the caches have, and how long entries are valid.
#[derive(Clone, Copy, Debug)]
pub struct CacheSettings {
    /// Unit: bytes.
    pub item_bytes_max: u64,
    pub query_bytes_max: u64,
    /// 0 is no end.
    pub record_ttl_ms: u64,
    pub query_ttl_ms: u64,
}

pub struct Node {
    /// Among the nodes of its cluster.
    number: i64,
    cluster: Arc<str>,
    upstream: Arc<dyn Upstream>,
    lists: Arc<AttributeLists>,
    members: Arc<Membership>,
    items: Arc<AnswerCache>,
    queries: Arc<AnswerCache>,
    counts: Counts,
}

/// The lists' account of a node in front of another server, whose tables are the same for all of its callers.
const ELSEWHERE: &str = "elsewhere";

/// The caller of a request, and how it is served.
#[derive(Clone, Copy)]
pub struct Requester<'r> {
    pub caller: &'r Caller,
    /// The same caller without an identity.
    pub permitted: &'r Caller,
    pub observer: Option<&'r dyn Observer>,
    /// The address that the connection has come to.
    pub local: SocketAddr,
    /// Whether the client sends a Select that its caller has not asked for.
    pub adds_select: bool,
    /// Whether the client takes no empty map of unprocessed keys.
    pub wants_unprocessed: bool,
}

/// A refusal, and the old items of a canceled transaction's reasons as bytes.
#[derive(Debug)]
pub struct Failure {
    pub exception: Exception,
    pub items: Vec<Option<Vec<u8>>>,
}

impl<E: Into<Exception>> From<E> for Failure {
    fn from(exception: E) -> Failure {
        Failure { exception: exception.into(), items: Vec::new() }
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Failure {
        ValueProblem::from(malformed).into()
    }
}

pub(crate) type Answer = Result<Writer, Failure>;

impl Node {
    /// The caches are that of items and that of results.
    pub(crate) fn of_cluster(
        number: i64,
        cluster: Arc<str>,
        upstream: Arc<dyn Upstream>,
        lists: Arc<AttributeLists>,
        members: Arc<Membership>,
        (items, queries): (Arc<AnswerCache>, Arc<AnswerCache>),
    ) -> Node {
        Node { number, cluster, upstream, lists, members, items, queries, counts: Counts::default() }
    }

    /// A connection was not accepted.
    pub fn refuse_connection(&self) {
        self.counts.refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    pub fn number(&self) -> i64 {
        self.number
    }

    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub fn items(&self) -> &AnswerCache {
        &self.items
    }

    pub fn queries(&self) -> &AnswerCache {
        &self.queries
    }

    /// Answers a method with its arguments, which are all there.
    ///
    /// # Errors
    /// The refusal.
    pub async fn answer(&self, method: Method, arguments: &[u8], requester: Requester<'_>) -> Answer {
        let mut reader = Reader::new(arguments);
        let reader = &mut reader;
        // Boxed, so that the future of a connection is not as large as the largest method's.
        match method {
            Method::AuthorizeConnection => Err(Malformed("a connection's authorization has no answer").into()),
            Method::Endpoints => Ok(self.endpoints(requester.local)),
            Method::DefineKeySchema => self.define_key_schema(reader, requester).await,
            Method::DefineAttributeListId => self.define_attribute_list_id(reader, requester).await,
            Method::DefineAttributeList => self.define_attribute_list(reader, requester).await,
            Method::GetItem => Box::pin(self.get_item(reader, requester)).await,
            Method::PutItem => Box::pin(self.put_item(reader, requester)).await,
            Method::UpdateItem => Box::pin(self.update_item(reader, requester)).await,
            Method::DeleteItem => Box::pin(self.delete_item(reader, requester)).await,
            Method::Query => Box::pin(self.query(reader, requester)).await,
            Method::Scan => Box::pin(self.scan(reader, requester)).await,
            Method::BatchGetItem => Box::pin(self.batch_get_item(reader, requester)).await,
            Method::BatchWriteItem => Box::pin(self.batch_write_item(reader, requester)).await,
            Method::TransactGetItems => Box::pin(self.transact_get_items(reader, requester)).await,
            Method::TransactWriteItems => Box::pin(self.transact_write_items(reader, requester)).await,
        }
    }

    /// The table of a name. Attribute lists are an account's, and so are the caches' bodies with their numbers: a table of another account
    /// would have entries that its own clients cannot read.
    async fn table(&self, requester: Requester<'_>, name: &str) -> Result<TableKey, Exception> {
        let is_foreign = || account_of(name) != Some(requester.caller.account.as_str());
        if !self.upstream.is_elsewhere() && name.starts_with("arn:") && is_foreign() {
            return Err(Exception::validation("DAX reads and writes the tables of the caller's own account"));
        }
        self.upstream.table(requester.permitted, name).await
    }

    /// Asks the policies, if the caller has some, and shows the request to its observer.
    async fn permit<R: Clone + Into<Request>>(&self, requester: Requester<'_>, request: &R) -> Result<(), Exception> {
        let Requester { caller, observer, .. } = requester;
        if caller.identity.is_none() && observer.is_none() {
            return Ok(());
        }
        let request = request.clone().into();
        // The request's names first: the audit log has them of refused requests as well.
        self.upstream.permit(RequestContext { caller, observer }, &request).await?;
        permission::permit(caller, &self.cluster, &request)
    }

    /// Executes a request that is permitted.
    async fn execute<Q, R>(&self, requester: Requester<'_>, request: Q) -> Result<R, Exception>
    where
        Q: Into<Request>,
        R: TryFrom<crate::upstream::Response, Error = Exception>,
    {
        R::try_from(self.upstream.execute(requester.permitted, request.into()).await?)
    }

    /// The space of the attribute lists: an account of this server, or that of another server's tables.
    fn space<'r>(&self, requester: Requester<'r>) -> &'r str {
        if self.upstream.is_elsewhere() { ELSEWHERE } else { &requester.caller.account }
    }

    fn begin_write(&self, place: Bytes) -> ClusterWrite {
        self.members.begin_write(place)
    }

    /// Writes that have failed end. After a refusal the caches keep what they have; after any other failure, they do not know.
    fn end_failed(&self, writes: impl IntoIterator<Item = ClusterWrite>, exception: &Exception) {
        if self.upstream.has_refused(exception) {
            writes.into_iter().for_each(ClusterWrite::refused);
        }
    }

    /// Before a write whose answer has an item: once it is made, the item's list of names must not be one too many.
    async fn check_room(&self, requester: Requester<'_>, returned: Option<ReturnValue>) -> Result<(), Exception> {
        match returned.unwrap_or(ReturnValue::None) {
            ReturnValue::None => Ok(()),
            _ => self.lists.check_room(self.space(requester)).await,
        }
    }

    async fn item_bytes(
        &self,
        requester: Requester<'_>,
        table: &TableKey,
        item: MapRef<'_>,
    ) -> Result<Vec<u8>, Exception> {
        answer::item(&self.lists, self.space(requester), &table.schema, item).await
    }

    async fn read_item(
        &self,
        requester: Requester<'_>,
        key: &Attributes,
        bytes: &[u8],
    ) -> Result<Attributes, Exception> {
        answer::read_item(&self.lists, self.space(requester), key, bytes).await
    }
}

/// The key of an item in the cache: its table, and its key in the server's spelling.
fn cache_key(table: &TableKey, key: &Attributes) -> Result<Bytes, Exception> {
    let key = key::write(&table.schema, key.view())?;
    Ok(Bytes::from([&table.id.to_be_bytes()[..], &key].concat()))
}

/// A member of a request that has nothing in it and must have something, as the API's constraints say it.
fn too_short(value: &str, member: &str) -> Exception {
    Exception::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have length greater than \
         or equal to 1"
    ))
}

/// Reads a projection, and refuses what DynamoDB refuses of it: the table is asked for whole attributes. It is the first of its request's
/// expressions.
fn projection(
    operation: Operation,
    expressions: &mut Expressions,
    bytes: Option<&[u8]>,
) -> Result<Option<Projected>, Exception> {
    let Some(bytes) = bytes else { return Ok(None) };
    let projected = expressions.projection(bytes)?;
    let check = || {
        let mut placeholders = Placeholders::new(expressions.names(), None)?;
        expr::Projection::parse(&projected.text, &mut placeholders)
    };
    check().map_err(|error| operation.validation().request.refuse(Exception::validation(error.to_string())))?;
    Ok(Some(projected))
}

/// The map of an answer; null without a member.
#[derive(Default)]
struct Members(Writer);

impl Members {
    fn bytes(&mut self, key: i64, value: &[u8]) {
        self.0.int(key);
        self.0.bytes(value);
    }

    fn consumed(&mut self, consumed: Option<&api::ConsumedCapacity>) {
        if let Some(consumed) = consumed {
            self.bytes(member::CONSUMED_CAPACITY, &answer::capacity(consumed));
        }
    }

    fn collection(&mut self, metrics: Option<&ItemCollectionMetrics>) {
        if let Some(metrics) = metrics.and_then(answer::collection_metrics) {
            self.bytes(member::ITEM_COLLECTION_METRICS, &metrics);
        }
    }

    fn finish(self) -> Writer {
        let mut out = answer::success();
        if self.0.is_empty() {
            out.null();
            return out;
        }
        out.open_map();
        out.raw(self.0.as_bytes());
        out.end();
        out
    }
}

#[cfg(test)]
mod tests;
