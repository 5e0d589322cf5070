//! Flags of `serve` that cannot be used together, and flags that have no effect, without another one or for another one's
//! value: one list, whether they are given on the command line or as variables. A switch that is set to false counts as
//! not given.

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::config::Settings;
use crate::console::ConsoleMode;

/// With the first, the second has no effect.
struct Conflict(&'static str, &'static str, &'static str);

/// The first has no effect without one of the second ones.
struct Need(&'static str, &'static [&'static str], &'static str);

/// The flag has no effect for the values that it and the other one have.
struct Idle {
    flag: &'static str,
    other: &'static str,
    is_idle: fn(&ArgMatches) -> bool,
    why: &'static str,
}

/// The flag has no effect if a variable that is no flag's has this value, in whatever letters.
struct Disabled {
    flag: &'static str,
    variable: &'static str,
    value: &'static str,
}

const CALLERS: &str = "they check callers in different ways";
const NOTHING_STORED: &str = "--memory keeps nothing on disk that could be encrypted";

const NO_CACHE: &str = "only the folder of --data is read through this server's cache";
const ALL_VERIFIED: &str = "no caller is unverified";

const NO_DAX: &str = "only clients of DAX are served by its caches";

const NO_CERTIFICATES: &str = "then peers have no certificates";

const NO_DELIVERIES: &str = "nothing is delivered there";

const NO_STATE_API: &str = "all state is replaced in the memory or the folder of one server alone";
const STATE_UNENCRYPTED: &str = "snapshots of the state would be copies that are not encrypted";
const SEED_UNOWNED: &str = "a file of tables does not say whose they are";

const CONFLICTS: [Conflict; 42] = [
    Conflict("memory", "backup_store", "an archive without the tables that it is of restores nothing"),
    Conflict("backup_store", "test_state", "archives in the store would be of tables that are gone"),
    Conflict("memory", "data", "all data stays in memory and nothing would be written to the folder"),
    Conflict("memory", "storage", "all data stays in memory and nothing would be written to the database"),
    Conflict("storage", "data", "all data goes to the database and nothing would be written to the folder"),
    Conflict("memory", "master_key_file", NOTHING_STORED),
    Conflict("memory", "kms_key_id", NOTHING_STORED),
    Conflict("memory", "kms_endpoint", NOTHING_STORED),
    Conflict("memory", "auth_key_file", "with --memory the auth key is made at the start and never stored"),
    Conflict("auth", "credentials", CALLERS),
    Conflict("auth", "isolate", "with --auth each account and region always has its own tables"),
    Conflict("credentials", "isolate", "with --credentials each account and region always has its own tables"),
    Conflict("tls_self_signed", "tls_certificate", "the server presents one certificate"),
    Conflict("tls_self_signed", "tls_key", "the server presents one certificate"),
    Conflict("memory", "data_key_days", NOTHING_STORED),
    Conflict("memory", "disk_reserve", "all data stays in memory and no disk is filled"),
    Conflict("storage", "disk_reserve", "all data goes to the database and no disk is filled"),
    Conflict("memory", "cache", NO_CACHE),
    Conflict("storage", "cache", NO_CACHE),
    Conflict("memory", "memtable", "all data stays in memory and nothing is flushed"),
    Conflict("storage", "memtable", "all data goes to the database and this server flushes nothing"),
    Conflict("auth", "allow_unverified_remote", ALL_VERIFIED),
    Conflict("credentials", "allow_unverified_remote", ALL_VERIFIED),
    Conflict("storage", "test_state", NO_STATE_API),
    Conflict("dax_listen", "test_state", "the caches of DAX would have items of the state before"),
    Conflict("master_key_file", "test_state", STATE_UNENCRYPTED),
    Conflict("kms_endpoint", "test_state", STATE_UNENCRYPTED),
    Conflict("storage", "seed", "each of the servers that share it would write the tables"),
    Conflict("auth", "seed", SEED_UNOWNED),
    Conflict("credentials", "seed", SEED_UNOWNED),
    Conflict("isolate", "seed", SEED_UNOWNED),
    Conflict("credentials", "test_state", "callers that are checked could have all state deleted without credentials"),
    Conflict("auth", "test_state", "the accounts would be deleted with all state, and no caller be known any more"),
    Conflict("replication_insecure", "replication_certificate", NO_CERTIFICATES),
    Conflict("replication_insecure", "replication_key", NO_CERTIFICATES),
    Conflict("replication_insecure", "replication_ca", NO_CERTIFICATES),
    Conflict("peer", "test_state", "replicas elsewhere would have items of the state before"),
    Conflict("no_deliveries", "kinesis_endpoint", NO_DELIVERIES),
    Conflict("no_deliveries", "lambda_endpoint", NO_DELIVERIES),
    Conflict("no_deliveries", "lambda_timeout", "no function is invoked"),
    Conflict("no_deliveries", "sqs_endpoint", NO_DELIVERIES),
    Conflict("no_deliveries", "sns_endpoint", NO_DELIVERIES),
];

const NEEDS: [Need; 32] = [
    Need("backup_store_hold_hours", &["backup_store"], "changes wait for a backup store alone"),
    Need("storage_password_file", &["storage"], "it holds the password of that database"),
    Need("storage_replicas", &["storage"], "they are replicas of that database"),
    Need("storage_replica_lag_ms", &["storage_replicas"], "it bounds how old their reads are"),
    Need("node_lease_ms", &["storage"], "only servers that share a database hold leases"),
    Need("auth_key_file", &["auth"], "no other mode has an auth key"),
    Need("tls_certificate", &["tls_key"], "a certificate is used with its key"),
    Need("tls_key", &["tls_certificate"], "a key is used with its certificate"),
    Need("tls_self_signed_file", &["tls_self_signed"], "there is no self-signed certificate to write"),
    Need("tls_client_ca", &["tls_certificate", "tls_self_signed"], "clients present certificates only over TLS"),
    Need("peer", &["replication_listen"], "its peers call this process as well"),
    Need("replication_listen", &["peer"], "only peers are answered there"),
    Need("replication_certificate", &["replication_key"], "a certificate is used with its key"),
    Need("replication_key", &["replication_certificate"], "a key is used with its certificate"),
    Need("replication_ca", &["peer"], "only peers show certificates of its authorities"),
    Need("replication_insecure", &["peer"], "there are no peers"),
    Need("memory_limit", &["memory"], "it bounds the rows that --memory keeps"),
    Need("audit_required", &["audit_log"], "there is no audit log to write to"),
    Need("audit_data", &["audit_log"], "there is no audit log to write to"),
    Need("audit_log_bytes", &["audit_log"], "there is no audit log to bound"),
    Need("audit_log_files", &["audit_log"], "there is no audit log to rotate"),
    Need("faults_file", &["faults"], "rules are applied only with it"),
    Need("metrics_port_file", &["metrics_listen"], "there is no such port"),
    Need("kms_key_id", &["kms_endpoint"], "the key is in that KMS"),
    Need("kms_check_seconds", &["kms_endpoint"], "it is the interval between questions to that KMS"),
    Need("dax_advertise", &["dax_listen"], NO_DAX),
    Need("dax_item_memory", &["dax_listen"], NO_DAX),
    Need("dax_query_memory", &["dax_listen"], NO_DAX),
    Need("dax_record_ttl_millis", &["dax_listen"], NO_DAX),
    Need("dax_query_ttl_millis", &["dax_listen"], NO_DAX),
    Need("dax_connections_max", &["dax_listen"], NO_DAX),
    Need("dax_connections_per_address_max", &["dax_listen"], NO_DAX),
];

/// Flags that identify callers. With one of them the main address has other rules than an address for the operator.
const IDENTIFY_CALLERS: [&str; 2] = ["auth", "credentials"];

/// With one of those.
const NEEDS_WITH_CALLERS: [Need; 3] = [
    Need(
        "faults",
        &["metrics_listen", "faults_file"],
        "where callers are identified, rules are not added at the main address",
    ),
    Need("host", &["metrics_listen"], "where callers are identified, the main address answers under any name"),
    Need(
        "metrics_tables_max",
        &["metrics_listen"],
        "where callers are identified, no series on the main address names a table",
    ),
];

const IDLE: [Idle; 3] = [
    Idle {
        flag: "console_listen",
        other: "console",
        is_idle: |flags| flags.get_one::<ConsoleMode>("console") == Some(&ConsoleMode::Off),
        why: "there is no console",
    },
    Idle {
        flag: "audit_log_files",
        other: "audit_log_bytes",
        is_idle: |flags| flags.get_one::<u64>("audit_log_bytes") == Some(&0),
        why: "a file that may grow without bound is never rotated",
    },
    Idle {
        flag: "connections_per_address_max",
        other: "connections_max",
        is_idle: |flags| flags.get_one::<u32>("connections_per_address_max") > flags.get_one("connections_max"),
        why: "there are fewer connections in all",
    },
];

const DISABLED: [Disabled; 2] = [
    Disabled { flag: "otlp_endpoint", variable: "OTEL_SDK_DISABLED", value: "true" },
    Disabled { flag: "otlp_endpoint", variable: "OTEL_TRACES_EXPORTER", value: "none" },
];

/// Data keys exist where data is encrypted; the master key may also be in this variable.
const DATA_KEYS: Need =
    Need("data_key_days", &["master_key_file", "kms_key_id"], "without a master key there are no data keys");
const MASTER_KEY_VARIABLE: &str = "STATOR_MASTER_KEY";

/// # Errors
/// The first relation that the flags break, as a sentence.
pub(super) fn check(
    flags: &ArgMatches,
    of_file: &Settings,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), String> {
    let flags = &Flags { matches: flags, of_file };
    for Conflict(one, other, why) in &CONFLICTS {
        if is_given(flags, one) && is_given(flags, other) {
            let (one, other) = (name(flags, one), name(flags, other));
            return Err(format!("{one} cannot be used with {other}: {why}; leave one of them out"));
        }
    }
    NEEDS.iter().try_for_each(|need| need.check(flags, ""))?;
    for with in IDENTIFY_CALLERS.iter().filter(|with| is_given(flags, with)) {
        let with = format!(" with {}", name(flags, with));
        NEEDS_WITH_CALLERS.iter().try_for_each(|need| need.check(flags, &with))?;
    }
    IDLE.iter().try_for_each(|idle| idle.check(flags))?;
    DISABLED.iter().try_for_each(|disabled| disabled.check(flags, &variable))?;
    match variable(MASTER_KEY_VARIABLE) {
        // As of the flags that encrypt. A reset would delete the rows of keys that stay in use as well.
        Some(_) if is_given(flags, "test_state") => {
            let state = name(flags, "test_state");
            Err(format!(
                "{state} cannot be used with {MASTER_KEY_VARIABLE}: {STATE_UNENCRYPTED}; leave one of them out"
            ))
        }
        Some(_) => Ok(()),
        None => DATA_KEYS.check(flags, ""),
    }
}

/// With --endpoint the command calls a server. Variables that name its storage may be set for that server.
///
/// # Errors
/// The first flag that has no effect then.
pub(super) fn check_init(flags: &ArgMatches) -> Result<(), String> {
    let of_stored = ["data", "storage", "master_key_file", "kms_endpoint", "kms_key_id", "auth_key_file", "account"];
    let is_typed = |id: &&str| flags.value_source(id) == Some(ValueSource::CommandLine);
    let none = Settings::new();
    match of_stored.iter().find(|id| is_typed(id)) {
        Some(id) if is_given(&Flags { matches: flags, of_file: &none }, "endpoint") => Err(format!(
            "{} cannot be used with --endpoint: the server there has the data; leave one of them out",
            long(id)
        )),
        _ => Ok(()),
    }
}

impl Need {
    /// `with` names the flag that makes it a need, if one does.
    fn check(&self, flags: &Flags<'_>, with: &str) -> Result<(), String> {
        let Need(flag, needed, why) = self;
        if !is_given(flags, flag) || needed.iter().any(|needed| is_given(flags, needed)) {
            return Ok(());
        }
        let needed: Vec<String> = needed.iter().map(|needed| long(needed)).collect();
        Err(format!("{} has no effect{with} without {}: {why}", name(flags, flag), needed.join(" or ")))
    }
}

impl Idle {
    fn check(&self, flags: &Flags<'_>) -> Result<(), String> {
        match is_given(flags, self.flag) && (self.is_idle)(flags.matches) {
            false => Ok(()),
            true => Err(format!(
                "{} has no effect with this value of {}: {}",
                name(flags, self.flag),
                name(flags, self.other),
                self.why
            )),
        }
    }
}

impl Disabled {
    fn check(&self, flags: &Flags<'_>, variable: impl Fn(&str) -> Option<String>) -> Result<(), String> {
        let is_disabled = || variable(self.variable).is_some_and(|value| value.eq_ignore_ascii_case(self.value));
        match is_given(flags, self.flag) && is_disabled() {
            false => Ok(()),
            true => Err(format!(
                "{} has no effect while {} is {}; leave out the flag or unset the variable",
                name(flags, self.flag),
                self.variable,
                self.value
            )),
        }
    }
}

/// The flags of a command line, with their variables, and what a config file sets of those that have neither.
struct Flags<'a> {
    matches: &'a ArgMatches,
    of_file: &'a Settings,
}

/// Whether a flag is set by the command line, a variable or the config file, and not to false.
fn is_given(flags: &Flags<'_>, id: &str) -> bool {
    let chosen = match flags.matches.value_source(id) {
        Some(ValueSource::CommandLine | ValueSource::EnvVariable) => true,
        _ => flags.of_file.contains_key(id),
    };
    chosen && !matches!(flags.matches.try_get_one::<bool>(id), Ok(Some(false)))
}

/// The flag, or the variable that it comes from.
fn name(flags: &Flags<'_>, id: &str) -> String {
    match flags.matches.value_source(id) {
        Some(ValueSource::EnvVariable) => format!("STATOR_{}", id.to_uppercase()),
        Some(ValueSource::CommandLine) => long(id),
        _ if flags.of_file.contains_key(id) => format!("{} of the config file", long(id)),
        _ => long(id),
    }
}

fn long(id: &str) -> String {
    format!("--{}", id.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn checked(flags: &[&str], variables: &[&str]) -> Result<(), String> {
        let matches = Cli::command().try_get_matches_from([&["stator", "serve"], flags].concat()).unwrap();
        let serve = matches.subcommand_matches("serve").unwrap();
        let value = |name: &str| variables.iter().find_map(|text| text.strip_prefix(name)?.strip_prefix('='));
        check(serve, &Settings::new(), |name| value(name).map(str::to_owned))
    }

    /// A flag with a value that is valid for it.
    fn flag(id: &str) -> Vec<String> {
        let value = match id {
            "memory"
            | "auth"
            | "isolate"
            | "tls_self_signed"
            | "audit_data"
            | "audit_required"
            | "allow_unverified_remote"
            | "no_deliveries"
            | "test_state"
            | "until_stdin_closes"
            | "replication_insecure"
            | "faults" => None,
            "peer" => Some("eu-west-1=https://h"),
            "storage" | "storage_replicas" => Some("postgres://h/d"),
            "kms_endpoint" | "kinesis_endpoint" | "lambda_endpoint" | "sqs_endpoint" | "sns_endpoint" => {
                Some("http://127.0.0.1:1")
            }
            "audit_log_bytes" | "memory_limit" | "disk_reserve" | "cache" | "memtable" | "dax_item_memory"
            | "dax_query_memory" => Some("64MiB"),
            "node_lease_ms" | "storage_replica_lag_ms" => Some("1000"),
            "cloudwatch_series_max"
            | "kms_check_seconds"
            | "data_key_days"
            | "backup_store_hold_hours"
            | "audit_log_files"
            | "metrics_tables_max"
            | "lambda_timeout"
            | "clock_offset" => Some("5"),
            "dax_record_ttl_millis"
            | "dax_query_ttl_millis"
            | "dax_connections_max"
            | "dax_connections_per_address_max" => Some("5"),
            _ => Some("x"),
        };
        std::iter::once(long(id)).chain(value.map(str::to_owned)).collect()
    }

    fn check_ids(ids: &[&str], variables: &[&str]) -> Result<(), String> {
        let flags: Vec<String> = ids.iter().flat_map(|id| flag(id)).collect();
        checked(&flags.iter().map(String::as_str).collect::<Vec<_>>(), variables)
    }

    #[test]
    fn every_conflict_is_refused() {
        for Conflict(one, other, why) in &CONFLICTS {
            let said = check_ids(&[one, other], &[]).unwrap_err();
            assert!(said.contains(&long(one)) && said.contains(&long(other)) && said.contains(why), "{said}");
        }
    }

    #[test]
    fn every_need_is_demanded_and_met() {
        for Need(flag, needed, why) in NEEDS.iter().chain([&DATA_KEYS]) {
            let said = check_ids(&[flag], &[]).unwrap_err();
            assert!(said.contains(&long(flag)) && said.contains(why), "{said}");
            for needed in *needed {
                // What is needed may itself need something.
                let further = NEEDS.iter().filter(|Need(id, ..)| id == needed).map(|Need(_, needs, _)| needs[0]);
                let all: Vec<&str> = [*flag, *needed].into_iter().chain(further.filter(|id| id != flag)).collect();
                assert_eq!(check_ids(&all, &[]), Ok(()), "{all:?}");
            }
        }
        assert_eq!(check_ids(&["data_key_days"], &["STATOR_MASTER_KEY=k"]), Ok(()));
        // As if the key were in a file.
        let state = check_ids(&["test_state"], &["STATOR_MASTER_KEY=k"]);
        assert!(state.is_err_and(|said| said.starts_with("--test-state cannot be used with STATOR_MASTER_KEY: ")));
        assert_eq!(check_ids(&["test_state"], &[]), Ok(()));
    }

    #[test]
    fn needs_with_callers_are_demanded_with_them_alone() {
        for Need(flag, needed, why) in &NEEDS_WITH_CALLERS {
            assert_eq!(check_ids(&[flag], &[]), Ok(()));
            for with in IDENTIFY_CALLERS {
                let said = check_ids(&[with, flag], &[]).unwrap_err();
                let expected = format!("{} has no effect with {} without", long(flag), long(with));
                assert!(said.contains(&expected) && said.contains(why), "{said}");
                assert_eq!(check_ids(&[with, flag, needed[0]], &[]), Ok(()));
            }
        }
    }

    #[test]
    fn values_that_leave_a_flag_idle_are_refused() {
        for (flags, is_idle) in [
            (&["--audit-log", "x", "--audit-log-bytes", "0", "--audit-log-files", "3"][..], true),
            (&["--audit-log", "x", "--audit-log-bytes", "1MiB", "--audit-log-files", "3"], false),
            (&["--audit-log", "x", "--audit-log-bytes", "0"], false),
            (&["--audit-log", "x", "--audit-log-files", "3"], false),
            (&["--connections-max", "100", "--connections-per-address-max", "101"], true),
            (&["--connections-max", "100", "--connections-per-address-max", "100"], false),
            (&["--connections-per-address-max", "8193"], true),
            (&["--connections-max", "100"], false),
        ] {
            let said = checked(flags, &[]);
            let idle = IDLE.iter().find(|idle| flags.contains(&long(idle.flag).as_str()));
            let why = idle.map_or("", |idle| idle.why);
            assert_eq!(said.is_err(), is_idle, "{flags:?}: {said:?}");
            assert!(said.err().is_none_or(|said| said.contains(why)), "{flags:?}");
        }
    }

    #[test]
    fn variables_that_disable_a_flag_are_refused_beside_it() {
        for Disabled { flag, variable, value } in &DISABLED {
            for (value, is_disabled) in
                [(value.to_uppercase().as_str(), true), (value, true), ("", false), ("otlp", false)]
            {
                let variables = [format!("{variable}={value}")];
                let said = check_ids(&[flag], &[&variables[0]]);
                assert_eq!(said.is_err(), is_disabled, "{said:?}");
                assert!(said.err().is_none_or(|said| said.contains(&long(flag)) && said.contains(variable)));
                assert_eq!(check_ids(&[], &[&variables[0]]), Ok(()));
            }
        }
    }

    /// A row that names no flag would never hold.
    #[test]
    fn every_name_is_a_flag() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").unwrap();
        let is_flag = |id: &str| serve.get_arguments().any(|argument| argument.get_id() == id);
        let conflicts = CONFLICTS.iter().flat_map(|Conflict(one, other, _)| [*one, *other]);
        let needs =
            NEEDS.iter().chain(&NEEDS_WITH_CALLERS).flat_map(|Need(flag, needed, _)| [&[*flag], *needed].concat());
        let idle = IDLE.iter().flat_map(|idle| [idle.flag, idle.other]);
        let disabled = DISABLED.iter().map(|disabled| disabled.flag);
        for id in conflicts.chain(needs).chain(idle).chain(disabled) {
            assert!(is_flag(id), "{id}");
        }
    }

    #[test]
    fn defaults_conflict_with_nothing() {
        for ids in [&[][..], &["memory"], &["storage"], &["auth"], &["memory", "auth"], &["auth", "auth_key_file"]] {
            assert_eq!(check_ids(ids, &[]), Ok(()), "{ids:?}");
        }
    }
}
