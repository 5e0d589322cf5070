//! A profile in the text of the AWS CLI's credentials file: found, added, or given other keys. Every other byte stays.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

const ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";
const TOKEN: &str = "aws_session_token";
/// Settings that belong to the keys that are replaced, and those of other sources of keys, which clients prefer.
/// Source: AWS SDKs and Tools Reference Guide, "Settings reference".
const REPLACED: [&str; 16] = [
    ID,
    SECRET,
    TOKEN,
    "aws_security_token",
    "aws_account_id",
    "aws_credential_expiration",
    "role_arn",
    "role_session_name",
    "source_profile",
    "credential_source",
    "credential_process",
    "web_identity_token_file",
    "external_id",
    "mfa_serial",
    "duration_seconds",
    "login_session",
];
/// What the settings of IAM Identity Center begin with.
const SSO: &str = "sso_";
/// Unit: bytes.
const NAME_LENGTH_MAX: usize = 128;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a profile cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refused {
    Exists,
    Repeated,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::Exists => {
                "exists; choose another name with --profile, or give it other keys with --replace-profile"
            }
            Refused::Repeated => "exists more than once; remove all but one of them",
        })
    }
}

/// The keys of a profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: Zeroizing<String>,
    pub(super) token: Option<String>,
}

/// A name that every reader of the file understands without quotes.
pub(super) fn name(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-+@:/".contains(&byte);
    match !text.is_empty() && text.len() <= NAME_LENGTH_MAX && text.bytes().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err("letters, digits and _.-+@:/, such as 'default' or 'stator-root'".to_owned()),
    }
}

/// The lines of a profile, its header first.
fn section(text: &[u8], name: &str) -> Result<Option<Range<usize>>, Refused> {
    let mut found: Option<Range<usize>> = None;
    let mut is_inside = false;
    for line in lines(text) {
        if let Some(header) = header(&text[line.clone()]) {
            is_inside = header == name.as_bytes();
            if is_inside && found.is_some() {
                return Err(Refused::Repeated);
            }
            if is_inside {
                found = Some(line);
            }
        } else if let (true, Some(found)) = (is_inside, &mut found) {
            found.end = line.end;
        }
    }
    Ok(found)
}

/// Each with its end.
fn lines(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split_inclusive(|byte| *byte == b'\n').map(move |line| {
        start += line.len();
        start - line.len()..start
    })
}

fn header(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_prefix(MARK).unwrap_or(line).trim_ascii();
    let end = line.iter().position(|byte| *byte == b']')?;
    Some(line[..end].strip_prefix(b"[")?.trim_ascii())
}

/// The name and the value of a setting. Lines that begin with a space go on with the one before.
fn setting(line: &[u8]) -> Option<(String, &[u8])> {
    if line.first().is_none_or(|byte| byte.is_ascii_whitespace() || b"#;".contains(byte)) {
        return None;
    }
    let at = line.iter().position(|byte| b"=:".contains(byte))?;
    let name = String::from_utf8_lossy(line[..at].trim_ascii()).to_ascii_lowercase();
    Some((name, line[at + 1..].trim_ascii()))
}

/// The keys of a profile, if it is there and has any.
pub(super) fn keys(text: &[u8], name: &str) -> Result<Option<Keys>, Refused> {
    let Some(section) = section(text, name)? else { return Ok(None) };
    let section = &text[section];
    let value = |wanted: &str| {
        let mut settings = lines(section).filter_map(|line| setting(&section[line]));
        settings.find_map(|(name, value)| (name == wanted).then(|| String::from_utf8_lossy(value).into_owned()))
    };
    let (Some(id), Some(secret)) = (value(ID), value(SECRET)) else { return Ok(None) };
    Ok(Some(Keys { id, secret: secret.into(), token: value(TOKEN) }))
}

/// # Errors
/// If the profile is there, and is not to be replaced or is there more than once.
pub(super) fn check(text: &[u8], name: &str, replace: bool) -> Result<(), Refused> {
    match section(text, name)? {
        Some(_) if !replace => Err(Refused::Exists),
        _ => Ok(()),
    }
}

/// The text with this profile in it. `remark` is a comment above a new one.
///
/// # Errors
/// As [`check`].
pub(super) fn with(
    text: &[u8],
    name: &str,
    keys: &Keys,
    remark: &str,
    replace: bool,
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    check(text, name, replace)?;
    let end = line_end(text);
    let settings = Zeroizing::new(format!("{ID} = {}{end}{SECRET} = {}{end}", keys.id, &*keys.secret));
    let mut written = Zeroizing::new(Vec::with_capacity(text.len() + settings.len() + name.len() + remark.len() + 16));
    let Some(section) = section(text, name)? else {
        written.extend_from_slice(text);
        if !text.is_empty() {
            let gap = if text.ends_with(b"\n") { 1 } else { 2 };
            written.extend_from_slice(end.repeat(gap).as_bytes());
        }
        written.extend_from_slice(format!("# {remark}{end}[{name}]{end}").as_bytes());
        written.extend_from_slice(settings.as_bytes());
        return Ok(written);
    };
    written.extend_from_slice(&text[..section.start]);
    replace_settings(&text[section.clone()], &settings, end, &mut written);
    written.extend_from_slice(&text[section.end..]);
    Ok(written)
}

fn is_replaced(name: &str) -> bool {
    REPLACED.contains(&name) || name.starts_with(SSO)
}

/// The first line is the header, the new settings follow it.
fn replace_settings(section: &[u8], settings: &str, end: &str, written: &mut Vec<u8>) {
    let mut is_dropped = false;
    for (at, line) in lines(section).enumerate() {
        let line = &section[line];
        let is_continued =
            line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) && !line.trim_ascii().is_empty();
        if !is_continued {
            is_dropped = setting(line).is_some_and(|(name, _)| is_replaced(&name));
        }
        if !is_dropped {
            written.extend_from_slice(line);
        }
        if at == 0 {
            if !line.ends_with(b"\n") {
                written.extend_from_slice(end.as_bytes());
            }
            written.extend_from_slice(settings.as_bytes());
        }
    }
}

/// As the file's first line has it.
fn line_end(text: &[u8]) -> &'static str {
    let first = text.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if first.ends_with(b"\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Keys {
        Keys { id: "AKIDNEW".to_owned(), secret: "new/secret".to_owned().into(), token: None }
    }

    fn written(text: &str, name: &str, replace: bool) -> Result<String, Refused> {
        let written = with(text.as_bytes(), name, &key(), "the root", replace)?;
        Ok(String::from_utf8(written.to_vec()).unwrap())
    }

    const NEW: &str = "# the root\n[stator]\naws_access_key_id = AKIDNEW\naws_secret_access_key = new/secret\n";

    #[test]
    fn a_new_profile_is_added_and_all_else_stays() {
        for (text, gap) in [
            ("", ""),
            ("[default]\naws_access_key_id=a\naws_secret_access_key=b\n", "\n"),
            ("[default]\n aws_access_key_id=a", "\n\n"),
            ("# only a comment\n\n", "\n"),
            ("[stator2]\n[stator-]\n[ profile stator ]\nx=[stator]\n", "\n"),
        ] {
            assert_eq!(written(text, "stator", false), Ok(format!("{text}{gap}{NEW}")), "{text:?}");
        }
        let windows = "[default]\r\nregion = eu\r\n";
        assert_eq!(written(windows, "stator", false), Ok(format!("{windows}\r\n{}", NEW.replace('\n', "\r\n"))));
        // Bytes that are no text stay, too.
        let odd = b"[default]\nname = \xff\xfe\n";
        let added = with(odd, "stator", &key(), "the root", false).unwrap();
        assert_eq!(added.strip_prefix(&odd[..]), Some(format!("\n{NEW}").as_bytes()));
    }

    #[test]
    fn a_profile_that_is_there_is_replaced_only_if_asked() {
        let text = "[a]\nregion = x\n\n[stator]\nregion = eu ; mine\nAWS_Access_Key_Id: OLD\n# note\naws_secret_access_key = \
                    old\n  goes on\naws_session_token = t\ns3 =\n  max = 3\n\n[z]\naws_access_key_id = Z\n";
        assert_eq!(written(text, "stator", false), Err(Refused::Exists));
        let expected = "[a]\nregion = x\n\n[stator]\naws_access_key_id = AKIDNEW\naws_secret_access_key = new/secret\nregion = \
                        eu ; mine\n# note\ns3 =\n  max = 3\n\n[z]\naws_access_key_id = Z\n";
        assert_eq!(written(text, "stator", true), Ok(expected.to_owned()));
        for there in ["[stator]", "\u{feff}[stator]\n", "  [ stator ]\r\n", "[x]\n[stator] # mine\n"] {
            assert_eq!(written(there, "stator", false), Err(Refused::Exists), "{there:?}");
            assert!(written(there, "stator", true).unwrap().contains("AKIDNEW"), "{there:?}");
        }
        for replace in [false, true] {
            assert_eq!(written("[stator]\n[a]\n[stator]\n", "stator", replace), Err(Refused::Repeated));
        }
    }

    /// Clients assume a role or run a program rather than take the keys beside it.
    #[test]
    fn other_sources_of_keys_are_replaced() {
        let sources = [
            "role_arn",
            "source_profile",
            "credential_source",
            "Credential_Process",
            "web_identity_token_file",
            "sso_session",
            "sso_start_url",
            "sso_account_id",
            "sso_role_name",
            "sso_region",
            "mfa_serial",
            "external_id",
            "login_session",
        ];
        let lines: String = sources.iter().map(|name| format!("{name} = x\n  more = y\n")).collect();
        let text = format!("[stator]\nregion = eu\n{lines}output = json\n[z]\nrole_arn = z\n");
        let expected = "[stator]\naws_access_key_id = AKIDNEW\naws_secret_access_key = new/secret\nregion = eu\noutput = json\n\
                        [z]\nrole_arn = z\n";
        assert_eq!(written(&text, "stator", true), Ok(expected.to_owned()));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (text, replace) in [("", false), ("[stator]\nregion = x\n", true), ("[a]\naws_access_key_id = b\n", false)]
        {
            let written = written(text, "stator", replace).unwrap();
            assert_eq!(keys(written.as_bytes(), "stator"), Ok(Some(key())), "{written}");
        }
        assert_eq!(keys(b"[stator]\naws_access_key_id = b\n", "stator"), Ok(None));
        assert_eq!(keys(b"[a]\naws_access_key_id = b\naws_secret_access_key = c\n", "stator"), Ok(None));
    }

    #[test]
    fn names_need_no_quotes() {
        for good in ["default", "stator-root", "a.b_c", "user@host:1/x"] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
        for bad in ["", " ", "a b", "a]", "[a", "a\n", "a#b", "a'b", &"a".repeat(129), "é"] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
