//! `stator local`: the server as a drop-in for DynamoDB Local, by its options and its first lines.
//!
//! A program that is called `java`, or with `-jar`, a JVM's flag or one of those options first, does the same: an image whose command is
//! `-jar DynamoDBLocal.jar …` then starts Stator. The options become flags of `stator serve`, whose variables count as well.

mod options;
mod words;

use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use options::Options;

use crate::log::{self, Value};

/// Where the server listens if it runs as `java`: in a container, whose engine decides which ports are reached.
const HOST_IN_CONTAINER: &str = "0.0.0.0";
const HOST: &str = "127.0.0.1";
/// Of the folder that `-dbPath` names, which may hold files of DynamoDB Local as well.
const FOLDER: &str = "stator";
/// What a table's CREATING takes then, as a share of AWS's time: about a second.
const TRANSITION_SCALE: &str = "0.1";

const HELP: &str = "\
Serve as a drop-in for DynamoDB Local.

Usage: stator local [OPTIONS]
       java [JVM FLAGS] -jar DynamoDBLocal.jar [OPTIONS]

Options, with one hyphen or two:
  -port PORT                 Port to listen on; 0 for any free one [default: 8000]
  -inMemory                  Keep all data in memory; it is lost when the server stops
  -dbPath DIR                Store the data in the folder DIR/stator, which is made [default: ./stator-data]
  -sharedDb                  One set of tables; without it, each access key and region has its own
  -cors ORIGIN,...           Origins whose web pages may call; * for any [default: those of this machine]
  -delayTransientStatuses    Tables and indexes stay in CREATING, UPDATING and DELETING for a while
  -optimizeDbBeforeStartup   Accepted; the storage needs no such step
  -disableTelemetry          Accepted; there is no telemetry
  -help, -version

Of Stator alone:
  -host HOST                 Address to listen on [default: 127.0.0.1; as java 0.0.0.0]
  -portFile FILE             Write the port to this file once the server is ready
  -untilStdinCloses          Stop when standard input ends

Flags of the JVM and the name of the JAR are ignored. What else 'stator serve' can do is set by its variables, such as
STATOR_METRICS_LISTEN. The first lines on stdout are those that scripts wait for; the log is on stderr.
";

/// What a command line asks for.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    /// The command line of `stator serve`, and what is printed once it listens.
    Serve(Vec<OsString>, Banner),
    Help,
    Version,
}

/// Why a command line cannot be served.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error while parsing options. {}\n\n{HELP}", self.0)
    }
}

/// The lines on stdout that scripts wait for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Banner {
    options: Options,
    folder: Option<PathBuf>,
}

impl Banner {
    fn text(&self, address: SocketAddr) -> String {
        let Options { in_memory, shared, cors, delays, .. } = &self.options;
        let folder = self.folder.as_ref().map_or("null".to_owned(), |folder| folder.display().to_string());
        let cors = cors.as_deref().unwrap_or("null");
        format!(
            "Initializing DynamoDB Local with the following configuration:\nPort:\t{}\nInMemory:\t{in_memory}\nVersion:\tstator {}\n\
             DbPath:\t{}\nSharedDb:\t{shared}\nshouldDelayTransientStatuses:\t{delays}\nCorsParams:\t{}\n\n",
            address.port(),
            env!("CARGO_PKG_VERSION"),
            base::visible(&folder),
            base::visible(cors),
        )
    }

    /// Prints them. A closed stdout is no reason to stop serving.
    pub(crate) fn print(&self, address: SocketAddr) {
        print(&self.text(address));
    }

    /// Logs what of the command line has no effect.
    pub(crate) fn log_unused(&self) {
        for word in &self.options.unused {
            let message = format!("the word '{}' is no option and has no effect", base::visible(word));
            log::warning("local_word_unused", &message, &[]);
        }
        if let Some(file) = self.folder.as_deref().and_then(Path::parent).and_then(foreign_database) {
            let file = file.display().to_string();
            let message = format!(
                "{} is a file of DynamoDB Local, which Stator does not read: its tables have to be made and filled again",
                base::visible(&file)
            );
            log::warning("local_database_unread", &message, &[("file", Value::Text(&file))]);
        }
    }
}

/// A database of DynamoDB Local in a folder, if there is one.
fn foreign_database(folder: &Path) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    entries.find(|path| path.is_file() && path.extension().is_some_and(|extension| extension == "db"))
}

/// The words behind `local`, as clap leaves them.
#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub(crate) struct LocalArguments {
    /// DynamoDB Local's options; -help lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    words: Vec<String>,
}

/// # Errors
/// What cannot be used of the words, with the options that there are.
pub(crate) fn of_arguments(arguments: &LocalArguments) -> Result<Asked, Refused> {
    asked(&arguments.words, HOST)
}

/// What a command line for a JVM asks for; `None` if it is for another command. The first word is the program's.
pub(crate) fn of_command_line(arguments: &[OsString]) -> Option<Result<Asked, Refused>> {
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let (program, rest) = words.split_first()?;
    let is_java = words::is_java(program);
    let rest = match rest.first().map(String::as_str) {
        _ if is_java => rest,
        Some(first) if words::begins_command_of_java(first) => rest,
        _ => return None,
    };
    let host = if is_java { HOST_IN_CONTAINER } else { HOST };
    Some(asked(rest, host))
}

fn asked(words: &[String], host: &str) -> Result<Asked, Refused> {
    let words = words::of_program(words).map_err(Refused)?;
    let options = Options::parse(&words).map_err(Refused)?;
    if options.help {
        return Ok(Asked::Help);
    }
    if options.version {
        return Ok(Asked::Version);
    }
    let folder = options.path.as_ref().map(|path| path.join(FOLDER));
    let arguments = serve_arguments(&options, folder.as_deref(), host);
    Ok(Asked::Serve(arguments, Banner { options, folder }))
}

fn serve_arguments(options: &Options, folder: Option<&Path>, host: &str) -> Vec<OsString> {
    let host = options.host.as_deref().unwrap_or(host);
    let listen =
        if host.contains(':') { format!("[{host}]:{}", options.port) } else { format!("{host}:{}", options.port) };
    let mut arguments: Vec<OsString> =
        ["stator", "serve", "--listen", &listen, "--console", "on"].map(Into::into).into();
    let mut flag = |name: &str, value: Option<OsString>| {
        arguments.push(name.into());
        arguments.extend(value);
    };
    if !is_loopback(host) {
        flag("--allow-unverified-remote", None);
    }
    if options.in_memory {
        flag("--memory", None);
    }
    if let Some(folder) = folder {
        flag("--data", Some(folder.into()));
    }
    if !options.shared {
        flag("--isolate", None);
    }
    if let Some(cors) = &options.cors {
        flag("--cors", Some(origins(cors).into()));
    }
    if options.delays {
        flag("--transition-scale", Some(TRANSITION_SCALE.into()));
    }
    if options.until_stdin_closes {
        flag("--until-stdin-closes", None);
    }
    if let Some(file) = &options.port_file {
        flag("--port-file", Some(file.into()));
    }
    arguments
}

/// Origins without a scheme, as DynamoDB Local takes them, are those of both schemes.
fn origins(cors: &str) -> String {
    let origins = cors.split(',').map(str::trim).map(|origin| match origin {
        "*" => origin.to_owned(),
        _ if origin.contains("://") => origin.to_owned(),
        _ => format!("http://{origin},https://{origin}"),
    });
    origins.collect::<Vec<_>>().join(",")
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Prints help or the version, as a script that looks for them reads it.
pub(crate) fn print_help() {
    print(HELP);
}

pub(crate) fn print_version() {
    print(&format!("DynamoDB Local drop-in: stator {}\n", env!("CARGO_PKG_VERSION")));
}

fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

#[cfg(test)]
mod tests;
