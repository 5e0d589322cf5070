//! DynamoDB Local's options. Letters of either case and hyphens between words are the same: `-inMemory`, `--inmemory`, `--in-memory`.

use std::path::PathBuf;

const PORT: u16 = 8000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Options {
    pub(super) port: u16,
    pub(super) host: Option<String>,
    pub(super) in_memory: bool,
    pub(super) path: Option<PathBuf>,
    pub(super) shared: bool,
    pub(super) cors: Option<String>,
    pub(super) delays: bool,
    pub(super) port_file: Option<PathBuf>,
    pub(super) until_stdin_closes: bool,
    pub(super) help: bool,
    pub(super) version: bool,
    /// Words that are no options and no values of one.
    pub(super) unused: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            port: PORT,
            host: None,
            in_memory: false,
            path: None,
            shared: false,
            cors: None,
            delays: false,
            port_file: None,
            until_stdin_closes: false,
            help: false,
            version: false,
            unused: Vec::new(),
        }
    }
}

impl Options {
    /// # Errors
    /// A sentence about the first word that cannot be used.
    pub(super) fn parse(words: &[String]) -> Result<Options, String> {
        let mut options = Options::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                options.unused.push(word.clone());
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let mut next = || value.clone().or_else(|| words.next().cloned());
            options.set(name, &mut next)?;
        }
        match &options.path {
            Some(_) if options.in_memory => {
                Err("-inMemory and -dbPath cannot be used together: the data is in memory, or in a folder".to_owned())
            }
            _ => Ok(options),
        }
    }

    fn set(&mut self, word: &str, next: &mut dyn FnMut() -> Option<String>) -> Result<(), String> {
        let name = word.trim_start_matches('-');
        let mut value = || next().ok_or_else(|| format!("Missing argument for option: {name}"));
        match name.replace('-', "").to_ascii_lowercase().as_str() {
            "port" => self.port = port(&value()?)?,
            "host" => self.host = Some(value()?),
            "inmemory" => self.in_memory = true,
            "dbpath" => self.path = Some(folder(&value()?)?),
            "shareddb" => self.shared = true,
            "cors" => self.cors = Some(value()?),
            "delaytransientstatuses" => self.delays = true,
            "untilstdincloses" => self.until_stdin_closes = true,
            "portfile" => self.port_file = Some(value()?.into()),
            "optimizedbbeforestartup" | "disabletelemetry" => {}
            "help" | "h" | "?" => self.help = true,
            "version" | "v" => self.version = true,
            _ => return Err(format!("Unrecognized option: {word}")),
        }
        Ok(())
    }
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("The port is a number from 0 to 65535, and not '{}'", base::visible(text)))
}

fn folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("Missing argument for option: dbPath".to_owned()) } else { Ok(text.into()) }
}
