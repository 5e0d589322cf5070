//! What runs below valgrind: one request, asked many times of a server without sockets.

use std::sync::Arc;

use api::Operation;
use auth::{Caller, SHARED_ACCOUNT};
use base::Clock;
use bytes::Bytes;
use cloudwatch::Recorder;
use ops::{Service, Settings};
use seal::{Keyring, Layout, MasterKey, Sealed, Secret};
use storage::{Embedded, EmbeddedOptions, Engine, Memory};
use tokio::runtime::Runtime;

use crate::requests::{self, EMBEDDED, MEMORY, Request, SEALED};

/// The argument that runs what is counted instead of counting.
pub(crate) const COMMAND: &str = "drive";
/// The function with the counted instructions, as valgrind names it.
pub(crate) const MEASURED: &str = "instructions::*::measured*";
pub(crate) const MEASURED_REQUESTS: u64 = 50;
/// Requests before those: what is done once is done then.
pub(crate) const WARM_UP_REQUESTS: u64 = 20;
/// Looks at a new table's status, a millisecond apart.
const STATUS_LOOKS_MAX: u32 = 10_000;

pub(crate) fn run(engine: &str, name: &str) -> Result<(), String> {
    let request = requests::named(name)?;
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
    // One thread, so that all of a request is on it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let embedded =
        || Embedded::open(folder.path(), EmbeddedOptions::default()).map_err(|error| format!("cannot open: {error}"));
    let engine: Arc<dyn Engine> = match engine {
        MEMORY => Memory::new(),
        EMBEDDED => embedded()?,
        SEALED => {
            let master = Secret::parse(&[7; 32]).ok_or("there is no key")?;
            let keyring = runtime.block_on(Keyring::make(&MasterKey::given(&master)));
            Sealed::over(embedded()?, &keyring.map_err(|error| error.to_string())?, None, Layout::STATOR)
        }
        _ => return Err(format!("there is no engine {engine}")),
    };
    let server = Server::open(runtime, Arc::clone(&engine))?;
    server.fill()?;
    let bodies: Vec<Bytes> = (0..WARM_UP_REQUESTS + MEASURED_REQUESTS).map(|at| (request.body)(at).into()).collect();
    let (warm_up, counted) = bodies.split_at(WARM_UP_REQUESTS as usize);
    asked(&server, request, warm_up)?;
    measured(&server, request, counted)?;
    server.runtime.block_on(engine.close()).map_err(|error| format!("{error:?}"))
}

/// Valgrind counts from here on, and to the end of this.
#[inline(never)]
fn measured(server: &Server, request: &Request, bodies: &[Bytes]) -> Result<(), String> {
    asked(server, request, bodies)
}

fn asked(server: &Server, request: &Request, bodies: &[Bytes]) -> Result<(), String> {
    for body in bodies {
        let answer = server.ask(request.operation, body.clone())?;
        if answer.len() < request.answer_bytes_min {
            return Err(format!("{} was answered with {}", request.name, String::from_utf8_lossy(&answer)));
        }
    }
    Ok(())
}

struct Server {
    runtime: Runtime,
    service: Arc<Service>,
    caller: Caller,
}

impl Server {
    fn open(runtime: Runtime, engine: Arc<dyn Engine>) -> Result<Server, String> {
        let region = "us-east-1".to_owned();
        let endpoint = "localhost:8000".to_owned();
        // As the program has it by default.
        let recorder = Some(Arc::new(Recorder::new(Clock::system(), 100_000)));
        let settings = Settings { region: region.clone(), endpoint, recorder, ..Settings::default() };
        let opened = runtime.block_on(Service::open(engine, settings, Clock::system()));
        let service = opened.map_err(|error| error.to_string())?;
        let caller = Caller {
            account: SHARED_ACCOUNT.to_owned(),
            region,
            access_key: "any".to_owned(),
            identity: None,
            served: None,
        };
        Ok(Server { runtime, service, caller })
    }

    fn ask(&self, operation: Operation, body: Bytes) -> Result<Vec<u8>, String> {
        let reply = self.runtime.block_on(wire::handle(&self.service, operation, (&self.caller).into(), body));
        match reply.status {
            200 => Ok(reply.body),
            status => Err(format!("{operation} was answered {status} {}", String::from_utf8_lossy(&reply.body))),
        }
    }

    /// Makes the tables that the requests are about.
    fn fill(&self) -> Result<(), String> {
        for (table, definition) in requests::tables() {
            self.ask(Operation::CreateTable, definition.into())?;
            self.wait_for(table)?;
        }
        requests::rows().try_for_each(|(operation, body)| self.ask(operation, body.into()).map(|_| ()))
    }

    fn wait_for(&self, table: &str) -> Result<(), String> {
        for _ in 0..STATUS_LOOKS_MAX {
            let body = format!(r#"{{"TableName":"{table}"}}"#);
            let described = self.ask(Operation::DescribeTable, body.into())?;
            if String::from_utf8_lossy(&described).contains(r#""TableStatus":"ACTIVE""#) {
                return Ok(());
            }
            self.runtime.block_on(tokio::time::sleep(std::time::Duration::from_millis(1)));
        }
        Err(format!("the table {table} does not become active"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::{ENGINES, REQUESTS};

    #[test]
    fn every_request_is_answered_by_every_engine() {
        for engine in ENGINES {
            for request in REQUESTS {
                run(engine, request.name).unwrap();
            }
        }
    }
}
