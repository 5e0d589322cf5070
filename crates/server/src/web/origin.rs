//! Origins of web pages, as browsers spell them in `Origin`: a scheme, a host, and a port unless it is the scheme's own.

use hyper::header::HeaderValue;

use crate::host::Host;

/// A value of `--cors`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Listed {
    Any,
    /// In small letters.
    Origin(String),
}

pub(super) fn listed(text: &str) -> Result<Listed, String> {
    let text = text.trim();
    if text == "*" {
        return Ok(Listed::Any);
    }
    let origin = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let wrong =
        || "an origin without a path, such as https://app.example.com or http://10.0.0.5:3000, or * for any".to_owned();
    let (scheme, authority) = origin.split_once("://").ok_or_else(wrong)?;
    if scheme.is_empty() || Host::of(authority).is_none() {
        return Err(wrong());
    }
    // Browsers leave the scheme's own port out.
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    let authority = authority.strip_suffix(own_port).unwrap_or(authority);
    Ok(Listed::Origin(format!("{scheme}://{authority}")))
}

#[derive(Debug)]
pub(super) struct Origins {
    any: bool,
    listed: Vec<Listed>,
}

impl Origins {
    pub(super) fn new(listed: &[Listed], open: bool) -> Origins {
        let any = listed.contains(&Listed::Any) || !open && listed.is_empty();
        Origins { any, listed: listed.to_vec() }
    }

    pub(super) fn are_any(&self) -> bool {
        self.any
    }

    pub(super) fn allow(&self, origin: &HeaderValue) -> bool {
        self.any || origin.to_str().is_ok_and(|origin| is_loopback(origin) || self.is_listed(origin))
    }

    fn is_listed(&self, origin: &str) -> bool {
        self.listed.iter().any(|listed| match listed {
            Listed::Any => true,
            Listed::Origin(listed) => listed.eq_ignore_ascii_case(origin),
        })
    }
}

/// A page of this machine. `null`, the origin of files and of what hides its origin, is not.
fn is_loopback(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    is_http && Host::of(authority).is_some_and(Host::is_loopback)
}
