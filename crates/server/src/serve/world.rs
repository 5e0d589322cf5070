//! What is built over an engine: the operations, their background work, and what answers requests. With `--test-state` it is built
//! anew when the rows are replaced, as after a restart, while connections stay open.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cloudwatch::Metrics;
use hyper::body::Incoming;
use hyper::{Request, Response};
use jobs::Jobs;
use seal::Sealed;
use storage::{BoxFuture, Embedded, Engine};
use tokio::sync::{RwLock, mpsc};

use super::{Callers, Check, Failure, JOBS_GRACE, Memories, ServeArguments};
use crate::admin::state::{self as admin_state, Replacement, Rows, replace};
use crate::audit::Audit;
use crate::body::BodyReader;
use crate::connection_states::ConnectionState;
use crate::current::Current;
use crate::engine::{Shared, StorageLocation};
use crate::listener::Responder;
use crate::log;
use crate::operator::{Operator, OwnAddress};
use crate::peers::HttpPeers;
use crate::pipeline::Pipeline;
use crate::request_record::Notable;
use crate::service;
use crate::services::Services;
use crate::traces::Traces;
use crate::unsent::AnswerBody;

/// How long a replacement waits for the requests that are under way.
const REQUESTS_TIMEOUT: Duration = Duration::from_secs(10);

/// What stays when the rows are replaced.
pub(super) struct Ground<'a> {
    pub(super) arguments: &'a ServeArguments,
    pub(super) operator: &'a Arc<Operator>,
    pub(super) engine: &'a Arc<dyn Engine>,
    pub(super) embedded: Option<&'a Embedded>,
    pub(super) location: &'a StorageLocation,
    pub(super) sealed: Option<&'a Arc<Sealed>>,
    pub(super) memory: &'a Memories,
    pub(super) traces: Option<&'a Arc<Traces>>,
    pub(super) audit: Option<&'a Arc<Audit>>,
    pub(super) address: SocketAddr,
    pub(super) connections_max: u32,
    pub(super) deliveries: &'a Current<deliver::Deliveries>,
    /// The way to regions in other processes.
    pub(super) peers: Option<Arc<HttpPeers>>,
}

pub(super) struct World {
    pub(super) service: Arc<ops::Service>,
    pub(super) measured: Arc<Metrics>,
    /// Of the main address.
    pub(super) pipeline: Arc<Pipeline>,
    /// Of the console's own address, if it has one.
    pub(super) console: Option<Arc<Pipeline>>,
    pub(super) jobs: Jobs,
}

impl Ground<'_> {
    pub(super) async fn build(&self, shared: Option<Shared>, check: Check, jobs: &Jobs) -> Result<World, Failure> {
        let Ground { arguments, operator, engine, location, .. } = *self;
        let watched = super::watched(self.traces.map(|traces| &**traces), engine);
        let measured = super::measured(engine, arguments, &operator.admin.clock);
        let reach = super::reach(arguments, location, self.embedded, &measured, operator)?;
        let store = arguments.backup_store.store(arguments.objects.s3_endpoint.as_ref(), self.sealed.is_some());
        let archive_store = store.map_err(Failure::Objects)?;
        let reach = service::Reach { archive_store, peers: self.peers.clone(), ..reach };
        let opening = service::open(watched, shared, location, &arguments.service, reach, self.address, jobs);
        let service = opening.await.map_err(Failure::Service)?;
        let scaler = super::scaler(engine, &measured, &service, self.audit, jobs);
        let Callers { access, authority } = check.callers(&service, arguments).await?;
        crate::encryption::serve_keys(
            self.sealed.cloned(),
            &service,
            &arguments.engine.master_key,
            &arguments.key_care,
        );
        let triggers = self.deliver(&service).await;
        let services = Services::new(&service, triggers, authority.as_ref(), &measured, &scaler);
        let (services, access) = (Arc::new(services), Arc::new(access));
        let pipeline = |pages| {
            Arc::new(Pipeline {
                services: Arc::clone(&services),
                access: Arc::clone(&access),
                region: arguments.service.region.clone(),
                bodies: BodyReader::new(arguments.body_timeout, Arc::clone(&self.memory.requests)),
                memory: Arc::clone(&self.memory.answers),
                requests_max: self.connections_max.into(),
                operator: Arc::clone(operator),
                pages,
                web: super::web(arguments, !arguments.knows_callers()),
                notable: Notable::slower_than(arguments.log_slow_ms.0),
                traces: self.traces.cloned(),
                audit: self.audit.cloned(),
            })
        };
        let console = arguments.console_listen.as_ref().map(|_| pipeline(super::console_pages(arguments)));
        let pipeline = pipeline(super::pages(arguments, self.address));
        Ok(World { service, measured, pipeline, console, jobs: jobs.clone() })
    }

    /// Begins the delivery of changes, in place of the one before.
    async fn deliver(&self, service: &Arc<ops::Service>) -> Arc<deliver::triggers::Triggers> {
        let deliveries = super::delivery::start(service, super::delivery_settings(self.arguments)).await;
        let triggers = Arc::clone(deliveries.triggers());
        if self.deliveries.set(Arc::new(deliveries)) && !self.arguments.no_deliveries {
            let current = self.deliveries.clone();
            self.operator.metrics.registry.add(move |page| {
                current.get().into_iter().for_each(|deliveries| {
                    deliveries.figures().write_metrics(page);
                    deliveries.links().write_metrics(page);
                });
            });
        }
        triggers
    }

    /// The first world, with what it is seeded with. Where there may be a second one, its jobs end with it, and the process's do not.
    pub(super) async fn open(&self, shared: Option<Shared>, check: Check, of_process: &Jobs) -> Result<World, Failure> {
        let jobs = match self.arguments.faults.test_state {
            true => Jobs::new(self.operator.admin.clock.clone()),
            false => of_process.clone(),
        };
        let world = self.build(shared, check, &jobs).await?;
        super::seed::apply(self.arguments, &world.service).await.map_err(Failure::Seed)?;
        Ok(world)
    }
}

/// The world that answers now.
#[derive(Clone)]
pub(super) enum Front {
    Fixed(Arc<World>),
    /// Requests hold the lock for reading, so that a replacement, which holds it for writing, has none under way.
    Replaceable {
        world: Arc<RwLock<World>>,
        own: OwnAddress,
        is_on_main: bool,
    },
}

impl Front {
    /// `own` answers requests for all state, if the world is replaceable: at the main address unless the pages have another one.
    pub(super) fn new(world: World, own: Option<OwnAddress>) -> Front {
        match own {
            Some(own) => {
                let is_on_main = world.pipeline.pages.operator;
                Front::Replaceable { world: Arc::new(RwLock::new(world)), own, is_on_main }
            }
            None => Front::Fixed(Arc::new(world)),
        }
    }

    /// Does something with the world, which stays meanwhile.
    pub(super) async fn with<T>(&self, work: impl AsyncFnOnce(&World) -> T) -> T {
        match self {
            Front::Fixed(world) => work(world).await,
            Front::Replaceable { world, .. } => work(&*world.read().await).await,
        }
    }

    /// Replaces the rows whenever that is asked for. Ends only if there is no world after a replacement.
    pub(super) async fn replace_on_request(
        &self,
        ground: &Ground<'_>,
        mut requests: mpsc::Receiver<Replacement>,
    ) -> Failure {
        while let Some(Replacement { rows, done }) = requests.recv().await {
            let replaced = match self {
                Front::Fixed(_) => Ok(Err("the state is not to be replaced".to_owned())),
                Front::Replaceable { world, .. } => replace_world(world, ground, &rows).await,
            };
            match replaced {
                // The client may be gone.
                Ok(replaced) => _ = done.send(replaced),
                Err(failure) => return failure,
            }
        }
        std::future::pending().await
    }
}

/// Returns how many rows were changed, or why they were not all.
async fn replace_world(
    world: &RwLock<World>,
    ground: &Ground<'_>,
    rows: &Rows,
) -> Result<Result<u64, String>, Failure> {
    // From here on no request is under way, and new ones wait until the lock is released: they see the new rows alone.
    let Ok(mut world) = tokio::time::timeout(REQUESTS_TIMEOUT, world.write()).await else {
        return Ok(Err(format!("requests are under way for more than {} seconds", REQUESTS_TIMEOUT.as_secs())));
    };
    // Then the background work, whose last writes may still be committed: `replace` looks again until nothing differs.
    world.jobs.stop(JOBS_GRACE).await;
    world.service.leave().await;
    let replaced = replace(&**ground.engine, rows).await;
    // After a failure as well: the jobs have ended, and what is cached may differ from the rows.
    let jobs = Jobs::new(ground.operator.admin.clock.clone());
    let check = super::check(ground.arguments)?;
    *world = ground.build(None, check, &jobs).await.inspect_err(|failure| {
        log::error("state_lost", &format!("after the rows were replaced, they cannot be served: {failure}"), &[]);
    })?;
    ground.operator.serves(Arc::clone(&world.service));
    Ok(replaced)
}

impl Responder for Front {
    async fn respond(&self, request: Request<Incoming>, state: Arc<ConnectionState>) -> Response<AnswerBody> {
        match self {
            Front::Fixed(world) => world.pipeline.answer(request, &state).await,
            // Without the lock, which the replacement that is asked for takes itself.
            Front::Replaceable { own, is_on_main: true, .. } if admin_state::is_path_of(request.uri().path()) => {
                Box::pin(own.respond(request, state)).await
            }
            // Boxed, so that servers without it have no room for it.
            Front::Replaceable { world, .. } => {
                let answer: BoxFuture<'_, _> =
                    Box::pin(async { world.read().await.pipeline.answer(request, &state).await });
                answer.await
            }
        }
    }
}

/// The same, with the console.
#[derive(Clone)]
pub(super) struct ConsoleFront(pub(super) Front);

impl Responder for ConsoleFront {
    async fn respond(&self, request: Request<Incoming>, state: Arc<ConnectionState>) -> Response<AnswerBody> {
        let answer: BoxFuture<'_, _> = Box::pin(self.0.with(async |world: &World| {
            world.console.as_ref().unwrap_or(&world.pipeline).answer(request, &state).await
        }));
        answer.await
    }
}
