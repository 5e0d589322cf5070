//! The command that the ready line suggests: one that works as it is, with what the server was started with.

use std::path::Path;

use base::RegularFile;

use crate::root_key;
use crate::secret_file::CREDENTIALS_BYTES_MAX;

const DEFAULT_PROFILE: &str = "default";

/// The credentials that the command uses.
pub(crate) enum Caller<'a> {
    /// Those of a file of access keys.
    InFile(&'a Path),
    /// The caller's own, in a profile: the server knows none that it could name.
    Own,
    /// The root's, from the variables that the server has it from.
    RootOfEnvironment,
    /// Signatures are not checked.
    Any,
}

/// For a POSIX shell.
pub(crate) fn command(caller: &Caller<'_>, ca_bundle: Option<&Path>, region: &str, url: &str) -> String {
    let trust = ca_bundle.map(|file| format!("AWS_CA_BUNDLE={} ", path(file))).unwrap_or_default();
    let (variables, profile) = match caller {
        Caller::InFile(file) => of_file(file),
        Caller::Own => (String::new(), " --profile NAME".to_owned()),
        Caller::RootOfEnvironment => {
            (format!("AWS_ACCESS_KEY_ID=${} AWS_SECRET_ACCESS_KEY=${} ", root_key::ID, root_key::SECRET), String::new())
        }
        Caller::Any => ("AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any ".to_owned(), String::new()),
    };
    format!("{trust}{variables}aws dynamodb list-tables{profile} --region {region} --endpoint-url {url}")
}

/// The file has the form of the AWS CLI's own, which can therefore read it.
fn of_file(file: &Path) -> (String, String) {
    let read = RegularFile::read(file, CREDENTIALS_BYTES_MAX).ok();
    let text = read.as_ref().and_then(|read| std::str::from_utf8(&read.bytes).ok()).unwrap_or_default();
    let profile = match profile(text) {
        None | Some(DEFAULT_PROFILE) => String::new(),
        Some(name) => format!(" --profile {}", quoted(name)),
    };
    let file = std::path::absolute(file).unwrap_or(file.to_owned());
    (format!("AWS_SHARED_CREDENTIALS_FILE={} ", path(&file)), profile)
}

/// The default one, or else the first.
fn profile(text: &str) -> Option<&str> {
    let mut names = text.lines().filter_map(|line| Some(line.trim().strip_prefix('[')?.strip_suffix(']')?.trim()));
    names.clone().find(|name| *name == DEFAULT_PROFILE).or_else(|| names.next())
}

fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:=@%,".contains(&byte);
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell() {
        for (text, expected) in [
            ("/var/lib/stator/keys", "/var/lib/stator/keys"),
            ("/home/ada l/keys", "'/home/ada l/keys'"),
            ("it's", r"'it'\''s'"),
            ("$(reboot)", "'$(reboot)'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn profiles_of_a_file() {
        for (text, expected) in [
            ("[default]\naws_access_key_id = A\n", Some("default")),
            ("# keys\n[app]\naws_access_key_id = A\n[other]\n", Some("app")),
            ("[app]\n[ default ]\n", Some("default")),
            ("", None),
        ] {
            assert_eq!(profile(text), expected, "{text}");
        }
    }
}
