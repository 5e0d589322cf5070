//! A URL with several hosts as one URL a host: each replica is near or far behind by itself.

/// As many URLs as hosts; a text that is no URL is returned unchanged; the parser refuses it.
pub(super) fn apart(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    hosts.split(',').map(|host| format!("{scheme}://{user}{host}{path}")).collect()
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn hosts_of_urls() {
        let check = |url: &str, expected: &[&str]| assert_eq!(apart(url), expected, "{url}");
        check("postgres://h/d", &["postgres://h/d"]);
        check(
            "postgres://u:p@a:1,b,[::1]:3/d?sslmode=disable",
            &[
                "postgres://u:p@a:1/d?sslmode=disable",
                "postgres://u:p@b/d?sslmode=disable",
                "postgres://u:p@[::1]:3/d?sslmode=disable",
            ],
        );
        check("postgres://u@a,b", &["postgres://u@a", "postgres://u@b"]);
        check("postgres://a,b?x=,@/", &["postgres://a?x=,@/", "postgres://b?x=,@/"]);
        check("nothing", &["nothing"]);
    }
}
