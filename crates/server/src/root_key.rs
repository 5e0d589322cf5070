//! The root's access key of a server with all data in memory: tests give it by the environment. It is in no flag,
//! because command lines can be read by other users.

use auth::SHARED_ACCOUNT;
use zeroize::Zeroizing;

pub(crate) const ID: &str = "STATOR_ROOT_ACCESS_KEY_ID";
pub(crate) const SECRET: &str = "STATOR_ROOT_SECRET_ACCESS_KEY";

const SECRET_LENGTH_MIN: usize = 32;
const SECRET_LENGTH_MAX: usize = 128;

pub(crate) struct RootKey {
    /// As the id says it.
    pub(crate) account: String,
    pub(crate) id: String,
    pub(crate) secret: Zeroizing<String>,
}

/// The key that the environment holds, where one is used.
///
/// # Errors
/// If one is used and there is none or a weak one, or if there is one and it is not used.
pub(crate) fn read(is_used: bool, variable: impl Fn(&str) -> Option<String>) -> Result<Option<RootKey>, String> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    match (is_used, given(ID), given(SECRET).map(Zeroizing::new)) {
        (false, None, None) => Ok(None),
        (false, ..) => Err(format!(
            "{ID} and {SECRET} are for 'serve --auth --memory' and have no effect here; unset them ('stator init' makes the \
             root's key of stored data)"
        )),
        (true, Some(id), Some(secret)) => root_key(id, secret).map(Some),
        (true, ..) => Err(format!("--auth with --memory takes the root's access key from {ID} and {SECRET}; set both")),
    }
}

fn root_key(id: String, secret: Zeroizing<String>) -> Result<RootKey, String> {
    let digits = id.strip_prefix("AKIA").filter(|digits| digits.len() == 16);
    let is_base32 = |digits: &str| digits.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
    let account = digits.filter(|digits| is_base32(digits)).and_then(|_| auth::issued_account(&id));
    let account = account.filter(|account| account != SHARED_ACCOUNT).ok_or_else(|| {
        format!("{ID} is not the id of an access key: AKIA and 16 capital letters or digits from 2 to 7, which hold the account")
    })?;
    let is_plain = secret.bytes().all(|byte| byte.is_ascii_graphic());
    let length = SECRET_LENGTH_MIN..=SECRET_LENGTH_MAX;
    if !is_plain || !length.contains(&secret.len()) || base::WeakSecret::of(&secret).is_some() {
        return Err(format!(
            "{SECRET} is malformed or easy to guess: use {SECRET_LENGTH_MIN} to {SECRET_LENGTH_MAX} random characters without spaces, \
             such as 40 of base64 (openssl rand -base64 30)"
        ));
    }
    Ok(RootKey { account, id, secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "kZ3v9Qm1TtY6hWc0RbX8sLpE2uNfJd5gAoKi7yVw";

    fn check(is_used: bool, id: Option<&str>, secret: Option<&str>) -> Result<Option<String>, String> {
        let variable = |name: &str| if name == ID { id } else { secret }.map(str::to_owned);
        read(is_used, variable).map(|key| key.map(|key| key.account))
    }

    #[test]
    fn a_key_is_used_with_auth_in_memory_only() {
        let id = auth::issue_access_key("AKIA", "123456789012", 0).unwrap();
        assert_eq!(id, "AKIARZPUZDIKAAAAAAAA");
        assert_eq!(check(true, Some(&id), Some(GOOD)), Ok(Some("123456789012".to_owned())));
        assert_eq!(check(false, None, None), Ok(None));
        assert_eq!(check(false, Some(""), Some("")), Ok(None));
        for (id, secret) in [(Some(&*id), Some(GOOD)), (Some(&*id), None), (None, Some(GOOD))] {
            assert!(check(false, id, secret).unwrap_err().contains("have no effect"));
        }
        for (id, secret) in [(Some(&*id), None), (None, Some(GOOD)), (None, None), (Some(""), Some(GOOD))] {
            assert!(check(true, id, secret).unwrap_err().contains("set both"));
        }
    }

    #[test]
    fn weak_keys_are_refused() {
        let good = "AKIARZPUZDIKAAAAAAAA";
        let shared = auth::issue_access_key("AKIA", SHARED_ACCOUNT, 7).unwrap();
        for id in ["test", "AKIA", "ASIARZPUZDIKAAAAAAAA", "AKIARZPUZDIKAAAAAAA1", "AKIARZPUZDIKAAAAAAAAA", &shared] {
            let said = check(true, Some(id), Some(GOOD)).unwrap_err();
            assert!(said.contains(ID), "{id}: {said}");
        }
        let repeated = "ab".repeat(20);
        for secret in
            ["secret", &GOOD[..31], &repeated, &format!("{GOOD} "), &format!("{}é", &GOOD[..38]), &GOOD.repeat(4)]
        {
            let said = check(true, Some(good), Some(secret)).unwrap_err();
            assert!(said.contains(SECRET) && !said.contains(secret), "{secret}: {said}");
        }
    }
}
