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
//! | values and formats | `body_error`, `host`, `scope`, `transport`, `value_parsers` |
//! | the process | `log`, `hangups`, `stop`, `guard`, `handles`, `memory_limit`, `protect`, `secret_file` |
//! | counts | `metrics`: modules above it register what they count |
//! | connections | `connection_states`, then `patience`, `framing`, `heads`, `body`, `unsent`, `answer`, `tls`, then `listener` |
//! | protocols | `services`, `form`, `preflight`, `console`, `route`, `dialect`, `web`, `foreign` |
//! | records of requests | `audit`, `traces`, `request_record`; what a test changes: `faults`, `admin`; `operator` |
//! | requests | `pipeline` |
//! | data | `outbound`, `encryption`, `engine`, `object_store`, `backup_store`, `nodes`, `service`, `room`, `running`, `auth_key`, `root_key` |
//! | commands and their flags | `serve` (`suggestion`), `init`, `rekey`, `storage_check`, `policy_check`, `tail`, `bench_database`; `remote`, then `full_backup`, `backup`, `export`, `import` |
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
mod dialect;
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
mod host;
mod import;
mod init;
mod listener;
mod log;
mod memory_limit;
mod metrics;
mod nodes;
mod object_store;
mod operator;
mod outbound;
mod patience;
mod pipeline;
mod policy_check;
mod preflight;
mod protect;
mod rekey;
mod remote;
mod request_record;
mod room;
mod root_key;
mod route;
mod running;
mod scope;
mod secret_file;
mod serve;
mod service;
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

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use cli::{Cli, Command, PolicyCommand, StorageCommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    use_small_pages();
    match Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit()).command {
        Command::Serve(arguments) => ended(serve::run(&arguments, &Cli::unknown_variables())),
        Command::Dax(arguments) => ended(serve::run_dax(&arguments)),
        Command::Storage(StorageCommand::Check(arguments)) => match storage_check::run(&arguments) {
            Ok(usable) => ExitCode::from(u8::from(!usable)),
            Err(failure) => failed(&failure, 1),
        },
        Command::Storage(StorageCommand::Rekey(arguments)) => ended(rekey::run(&arguments)),
        Command::Init(arguments) => ended(init::run(&arguments)),
        Command::Nodes(arguments) => ended(nodes::run(&arguments)),
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
        Command::Completions { shell } => completions(shell),
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
