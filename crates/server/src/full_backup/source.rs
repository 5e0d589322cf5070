//! Where a backup's rows come from: a running server, or the folder of a stopped one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use client::Failure;
use storage::{Embedded, EmbeddedOptions, Engine, Keys};

use super::parts::{self, Parts};
use super::socket;
use crate::engine::OpenError;

#[derive(Args, Debug)]
pub(crate) struct SourceArguments {
    /// Data folder. The server that has it open reads the rows while it serves; without one this command does
    #[arg(long, env = "STATOR_DATA", value_name = "DIR", default_value = "./stator-data")]
    data: PathBuf,
}

impl SourceArguments {
    pub(super) async fn parts(&self) -> Result<Parts, Failure> {
        let folder = std::path::absolute(&self.data).unwrap_or_else(|_| self.data.clone());
        let failed = |error: OpenError| Failure::new(error.to_string());
        let open = |error| failed(OpenError::folder(&folder, error));
        if matches!(Embedded::keys(&folder).map_err(open)?, Keys::NoDatabase) {
            return Err(Failure::new(format!(
                "there are no data in the folder {}; name the one that has them with --data",
                folder.display()
            )));
        }
        match socket::ask(&folder).await {
            Ok(parts) => Ok(parts),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                of_stopped(&folder)
            }
            Err(error) => {
                let cause = crate::protect::denied(&folder).unwrap_or_else(|| error.to_string());
                Err(Failure::new(format!("cannot ask the server of {}: {cause}", folder.display())))
            }
        }
    }
}

/// Opens the folder as it is: rows are copied below encryption, so that no key is needed.
fn of_stopped(folder: &Path) -> Result<Parts, Failure> {
    let keys = match Embedded::keys(folder) {
        Ok(Keys::Encrypted(text)) => Some(text.into()),
        _ => None,
    };
    let options = EmbeddedOptions { keys, ..EmbeddedOptions::default() };
    let opened = Embedded::open(folder, options).map_err(|error| OpenError::folder(folder, error));
    let engine = opened.map_err(|error| match error.is_locked() {
        true => Failure::new(format!(
            "a program has the folder {} open and has no operator's socket: it is another command, a server that is starting, or \
             one of a version without full backups",
            folder.display()
        )),
        false => Failure::new(error.to_string()),
    })?;
    let origin = socket::of_folder(folder).map_err(Failure::new)?;
    let (sender, parts) = parts::channel();
    tokio::spawn(async move {
        parts::send(Arc::<Embedded>::clone(&engine), origin, sender).await;
        // Nothing was written that a failure could lose.
        let _ = engine.close().await;
    });
    Ok(parts)
}
