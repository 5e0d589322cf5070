//! `stator`: the program. It chooses the storage engine, opens the sockets and lets requests in.
//!
//! What a request means is decided below, in `ops`; here are sockets, configuration, signals and the order in which a
//! request passes the other rooms (`pipeline`).
//!
//! The modules are in layers, here the lowest first. A module uses those of its layer and of the layers below it; a test of
//! `xtask` refuses circles.
//!
//! | layer | modules |
//! |---|---|
//! | values and formats | `body_error`, `current`, `host`, `node_rows`, `scope`, `seeds`, `transport`, `value_parsers` |
//! | the process | `log`, `hangups`, `stop`, `guard`, `handles`, `memory_limit`, `protect`, `secret_file`, `service_manager` |
//! | counts | `metrics`: modules above it register what they count |
//! | connections | `connection_states`, then `patience`, `framing`, `heads`, `body`, `unsent`, `answer`, `tls`, then `listener` |
//! | protocols | `services`, `form`, `preflight`, `console`, `route`, `dialect`, `web`, `foreign` |
//! | records of requests | `audit`, `traces`, `request_record`; what a test changes: `faults`, `admin`; `operator` |
//! | requests | `pipeline` |
//! | data | `outbound`, `encryption`, `engine`, `object_store`, `backup_store`, `nodes`, `peers`, `service`, `room`, `running`, `auth_key`, `root_key` |
//! | commands and their flags | `serve` (`suggestion`), `init`, `rekey`, `storage_check`, `policy_check`, `tail`, `bench_database`, `doctor`, `health`, `local`, `man`; `remote`, then `regions`, `remote_admin`, `full_backup`, `backup`, `export`, `import` |
//! | the command line | `cli`, which flattens the flags |

mod admin;
mod answer;
mod audit;
mod auth_key;
mod backup;
mod backup_store;
mod bench_database;
mod body;
mod body_error;
mod cli;
mod connection_states;
mod console;
mod current;
mod dialect;
mod doctor;
mod encryption;
mod engine;
mod export;
mod faults;
mod foreign;
mod form;
mod framing;
mod full_backup;
mod guard;
mod handles;
mod hangups;
mod heads;
mod health;
mod host;
mod import;
mod init;
mod listener;
mod local;
mod log;
mod man;
mod memory_limit;
mod metrics;
mod node_rows;
mod nodes;
mod object_store;
mod operator;
mod outbound;
mod patience;
mod peers;
mod pipeline;
mod policy_check;
mod preflight;
mod protect;
mod regions;
mod rekey;
mod remote;
mod remote_admin;
mod request_record;
mod room;
mod root_key;
mod route;
mod running;
mod scope;
mod secret_file;
mod seeds;
mod serve;
mod service;
mod service_manager;
mod services;
mod stop;
mod storage_check;
mod suggestion;
mod tail;
mod tls;
mod traces;
mod transport;
mod unsent;
mod value_parsers;
mod web;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use cli::{Cli, Command, PolicyCommand, StorageCommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    use_small_pages();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(asked) = local::of_command_line(&arguments) {
        return local(asked);
    }
    match Cli::read(&arguments).unwrap_or_else(|error| error.exit()).command {
        Command::Serve(arguments) => ended(serve::run(&arguments, &Cli::unknown_variables(), None)),
        Command::Dax(arguments) => ended(serve::run_dax(&arguments)),
        Command::Local(arguments) => local(local::of_arguments(&arguments)),
        Command::Health(arguments) => match health::run(&arguments) {
            Ok(healthy) => ExitCode::from(u8::from(!healthy)),
            Err(failure) => failed(&failure, 1),
        },
        Command::Storage(StorageCommand::Check(arguments)) => match storage_check::run(&arguments) {
            Ok(usable) => ExitCode::from(u8::from(!usable)),
            Err(failure) => failed(&failure, 1),
        },
        Command::Storage(StorageCommand::Rekey(arguments)) => ended(rekey::run(&arguments)),
        Command::Init(arguments) => ended(init::run(&arguments)),
        Command::Nodes(arguments) => ended(nodes::run(&arguments)),
        Command::Regions(arguments) => ended(regions::run(&arguments)),
        Command::Bench(arguments) => ended(bench::run(&arguments, &bench_database::reach)),
        Command::Tail(arguments) => ended(tail::run(&arguments)),
        Command::Backup(command) => ended(backup::run(&command)),
        Command::Restore(arguments) => {
            protect::process();
            ended(remote::run(full_backup::restore(&arguments)))
        }
        Command::Export(arguments) => match export::run(&arguments) {
            Ok(whole) => ExitCode::from(u8::from(!whole)),
            Err(failure) => failed(&failure, 1),
        },
        Command::Import(arguments) => match import::run(&arguments) {
            Ok(good) => ExitCode::from(u8::from(!good)),
            Err(failure) => failed(&failure, 1),
        },
        Command::Policy(PolicyCommand::Check(arguments)) => match policy_check::run(&arguments) {
            Ok(allowed) => ExitCode::from(u8::from(!allowed)),
            Err(failure) => failed(&failure, 2),
        },
        Command::Reset(arguments) => ended(remote_admin::reset(&arguments)),
        Command::Snapshot(command) => ended(remote_admin::snapshot(&command)),
        Command::Faults(command) => ended(remote_admin::faults(&command)),
        Command::Clock(command) => ended(remote_admin::clock(&command)),
        Command::Doctor(arguments) => match doctor::run(&arguments, &Cli::unknown_variables()) {
            Ok(good) => ExitCode::from(u8::from(!good)),
            Err(failure) => failed(&failure, 2),
        },
        Command::SupportBundle(bundle) => {
            // The log and the names of tables are in it.
            protect::process();
            let shown = Cli::shown(&arguments).unwrap_or_else(|error| error.exit());
            ended(doctor::bundle(&bundle, &shown, &Cli::unknown_variables()))
        }
        Command::Man(arguments) => ended(man::run(&arguments, &Cli::whole())),
        Command::Completions { shell } => completions(shell),
    }
}

/// DynamoDB Local's options, served.
fn local(asked: Result<local::Asked, local::Refused>) -> ExitCode {
    let (arguments, banner) = match asked {
        Ok(local::Asked::Serve(arguments, banner)) => (arguments, banner),
        Ok(local::Asked::Help) => {
            local::print_help();
            return ExitCode::SUCCESS;
        }
        Ok(local::Asked::Version) => {
            local::print_version();
            return ExitCode::SUCCESS;
        }
        Err(refused) => {
            let _ = writeln!(std::io::stderr().lock(), "{refused}");
            return ExitCode::FAILURE;
        }
    };
    match Cli::read(arguments).unwrap_or_else(|error| error.exit()).command {
        Command::Serve(arguments) => ended(serve::run(&arguments, &Cli::unknown_variables(), Some(&banner))),
        _ => ExitCode::FAILURE,
    }
}

fn ended(outcome: Result<(), impl Display>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure, 1),
    }
}

fn failed(failure: &impl Display, code: u8) -> ExitCode {
    log::error("failed", &failure.to_string(), &[]);
    ExitCode::from(code)
}

/// The allocator asks for pages of 2 MB, which an idle server would mostly leave unused: 8 MB more of memory for no
/// measurable gain in speed. Where this cannot be changed it stays as it is.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

fn completions(shell: clap_complete::Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::whole(), "stator", &mut script);
    match std::io::stdout().write_all(&script) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
