//! Texts without secrets: of URLs, the user and what follows the path; of everything, the values of variables that hold secrets.

/// Parts of the names of variables that hold secrets.
const SECRET_NAMES: [&str; 6] = ["SECRET", "PASSWORD", "TOKEN", "CREDENTIAL", "PGPASS", "MASTER_KEY"];
/// A shorter value would be found in words that are none.
const LENGTH_MIN: usize = 4;
const HIDDEN: &str = "(hidden)";

/// A URL without a user, a password, a query and a fragment; any other text as it is.
pub(super) fn url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (rest, more) = rest.split_at(end);
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    // The last one: a password may have the character too.
    let host = authority.rsplit_once('@').map_or_else(|| authority.to_owned(), |(_, host)| format!("{HIDDEN}@{host}"));
    let more = if more.is_empty() { "" } else { HIDDEN };
    format!("{scheme}://{host}{path}{more}")
}

/// Whether a variable's value is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    // The file of a secret is named, and not the secret.
    !name.ends_with("_FILE") && SECRET_NAMES.iter().any(|part| name.to_ascii_uppercase().contains(part))
}

/// Secrets that are known: none of them is left in a text.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Of these variables, by their names and in URLs.
    pub(super) fn of(variables: impl Iterator<Item = (String, String)>, urls: impl Iterator<Item = String>) -> Secrets {
        let mut secrets = Vec::new();
        for (name, value) in variables {
            secrets.extend(passwords(&value));
            if is_secret_name(&name) {
                secrets.push(value);
            }
        }
        secrets.extend(urls.flat_map(|text| passwords(&text)));
        secrets.retain(|secret| secret.len() >= LENGTH_MIN);
        // A secret may begin with another one, which would leave its end.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Secrets(secrets)
    }

    pub(super) fn hidden_in(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
    }
}

/// The password of a URL, as it is written and decoded.
fn passwords(text: &str) -> Vec<String> {
    let authority = text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let user = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    let Some((_, password)) = user.and_then(|user| user.split_once(':')) else { return Vec::new() };
    let decoded = base::percent_decoded_strict(password.as_bytes());
    std::iter::once(password.to_owned()).chain(decoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_no_secrets() {
        for (text, expected) in [
            ("postgres://me:pass@db:5432/stator", "postgres://(hidden)@db:5432/stator"),
            ("postgres://me:p@ss@db/stator?password=x", "postgres://(hidden)@db/stator(hidden)"),
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
            ("./stator-data", "./stator-data"),
            ("https://h/p#secret", "https://h/p(hidden)"),
        ] {
            assert_eq!(url(text), expected);
        }
    }

    #[test]
    fn known_secrets_are_in_no_text() {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables = [
            variable("PGPASSWORD", "planted-1"),
            variable("AWS_SECRET_ACCESS_KEY", "planted-1-longer"),
            variable("STATOR_STORAGE", "postgres://u:planted%2D3@h/d"),
            variable("STATOR_MASTER_KEY", "planted-4"),
            variable("STATOR_MASTER_KEY_FILE", "/etc/stator/key"),
            variable("HOME", "/root"),
        ];
        let urls = ["postgres://u:planted-5@h/d".to_owned()];
        let secrets = Secrets::of(variables.into_iter(), urls.into_iter());
        let text =
            "a planted-1-longer b planted-1 c planted-3 d planted%2D3 e planted-4 f planted-5 /etc/stator/key /root";
        assert_eq!(
            secrets.hidden_in(text),
            "a (hidden) b (hidden) c (hidden) d (hidden) e (hidden) f (hidden) /etc/stator/key /root"
        );
    }
}
