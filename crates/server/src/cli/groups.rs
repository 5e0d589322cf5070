//! The groups of flags in `stator serve --help`.

use clap::Command;

const SERVE: &str = "serve";

/// The headings, and the flags beneath each. A flag of `serve` is in exactly one group.
const GROUPS: [(&str, &[&str]); 12] = [
    (
        "Storage",
        &[
            "config",
            "data",
            "memory",
            "memory_limit",
            "storage",
            "storage_password_file",
            "storage_replicas",
            "storage_replica_lag_ms",
            "node_lease_ms",
            "cache",
            "memtable",
            "disk_reserve",
        ],
    ),
    ("Encryption at rest", &["master_key_file", "kms_endpoint", "kms_key_id", "kms_check_seconds", "data_key_days"]),
    (
        "Serving",
        &[
            "listen",
            "region",
            "regions",
            "isolate",
            "allow_unverified_remote",
            "port_file",
            "metrics_port_file",
            "until_stdin_closes",
            "console",
            "console_listen",
            "cors",
            "host",
            "drain_timeout",
        ],
    ),
    ("TLS", &["tls_certificate", "tls_key", "tls_self_signed", "tls_self_signed_file", "tls_client_ca"]),
    ("Authentication", &["credentials", "auth", "auth_key_file"]),
    ("Audit log", &["audit_log", "audit_data", "audit_required", "audit_log_bytes", "audit_log_files"]),
    (
        "Limits",
        &[
            "replica_source_hours",
            "tables_max",
            "table_units_max",
            "account_units_max",
            "enforce_throughput",
            "connections_max",
            "connections_per_address_max",
            "request_memory",
            "answer_memory",
            "memory_timeout",
            "body_timeout",
            "idle_timeout",
        ],
    ),
    (
        "Streams and triggers",
        &[
            "stream_shard_hours",
            "stream_shard_writes",
            "kinesis_endpoint",
            "lambda_endpoint",
            "lambda_timeout",
            "sqs_endpoint",
            "sns_endpoint",
            "no_deliveries",
            "egress_allow",
            "allow_arn",
        ],
    ),
    ("Export, import and archives", &["s3_endpoint", "backup_store", "backup_store_hold_hours"]),
    ("For tests", &["faults", "faults_file", "clock_offset", "test_state", "seed", "transition_scale"]),
    (
        "DAX",
        &[
            "dax_listen",
            "dax_advertise",
            "dax_item_memory",
            "dax_query_memory",
            "dax_record_ttl_millis",
            "dax_query_ttl_millis",
            "dax_connections_max",
            "dax_connections_per_address_max",
        ],
    ),
    (
        "Observability",
        &[
            "metrics_listen",
            "metrics_tables_max",
            "cloudwatch_series_max",
            "otlp_endpoint",
            "log",
            "log_slow_ms",
            "allow_core_dumps",
        ],
    ),
];

/// The command line with the flags of `serve` under their headings.
pub(super) fn grouped(command: Command) -> Command {
    command.mut_subcommand(SERVE, |serve| {
        serve.mut_args(|argument| match heading(argument.get_id().as_str()) {
            Some(heading) => argument.help_heading(heading),
            None => argument,
        })
    })
}

fn heading(flag: &str) -> Option<&'static str> {
    GROUPS.iter().find(|(_, flags)| flags.contains(&flag)).map(|(heading, _)| *heading)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_flag_of_serve_has_its_group() {
        let command = Cli::command();
        let serve = command.find_subcommand(SERVE).expect("serve");
        let flags: BTreeSet<&str> = serve.get_arguments().map(|argument| argument.get_id().as_str()).collect();
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, flags)| flags.iter().copied()).collect();
        let once: BTreeSet<&str> = grouped.iter().copied().collect();
        assert_eq!(grouped.len(), once.len(), "a flag is in two groups");
        assert_eq!(flags, once, "left: the flags of serve; right: those in cli/groups.rs");
    }

    #[test]
    fn help_has_headings() {
        let mut command = super::grouped(Cli::command());
        let help = command.find_subcommand_mut(SERVE).expect("serve").render_long_help().to_string();
        for (heading, flags) in GROUPS {
            let section = help.split(&format!("\n{heading}:\n")).nth(1).unwrap_or_else(|| panic!("no {heading}"));
            for flag in flags.iter().filter(|flag| **flag != "memtable") {
                assert!(section.contains(&format!("--{}", flag.replace('_', "-"))), "{flag} under {heading}");
            }
        }
        assert!(!help.contains("\nOptions:\n") || help.contains("\nOptions:\n  -h, --help"), "{help}");
    }
}
