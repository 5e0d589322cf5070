//! `stator export`: a table's items as lines, in a file or on stdout, by a parallel Scan.
//!
//! Each segment has a connection and a task (`scan`), which makes lines of a page (`lines`); one thread writes them (`output`). A page waits
//! until the one before it is written, so that memory is bounded by a few pages for each segment, whatever the table's size.

mod lines;
mod output;
mod scan;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, value_parser};
use client::Failure;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::remote::{self, FORMATS, ItemFormat, Progress, Remote, RemoteArguments, SIGNING, TableKeys, duration, say};

use lines::Lines;
use output::{Compression, Output};
use scan::Segment;

const EXAMPLES: &str = "\
Examples:
  stator export Music --output music.json
  stator export Music --format json | jq -c 'select(.year > 1960)'
  stator export Music --format csv --columns artist,song,year --output music.csv
  stator export Music --format ion --compression gzip --output music.ion.gz
  stator export Music | zstd > music.json.zst

A file is written under another name and renamed when it is complete: it has all items, or it is as it was before. A scan has \
no single moment: of items that are written meanwhile it has the state before or after. A table's state at one moment is in an \
export to S3 (ExportTableToPointInTime) or a restored backup.
";
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n{FORMATS}\n{SIGNING}"))]
pub(crate) struct ExportArguments {
    /// The table, by its name or its ARN
    #[arg(value_name = "TABLE")]
    table: String,

    /// The format of the lines
    #[arg(long, value_name = "FORMAT", default_value = "dynamodb-json")]
    format: ItemFormat,

    /// The file, readable for its owner only, or - for stdout
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// How the file or stdout is compressed; 'stator import' recognizes it
    #[arg(long, value_name = "COMPRESSION", default_value = "none")]
    compression: Compression,

    /// Of CSV: the attributes that are columns [default: those of the first item, the keys first; if other items have more, the
    /// command names them and ends with 1]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    columns: Vec<String>,

    /// Read with strong consistency: all writes that were acknowledged before. It costs twice the read capacity
    #[arg(long)]
    consistent_read: bool,

    /// Segments that are scanned at the same time
    #[arg(long, value_name = "COUNT", default_value = "4", value_parser = value_parser!(u32).range(1..=64))]
    segments: u32,

    #[command(flatten)]
    remote: RemoteArguments,
}

/// Whether all of each item was written.
pub(crate) fn run(arguments: &ExportArguments) -> Result<bool, Failure> {
    if !arguments.columns.is_empty() && arguments.format != ItemFormat::Csv {
        return Err(Failure::new("--columns is for --format csv"));
    }
    let remote = Remote::of(&arguments.remote)?;
    remote::run(export(&remote, arguments))
}

async fn export(remote: &Remote, arguments: &ExportArguments) -> Result<bool, Failure> {
    let keys = TableKeys::describe(&mut remote.connect(), &arguments.table).await?;
    let item_count = keys.item_count;
    let lines = Arc::new(Lines::new(arguments.format, keys.names, &arguments.columns));
    let output = Output::open(&arguments.output, arguments.compression)?;
    let (sender, receiver) = mpsc::channel(1);
    let writing = output.write(receiver, Arc::clone(&lines))?;
    let exported = Arc::new(AtomicU64::new(0));
    let mut scans = JoinSet::new();
    for at in 0..arguments.segments {
        let segment = Segment {
            table: arguments.table.clone(),
            at,
            total: arguments.segments,
            consistent_read: arguments.consistent_read,
        };
        let (client, lines) = (remote.connect(), Arc::clone(&lines));
        scans.spawn(segment.scan(client, lines, sender.clone(), Arc::clone(&exported)));
    }
    drop(sender);
    let mut progress = Progress::start();
    let of_about = if item_count > 0 { format!(" of about {item_count}") } else { String::new() };
    loop {
        match tokio::time::timeout(PROGRESS_EVERY, scans.join_next()).await {
            Ok(Some(ended)) => ended.map_err(|error| Failure::new(error.to_string()))??,
            Ok(None) => break,
            Err(_) => progress.show(&format!("{}{of_about} items", exported.load(Ordering::Relaxed))),
        }
    }
    if !writing.finish().await? {
        // The reader of the pipe has read enough.
        return Ok(true);
    }
    progress.clear();
    let (items, elapsed) = (exported.load(Ordering::Relaxed), duration(progress.elapsed()));
    say("export", format_args!("{items} items of {} in {elapsed}", base::visible(&arguments.table)));
    let left_out = lines.left_out();
    if let Some(names) = &left_out {
        say(
            "export",
            format_args!("attributes without a column were left out: {names}; name the columns with --columns"),
        );
    }
    Ok(left_out.is_none())
}
