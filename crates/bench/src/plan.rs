//! What was asked for, proven once: below here nothing is checked again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use client::{Connection, Credentials, Endpoint};

use crate::Failure;
use crate::arguments::LoadArguments;
use crate::data::{Data, DataSettings};
use crate::database::{Database, Reach};
use crate::dax::DaxConnection;
use crate::peer::{Direct, Peer};
use crate::trouble::Trouble;
use crate::workload::{WORKLOADS, Workload};

/// A day: what runs longer was meant otherwise. Unit: seconds.
const SECONDS_MAX: f64 = 86_400.0;
/// What DAX's messages are made for.
const DAX_WORKLOADS: [&str; 4] = ["get", "put", "query", "mixed"];
const RATE_MAX: f64 = 10_000_000.0;
/// DynamoDB's names have 3 to 255 characters; the longest suffix follows the prefix.
const PREFIX_SIZE_MAX: usize = 200;

/// A server under load.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) label: String,
    pub(crate) way: Way,
    pub(crate) pid: Option<u32>,
    /// It answers anything with the same bytes: it needs no tables, and its replies are not looked into.
    pub(crate) is_ceiling: bool,
}

/// How requests come to be answered.
#[derive(Clone)]
pub(crate) enum Way {
    Server(Endpoint, Credentials),
    /// The same tables as the first server's, by DAX's protocol at this address.
    Dax(String),
    /// No requests go there, but what they come down to.
    Database(Arc<dyn Database>),
}

impl Target {
    pub(crate) fn peer(&self, timeout: Duration) -> Peer {
        match &self.way {
            Way::Server(endpoint, credentials) => {
                Peer::Server(Box::new(Connection::new(endpoint, credentials, timeout)))
            }
            Way::Dax(address) => Peer::Dax(Box::new(DaxConnection::new(address, timeout))),
            Way::Database(database) => Peer::Database(Direct::new(database, timeout)),
        }
    }

    /// Whether its replies can be looked into.
    pub(crate) fn answers_requests(&self) -> bool {
        matches!(self.way, Way::Server(..)) && !self.is_ceiling
    }

    /// For messages.
    pub(crate) fn place(&self) -> &str {
        match &self.way {
            Way::Server(endpoint, _) => &endpoint.url,
            Way::Dax(address) => address,
            Way::Database(_) => &self.label,
        }
    }

    pub(crate) fn unreachable(&self, trouble: &Trouble) -> Failure {
        Failure::new(format!("cannot reach {}: {trouble}", self.place()))
    }
}

#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) targets: Vec<Target>,
    pub(crate) ceiling: bool,
    /// Whether DAX takes part: then the ceiling has one of its kind.
    pub(crate) has_dax: bool,
    pub(crate) workloads: Vec<&'static Workload>,
    pub(crate) connections: usize,
    pub(crate) threads: usize,
    pub(crate) value_size: usize,
    pub(crate) keys: u64,
    /// Of one round.
    pub(crate) duration: Duration,
    /// Of one round.
    pub(crate) operations_max: u64,
    pub(crate) rounds: u32,
    pub(crate) warmup: Duration,
    pub(crate) rate: Option<f64>,
    pub(crate) timeout: Duration,
    pub(crate) consistent: bool,
    pub(crate) prefix: String,
    pub(crate) keep: bool,
    pub(crate) seed: u64,
    pub(crate) json: Option<PathBuf>,
    pub(crate) html: Option<PathBuf>,
}

impl Plan {
    pub(crate) fn new(arguments: &LoadArguments, reach: Reach<'_>) -> Result<Plan, Failure> {
        let rounds = arguments.rounds;
        let connections = arguments.connections as usize;
        let operations_max = arguments.operations.map_or(u64::MAX, |all| all.div_ceil(u64::from(rounds)));
        let plan = Plan {
            targets: targets(arguments, reach)?,
            ceiling: arguments.ceiling,
            has_dax: arguments.dax.is_some(),
            workloads: workloads(&arguments.workload, arguments.sql.is_some(), arguments.dax.is_some())?,
            connections,
            threads: connections.min(arguments.threads as usize),
            value_size: arguments.value_size as usize,
            keys: u64::from(arguments.keys),
            duration: seconds("--seconds", arguments.seconds)? / rounds,
            operations_max,
            rounds,
            warmup: seconds("--warmup", arguments.warmup)?,
            rate: arguments.rate.map(rate).transpose()?,
            timeout: seconds("--timeout", arguments.timeout)?,
            consistent: arguments.consistent,
            prefix: prefix(&arguments.prefix)?,
            keep: arguments.keep,
            seed: arguments.seed,
            json: arguments.json.clone(),
            html: arguments.html.clone(),
        };
        plan.check_keys()?;
        Ok(plan)
    }

    /// What the tables hold.
    pub(crate) fn data(&self) -> Data {
        Data::new(DataSettings {
            prefix: self.prefix.clone(),
            keys: self.keys,
            value_size: self.value_size,
            consistent: self.consistent,
            seed: self.seed,
        })
    }

    fn check_keys(&self) -> Result<(), Failure> {
        for workload in &self.workloads {
            let needed = workload.keys_per_connection * self.connections as u64;
            if needed > self.keys {
                let name = workload.name;
                return Err(Failure::new(format!(
                    "{name} over {} connections needs --keys {needed}",
                    self.connections
                )));
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Plan {
        use clap::Parser;
        #[derive(Parser)]
        struct Line {
            #[command(flatten)]
            arguments: crate::Arguments,
        }
        Plan::new(&Line::parse_from(["bench"]).arguments.load, &|_, _| Err(String::new()))
            .expect("the defaults make a plan")
    }
}

fn targets(arguments: &LoadArguments, reach: Reach<'_>) -> Result<Vec<Target>, Failure> {
    // A variable that is set to nothing is not set.
    let ca_bundle = arguments.ca_bundle.as_deref().filter(|file| !file.is_empty()).map(Path::new);
    let target = |url: &str, label: &Option<String>, pid| {
        let endpoint = Endpoint::parse(url, ca_bundle)?;
        let credentials = Credentials::from_environment(&endpoint, arguments.region.as_deref())?;
        let label = label.clone().unwrap_or(endpoint.url.clone());
        Ok((Target { label, way: Way::Server(endpoint.clone(), credentials), pid, is_ceiling: false }, endpoint))
    };
    let (first, endpoint) = target(&arguments.endpoint, &arguments.label, arguments.server_pid)?;
    let mut targets = vec![first];
    if let Some(url) = &arguments.compare {
        let (other, other_endpoint) = target(url, &arguments.compare_label, arguments.compare_pid)?;
        if endpoint.is_same(&other_endpoint) {
            return Err(Failure::new("--compare names the server that is measured already"));
        }
        targets.push(other);
    }
    if let Some(url) = &arguments.sql {
        let database = reach(url, &arguments.prefix).map_err(Failure::new)?;
        let way = Way::Database(Arc::from(database));
        targets.push(Target { label: "sql".to_owned(), way, pid: None, is_ceiling: false });
    }
    if let Some(address) = &arguments.dax {
        let pid = arguments.dax_pid.or(arguments.server_pid);
        targets.push(Target { label: "dax".to_owned(), way: Way::Dax(address.clone()), pid, is_ceiling: false });
    }
    for target in &targets {
        if target.pid.is_some_and(|pid| crate::cpu::of_process(pid).is_none()) {
            return Err(Failure::new(format!(
                "there is no process for {}, or its CPU time cannot be read",
                target.label
            )));
        }
    }
    Ok(targets)
}

/// The named ones, or all; where a database or DAX takes part, those that it has something for.
fn workloads(named: &[&'static Workload], on_sql: bool, on_dax: bool) -> Result<Vec<&'static Workload>, Failure> {
    let is_possible = |workload: &Workload| {
        (!on_sql || workload.is_single_rows) && (!on_dax || DAX_WORKLOADS.contains(&workload.name))
    };
    let possible = || WORKLOADS.iter().filter(|workload| is_possible(workload));
    match named.iter().find(|workload| !is_possible(workload)) {
        Some(workload) => {
            let names: Vec<&str> = possible().map(|workload| workload.name).collect();
            let flag =
                if on_sql && !workload.is_single_rows { "--sql has no statements" } else { "--dax has no messages" };
            Err(Failure::new(format!("{flag} for {}, but for {}", workload.name, names.join(", "))))
        }
        None if named.is_empty() => Ok(possible().collect()),
        None => Ok(named.to_vec()),
    }
}

fn seconds(flag: &str, seconds: f64) -> Result<Duration, Failure> {
    match (0.0..=SECONDS_MAX).contains(&seconds) {
        true => Ok(Duration::from_secs_f64(seconds)),
        false => Err(Failure::new(format!("{flag} is a number of seconds from 0 to {SECONDS_MAX}"))),
    }
}

fn rate(rate: f64) -> Result<f64, Failure> {
    match rate > 0.0 && rate <= RATE_MAX {
        true => Ok(rate),
        false => Err(Failure::new(format!("--rate is a number of requests a second, up to {RATE_MAX}"))),
    }
}

fn prefix(prefix: &str) -> Result<String, Failure> {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    match prefix.len() <= PREFIX_SIZE_MAX && prefix.bytes().all(valid) {
        true => Ok(prefix.to_owned()),
        false => Err(Failure::new("--prefix is made of letters, digits, '_', '-' and '.'")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::database::{BoxFuture, Session};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: crate::Arguments,
    }

    /// A database that is never asked.
    struct Nowhere;

    impl Database for Nowhere {
        fn make(&self) -> BoxFuture<'_, Result<bool, String>> {
            Box::pin(async { Err(String::new()) })
        }

        fn remove(&self) -> BoxFuture<'_, Result<(), String>> {
            Box::pin(async { Err(String::new()) })
        }

        fn open(&self) -> BoxFuture<'_, Result<Box<dyn Session>, String>> {
            Box::pin(async { Err(String::new()) })
        }
    }

    fn plan(flags: &[&str]) -> Option<Plan> {
        let line = Line::try_parse_from([&["bench"], flags].concat()).ok()?;
        Plan::new(&line.arguments.load, &|_, _| Ok(Box::new(Nowhere))).ok()
    }

    #[test]
    fn flags() {
        let check = |flags: &[&str], accepted: bool| assert_eq!(plan(flags).is_some(), accepted, "{flags:?}");
        check(&[], true);
        check(&["--workload", "get,put", "--connections", "64"], true);
        check(&["--workload", "gets"], false);
        check(&["--connections", "0"], false);
        check(&["--connections", "1000"], false);
        check(&["--connections", "1000", "--keys", "25000"], true);
        check(&["--connections", "1000", "--workload", "get"], true);
        check(&["--seconds", "-1"], false);
        check(&["--seconds", "NaN"], false);
        check(&["--rate", "0"], false);
        check(&["--rate", "inf"], false);
        check(&["--rate", "0.5"], true);
        check(&["--prefix", "a b"], false);
        check(&["--prefix", "x\"y"], false);
        check(&["--compare", "http://127.0.0.1:8000"], false);
        check(&["--compare", "http://127.0.0.1:8001"], true);
        check(&["--compare-pid", "1"], false);
        check(&["--server-pid", "4294967295"], false);
        check(&["--sql", "postgres://"], true);
        check(&["--sql", "postgres://", "--workload", "get,put"], true);
        check(&["--sql", "postgres://", "--workload", "get,query"], false);
        check(&["--dax", "127.0.0.1:8111", "--workload", "get,query"], true);
        check(&["--dax", "127.0.0.1:8111", "--workload", "scan"], false);
        check(&["--dax-pid", "1"], false);
    }

    #[test]
    fn a_database_takes_part_in_what_it_has_statements_for() {
        let plan = plan(&["--sql", "postgres://"]).unwrap();
        let names: Vec<&str> = plan.workloads.iter().map(|workload| workload.name).collect();
        assert_eq!(names, ["get", "put", "conditional-put", "mixed"]);
        assert_eq!(plan.targets.len(), 2);
    }

    #[test]
    fn the_load_is_cut_into_rounds() {
        let plan = plan(&["--seconds", "6", "--operations", "10", "--rounds", "3", "--threads", "99"]).unwrap();
        assert_eq!((plan.duration, plan.operations_max, plan.threads), (Duration::from_secs(2), 4, 16));
        assert_eq!(plan.workloads.len(), WORKLOADS.len());
    }
}
