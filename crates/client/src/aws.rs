//! What the names of AWS's own endpoints say.

pub(crate) const REGION_DEFAULT: &str = "us-east-1";

/// Source: AWS General Reference, "Amazon DynamoDB endpoints and quotas"; the second kind is reached over IPv6, too.
const DOMAINS: [&str; 4] = [".amazonaws.com", ".api.aws", ".amazonaws.com.cn", ".api.amazonwebservices.com.cn"];

pub(crate) fn is_aws(host: &str) -> bool {
    labels(host).is_some()
}

/// What precedes the domain, if it is one of AWS.
fn labels(host: &str) -> Option<&str> {
    let name = host.split(':').next().unwrap_or(host);
    DOMAINS.iter().find_map(|domain| name.strip_suffix(domain))
}

/// The region is the last label before the domain: `dynamodb.eu-west-1`, `111122223333.ddb.eu-west-1`, and in a private
/// network `vpce-1a2b.dynamodb.eu-west-1.vpce`. A name without one is the first region's.
pub(crate) fn region_of(host: &str) -> Option<&str> {
    let labels = labels(host)?;
    let region = labels.strip_suffix(".vpce").unwrap_or(labels).rsplit('.').next()?;
    Some(if region.starts_with("dynamodb") || region == "s3" { REGION_DEFAULT } else { region })
}

/// Where the streams of an endpoint's tables are read: AWS has hosts of their own for that, others have not.
pub fn streams_url(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, host)) if host.starts_with("dynamodb") && is_aws(host.trim_end_matches('/')) => {
            format!("{scheme}://streams.{host}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_aws_reads_streams_elsewhere() {
        let check = |url: &str, expected: &str| assert_eq!(streams_url(url), expected);
        let aws = "dynamodb.eu-west-1.amazonaws.com";
        check(&format!("https://{aws}"), &format!("https://streams.{aws}"));
        check(&format!("https://{aws}/"), &format!("https://streams.{aws}/"));
        check("https://dynamodb.eu-west-1.api.aws:443", "https://streams.dynamodb.eu-west-1.api.aws:443");
        for same in [&format!("https://streams.{aws}"), "http://127.0.0.1:8000", "http://dynamodb:8000", "nonsense"] {
            check(same, same);
        }
    }
}
