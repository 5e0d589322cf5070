//! `stator doctor`: what would keep a server with these settings from starting or working well; and `stator support-bundle`, which packs
//! that with what else a maintainer asks for. Neither writes to the data.

mod bundle;
mod checks;
mod redact;
mod report;
mod tar;

use clap::Args;
use client::Failure;

pub(crate) use bundle::{SupportBundleArguments, bundle};
use report::Report;

use crate::remote;
use crate::serve::ServeArguments;

const EXAMPLES: &str = "\
Examples:
  stator doctor --data /var/lib/stator --metrics-listen 127.0.0.1:9100
  stator doctor --config /etc/stator/stator.toml

It takes the flags, the variables and the config file of 'stator serve'. Each line begins with ok, warn or BAD; the exit code is 1 if one is
BAD. Run it as the user of the server. A server may run meanwhile.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    serve: Box<ServeArguments>,
}

/// Whether nothing is bad; the report is printed.
pub(crate) fn run(arguments: &DoctorArguments, remarks: &[String]) -> Result<bool, Failure> {
    let report = report(&arguments.serve, remarks)?;
    remote::print(&report.to_string())?;
    Ok(!report.is_bad())
}

fn report(arguments: &ServeArguments, remarks: &[String]) -> Result<Report, Failure> {
    remote::run(async {
        let mut report = Report::default();
        remarks.iter().for_each(|remark| report.warn("configuration", remark));
        checks::all(arguments, &mut report).await;
        Ok(report)
    })
}
