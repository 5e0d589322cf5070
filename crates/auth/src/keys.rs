//! Access keys from a file, in the form of the AWS CLI's credentials: for set-ups with a few fixed keys. Each may do
//! everything in its account.
//!
//! ```ini
//! [default]
//! aws_access_key_id = AKIAIOSFODNN7EXAMPLE
//! aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
//! aws_account_id = 123456789012
//! ```

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroize;

use crate::caller::{Caller, SHARED_ACCOUNT};
use crate::sigv4::{Credential, Received, Refusal, Signature, SigningKeys};
use base::WeakSecret;

const ACCESS_KEY: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";
const TOKEN: &str = "aws_session_token";
const ACCOUNT: &str = "aws_account_id";

/// Of one access key; never shown.
struct Secret {
    account: String,
    secret: String,
    token: Option<String>,
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.token.zeroize();
    }
}

/// The keys that may sign.
pub struct KeyRing {
    secrets: HashMap<String, Secret>,
    signing: SigningKeys,
    /// A profile whose secret is easy to guess, as a sentence.
    weakness: Option<String>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.secrets.keys()).finish()
    }
}

impl KeyRing {
    /// # Errors
    /// What is wrong with the text, without any of its secrets.
    pub fn parse(text: &str) -> Result<KeyRing, String> {
        let mut secrets = HashMap::new();
        let mut weakness = None;
        for profile in profiles(text)? {
            let name = profile.name;
            let (access_key, secret) = profile.read()?;
            if let (None, Some(weak)) = (&weakness, WeakSecret::of(&secret.secret)) {
                weakness = Some(format!("the secret of profile [{name}] {weak}"));
            }
            if secrets.insert(access_key.clone(), secret).is_some() {
                return Err(format!("profile [{name}] has the access key {access_key}, which another one has already"));
            }
        }
        if secrets.is_empty() {
            return Err(format!("there is no profile with {ACCESS_KEY} and {SECRET}"));
        }
        Ok(KeyRing { secrets, signing: SigningKeys::default(), weakness })
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Which secret is easy to guess, and why; the first one of several.
    pub fn weakness(&self) -> Option<&str> {
        self.weakness.as_deref()
    }

    /// Whether there is such a key.
    pub(crate) fn check_known(&self, credential: &Credential<'_>) -> Result<(), Refusal> {
        self.known(credential).map(|_| ())
    }

    fn known(&self, credential: &Credential<'_>) -> Result<&Secret, Refusal> {
        self.secrets.get(&*credential.access_key).ok_or(Refusal::Unrecognized)
    }

    /// The caller that signed a request, if the signature is valid.
    pub(crate) fn caller(&self, signature: &Signature<'_>, received: &Received<'_>) -> Result<Caller, Refusal> {
        let credential = &signature.credential;
        let known = self.known(credential)?;
        self.signing.verify(signature, &known.secret, received)?;
        // The caller has proven the secret, so a comparison that takes variable time reveals nothing to it.
        if signature.token.as_deref() != known.token.as_deref() {
            return Err(Refusal::Unrecognized);
        }
        Ok(Caller {
            account: known.account.clone(),
            region: credential.region.to_string(),
            access_key: credential.access_key.to_string(),
            identity: None,
            served: Some(Arc::from([])),
        })
    }
}

/// A section of the file.
struct Profile<'a> {
    name: &'a str,
    settings: HashMap<&'a str, &'a str>,
}

impl Profile<'_> {
    fn read(&self) -> Result<(String, Secret), String> {
        let wanted = |name: &str| match self.settings.get(name) {
            Some(value) if !value.is_empty() => Ok((*value).to_owned()),
            _ => Err(format!("profile [{}] has no {name}", self.name)),
        };
        let account = self.settings.get(ACCOUNT).copied().unwrap_or(SHARED_ACCOUNT).to_owned();
        if account.len() != SHARED_ACCOUNT.len() || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("profile [{}] has the {ACCOUNT} '{account}', which is not 12 digits", self.name));
        }
        let token = self.settings.get(TOKEN).map(|token| (*token).to_owned());
        Ok((wanted(ACCESS_KEY)?, Secret { account, secret: wanted(SECRET)?, token }))
    }
}

fn profiles(text: &str) -> Result<Vec<Profile<'_>>, String> {
    let mut profiles: Vec<Profile<'_>> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            profiles.push(Profile { name: name.trim(), settings: HashMap::new() });
            continue;
        }
        // The line itself may hold a secret.
        let wrong = || format!("line {} is neither a [profile] nor a setting of one", at + 1);
        let (name, value) = line.split_once('=').ok_or_else(wrong)?;
        let profile = profiles.last_mut().ok_or_else(wrong)?;
        // Which of two accounts or secrets is meant is not guessed.
        if profile.settings.insert(name.trim(), value.trim()).is_some() {
            return Err(format!("line {} has a setting that profile [{}] has already", at + 1, profile.name));
        }
    }
    Ok(profiles)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# ours\n[default]\naws_access_key_id = AKIDA\naws_secret_access_key=secret/one=\n\n\
                        [other]\r\naws_access_key_id=AKIDB\r\naws_secret_access_key = two\r\n\
                        aws_account_id = 123456789012\r\naws_session_token = token\r\nregion = eu-west-3\r\n";

    #[test]
    fn files_of_the_aws_cli() {
        let keys = KeyRing::parse(FILE).unwrap();
        assert_eq!(keys.len(), 2);
        let of = |name: &str| {
            let Secret { account, secret, token } = &keys.secrets[name];
            (account.as_str(), secret.as_str(), token.as_deref())
        };
        assert_eq!(of("AKIDA"), (SHARED_ACCOUNT, "secret/one=", None));
        assert_eq!(of("AKIDB"), ("123456789012", "two", Some("token")));
        assert!(!format!("{keys:?}").contains("secret"));
        assert_eq!(keys.weakness(), Some("the secret of profile [default] is shorter than 16 characters"));
        let strong = "[a]\naws_access_key_id = A\naws_secret_access_key = kZ3v9Qm1TtY6hWc0RbX8sLpE2uNf\n";
        assert_eq!(KeyRing::parse(strong).unwrap().weakness(), None);
    }

    #[test]
    fn complaints_name_no_secret() {
        for (text, complaint) in [
            ("", "there is no profile with aws_access_key_id and aws_secret_access_key"),
            ("hidden", "line 1 is neither a [profile] nor a setting of one"),
            ("aws_secret_access_key=hidden", "line 1 is neither a [profile] nor a setting of one"),
            ("[a]\naws_secret_access_key=hidden", "profile [a] has no aws_access_key_id"),
            ("[a]\naws_access_key_id=b\naws_secret_access_key=", "profile [a] has no aws_secret_access_key"),
            (
                "[a]\naws_access_key_id=b\naws_secret_access_key=hidden\naws_account_id=1",
                "profile [a] has the aws_account_id '1', which is not 12 digits",
            ),
            (
                "[a]\naws_access_key_id=b\naws_secret_access_key=hidden\n[c]\naws_access_key_id=b\n\
                 aws_secret_access_key=hidden",
                "profile [c] has the access key b, which another one has already",
            ),
            (
                "[a]\naws_access_key_id=b\naws_account_id=111122223333\naws_account_id = 444455556666",
                "line 4 has a setting that profile [a] has already",
            ),
        ] {
            assert_eq!(KeyRing::parse(text).map(|_| ()), Err(complaint.to_owned()), "{text}");
        }
    }
}
