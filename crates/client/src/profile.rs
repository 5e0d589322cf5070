//! A user's profile in the files of the AWS CLI, for commands that users type: its keys, region and endpoints. The variables
//! that AWS's tools read name the profile and the files.
//!
//! Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files" and "Service-specific endpoints".

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use base::{RegularFile, Unreadable};

use crate::Failure;

/// Unit: bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;
const DEFAULT: &str = "default";
/// The usual name of no file.
const NO_FILE: &str = "/dev/null";
/// Settings by which a profile has its keys from elsewhere.
const OTHER_SOURCES: [&str; 6] =
    ["role_arn", "credential_process", "sso_session", "sso_start_url", "web_identity_token_file", "login_session"];

/// Settings by their names; one of several lines beneath a name is `name.line`.
type Settings = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub struct Profile {
    name: String,
    /// By a variable: then it must be there.
    is_named: bool,
    settings: Settings,
    /// Of the section of services that the profile names.
    services: Settings,
    ignores_endpoints: bool,
}

impl Profile {
    /// The profile of `AWS_PROFILE`, else the default one, which need not be there.
    ///
    /// # Errors
    /// If a file cannot be read, or a profile that is named is in none.
    pub fn of_user() -> Result<Profile, Failure> {
        Profile::read(variable, text)
    }

    fn read(
        variable: impl Fn(&str) -> Option<String>,
        text: impl Fn(&Path) -> Result<String, Failure>,
    ) -> Result<Profile, Failure> {
        let named = variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
        let name = named.clone().unwrap_or_else(|| DEFAULT.to_owned());
        let file = |named: &str, usual: &str| {
            let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
            let usual = || home.clone().map(|home| home.join(".aws").join(usual));
            match (variable(named), home.clone()) {
                (Some(file), Some(home)) => {
                    Some(file.strip_prefix("~/").map_or(file.clone().into(), |rest| home.join(rest)))
                }
                (Some(file), None) => Some(file.into()),
                (None, _) => usual(),
            }
        };
        let sections =
            |file: Option<PathBuf>| file.map_or(Ok(String::new()), |file| text(&file)).map(|text| parse(&text));
        let mut config = sections(file("AWS_CONFIG_FILE", "config"))?;
        let mut credentials = sections(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"))?;

        let header = if name == DEFAULT { DEFAULT.to_owned() } else { format!("profile {name}") };
        let found = (config.remove(&header), credentials.remove(&name));
        if named.is_some() && found == (None, None) {
            return Err(Failure::new(format!(
                "there is no profile {name}, which AWS_PROFILE names: see 'aws configure list-profiles'"
            )));
        }
        let mut settings = found.0.unwrap_or_default();
        settings.extend(found.1.unwrap_or_default());
        let services = settings.get("services").and_then(|name| config.remove(&format!("services {name}")));
        Ok(Profile {
            name,
            is_named: named.is_some(),
            services: services.unwrap_or_default(),
            ignores_endpoints: settings.get("ignore_configured_endpoint_urls").is_some_and(|text| text == "true"),
            settings,
        })
    }

    /// The URL of the first of these services that the environment or the profile has one for, else that of all services.
    /// The names are those in variables, such as `DYNAMODB_STREAMS`.
    pub fn endpoint_url(&self, services: &[&str]) -> Option<String> {
        self.endpoint(services, variable)
    }

    fn endpoint(&self, services: &[&str], variable: impl Fn(&str) -> Option<String>) -> Option<String> {
        let is_ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|text| text == "true");
        if is_ignored || self.ignores_endpoints {
            return None;
        }
        let of_variables = || services.iter().find_map(|name| variable(&format!("AWS_ENDPOINT_URL_{name}")));
        let of_services = || {
            services
                .iter()
                .find_map(|name| self.services.get(&format!("{}.endpoint_url", name.to_lowercase())).cloned())
        };
        of_variables()
            .or_else(|| variable("AWS_ENDPOINT_URL"))
            .or_else(of_services)
            .or_else(|| self.settings.get("endpoint_url").cloned())
    }

    pub(crate) fn region(&self) -> Option<&str> {
        self.setting("region")
    }

    /// Key, secret and, if there is one, session token.
    ///
    /// # Errors
    /// If the profile is named and has its keys from where this program takes none.
    pub(crate) fn keys(&self) -> Result<Option<(String, String, Option<String>)>, Failure> {
        let other = OTHER_SOURCES.into_iter().find(|name| self.settings.contains_key(*name));
        match (other, self.setting("aws_access_key_id"), self.setting("aws_secret_access_key")) {
            (None, Some(id), Some(secret)) => {
                let token = self.setting("aws_session_token").map(str::to_owned);
                Ok(Some((id.to_owned(), secret.to_owned(), token)))
            }
            (Some(other), ..) if self.is_named => Err(Failure::new(format!(
                "the profile {} has its keys from {other}, which is not supported here: set the variables that 'aws configure \
                 export-credentials --format env' prints",
                self.name
            ))),
            (None, ..) if self.is_named => Err(Failure::new(format!(
                "the profile {} has no aws_access_key_id and aws_secret_access_key",
                self.name
            ))),
            _ => Ok(None),
        }
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// One that is set to nothing is not set.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Nothing of a file that is not there.
fn text(file: &Path) -> Result<String, Failure> {
    if file == Path::new(NO_FILE) {
        return Ok(String::new());
    }
    match RegularFile::read(file, FILE_BYTES_MAX) {
        Ok(read) => Ok(String::from_utf8_lossy(&read.bytes).into_owned()),
        Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::new(format!("cannot read {}: {error}", file.display()))),
    }
}

/// The sections by their headers, with one space between words.
fn parse(text: &str) -> BTreeMap<String, Settings> {
    let mut sections: BTreeMap<String, Settings> = BTreeMap::new();
    let (mut header, mut above) = (None::<String>, None::<String>);
    for line in text.lines() {
        let trimmed = line.trim_start_matches('\u{feff}').trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some((name, _)) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            header = Some(name.split_whitespace().collect::<Vec<_>>().join(" "));
            above = None;
            continue;
        }
        let (Some(header), Some((name, value))) = (&header, trimmed.split_once('=')) else { continue };
        let (name, value) = (name.trim().to_lowercase(), without_remark(value.trim()));
        let name = match (&above, line.starts_with([' ', '\t'])) {
            (Some(above), true) => format!("{above}.{name}"),
            (None, true) => continue,
            (_, false) => {
                above = value.is_empty().then(|| name.clone());
                name
            }
        };
        sections.entry(header.clone()).or_default().insert(name, value.to_owned());
    }
    sections
}

fn without_remark(value: &str) -> &str {
    let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
    end.map_or(value, |end| value[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[default]\nregion = eu-west-1\n[profile  music] # ours\nregion=eu-west-3 ; Paris\nservices = local\n\
                          endpoint_url = http://all\n[services local]\ndynamodb =\n  endpoint_url = http://tables\n\
                          dynamodb_streams = \n\tendpoint_url = http://streams\n[profile role]\nrole_arn = arn\n";
    const CREDENTIALS: &str = "[default]\naws_access_key_id = D\naws_secret_access_key = d\n[music]\naws_access_key_id = M\n\
                               aws_secret_access_key = m=/+\naws_session_token = t\n[role]\naws_access_key_id = R\n\
                               aws_secret_access_key = r\n";

    fn profile(variables: &[(&str, &str)]) -> Result<Profile, Failure> {
        let all = [&[("HOME", "/h")], variables].concat();
        let variable = |name: &str| all.iter().find(|one| one.0 == name).map(|one| one.1.to_owned());
        Profile::read(variable, |file| {
            Ok(match file.to_str() {
                Some("/h/.aws/config") => CONFIG.to_owned(),
                Some("/h/.aws/credentials") => CREDENTIALS.to_owned(),
                _ => String::new(),
            })
        })
    }

    fn keys(variables: &[(&str, &str)]) -> Option<String> {
        profile(variables).unwrap().keys().unwrap().map(|(id, secret, token)| format!("{id} {secret} {token:?}"))
    }

    #[test]
    fn keys_and_regions() {
        assert_eq!(keys(&[]).as_deref(), Some("D d None"));
        assert_eq!(profile(&[]).unwrap().region(), Some("eu-west-1"));
        assert_eq!(keys(&[("AWS_PROFILE", "music")]).as_deref(), Some("M m=/+ Some(\"t\")"));
        assert_eq!(profile(&[("AWS_PROFILE", "music")]).unwrap().region(), Some("eu-west-3"));
        assert_eq!(keys(&[("AWS_SHARED_CREDENTIALS_FILE", "/none")]), None);
        assert_eq!(keys(&[("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")]).as_deref(), Some("D d None"));
    }

    #[test]
    fn a_profile_that_is_named_must_have_keys() {
        let said = |name: &str| match profile(&[("AWS_PROFILE", name)]) {
            Ok(profile) => profile.keys().unwrap_err().to_string(),
            Err(failure) => failure.to_string(),
        };
        assert!(said("absent").contains("there is no profile absent"));
        assert!(said("role").contains("has its keys from role_arn"));
    }

    #[test]
    fn endpoints() {
        let check = |name: Option<&str>, variables: &[(&str, &str)], expected: Option<&str>| {
            let profile = profile(&name.map(|name| ("AWS_PROFILE", name)).into_iter().collect::<Vec<_>>()).unwrap();
            let variable = |name: &str| variables.iter().find(|one| one.0 == name).map(|one| one.1.to_owned());
            let found = profile.endpoint(&["DYNAMODB_STREAMS", "DYNAMODB"], variable);
            assert_eq!(found.as_deref(), expected, "{name:?} {variables:?}");
        };
        let (streams, tables, all) =
            (("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "s"), ("AWS_ENDPOINT_URL_DYNAMODB", "t"), ("AWS_ENDPOINT_URL", "a"));
        check(None, &[all, tables, streams], Some("s"));
        check(None, &[all, tables], Some("t"));
        check(Some("music"), &[all], Some("a"));
        check(Some("music"), &[], Some("http://streams"));
        check(None, &[], None);
        check(Some("music"), &[all, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], None);
    }

    #[cfg(unix)]
    #[test]
    fn special_files_are_refused_but_for_the_name_of_no_file() {
        assert_eq!(text(Path::new("/dev/null")).unwrap(), "");
        assert!(text(Path::new("/dev/zero")).unwrap_err().to_string().contains("a device"));
        assert_eq!(text(Path::new("/none")).unwrap(), "");
    }
}
