//! The credentials of requests: as the usual environment variables say, or a user's profile, in the region of the endpoint.

use crate::Failure;
use crate::aws::{REGION_DEFAULT, is_aws, region_of};
use crate::endpoint::Endpoint;
use crate::profile::{Profile, variable};
use crate::server::Server;
use crate::sigv4::Credentials;

/// Credentials for a server that does not authenticate.
const ANYBODY: &str = "stator";

impl Credentials {
    /// The region is `region`, or the one in the name of an endpoint of AWS, or the environment's.
    ///
    /// # Errors
    /// If AWS itself is asked, and the environment holds no keys.
    pub fn from_environment(endpoint: &Endpoint, region: Option<&str>) -> Result<Credentials, Failure> {
        credentials(&endpoint.url, &endpoint.host, region, variable)
    }

    /// As [`Credentials::from_environment`], for a server that is resolved later.
    ///
    /// # Errors
    /// As for [`Credentials::from_environment`].
    pub fn for_server(server: &Server, region: Option<&str>) -> Result<Credentials, Failure> {
        credentials(&server.url().origin(), &server.url().authority(), region, variable)
    }

    /// As [`Credentials::from_environment`]; what the environment does not say, the profile does.
    ///
    /// # Errors
    /// If AWS itself is asked, and neither holds keys; or if the profile has no keys that can be taken.
    pub fn of_user(endpoint: &Endpoint, region: Option<&str>, profile: &Profile) -> Result<Credentials, Failure> {
        of_user(&endpoint.url, &endpoint.host, region, profile, variable)
    }

    /// As [`Credentials::of_user`], for a server that is resolved later.
    ///
    /// # Errors
    /// As for [`Credentials::of_user`].
    pub fn of_user_for(server: &Server, region: Option<&str>, profile: &Profile) -> Result<Credentials, Failure> {
        of_user(&server.url().origin(), &server.url().authority(), region, profile, variable)
    }
}

fn of_user(
    url: &str,
    host: &str,
    region: Option<&str>,
    profile: &Profile,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Credentials, Failure> {
    let is_set = variable("AWS_ACCESS_KEY_ID").is_some() && variable("AWS_SECRET_ACCESS_KEY").is_some();
    let keys = if is_set { None } else { profile.keys()? };
    credentials(url, host, region, |name| match (name, &keys) {
        ("AWS_ACCESS_KEY_ID", Some((id, ..))) => Some(id.clone()),
        ("AWS_SECRET_ACCESS_KEY", Some((_, secret, _))) => Some(secret.clone()),
        ("AWS_SESSION_TOKEN", Some((.., token))) => token.clone(),
        ("AWS_DEFAULT_REGION", _) => variable(name).or_else(|| profile.region().map(str::to_owned)),
        _ => variable(name),
    })
}

fn credentials(
    url: &str,
    host: &str,
    region: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Credentials, Failure> {
    let (access_key, secret) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
    if is_aws(host) && (access_key.is_none() || secret.is_none()) {
        return Err(Failure::new(format!(
            "{url} is AWS itself: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if there is one)"
        )));
    }
    let named = region.or(region_of(host)).map(str::to_owned);
    let region = named.or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"));
    Ok(Credentials {
        access_key: access_key.unwrap_or(ANYBODY.to_owned()),
        secret: secret.unwrap_or(ANYBODY.to_owned()),
        session_token: variable("AWS_SESSION_TOKEN"),
        region: region.unwrap_or(REGION_DEFAULT.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(
        host: &str,
        region: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Credentials, Failure> {
        super::credentials(&format!("https://{host}"), host, region, variable)
    }

    #[test]
    fn regions() {
        let check = |host: &str, flag: Option<&str>, variables: &[(&str, &str)], expected: &str| {
            let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")];
            let all = [&keys[..], variables].concat();
            let variable = |name: &str| all.iter().find(|one| one.0 == name).map(|one| one.1.to_owned());
            let found = credentials(host, flag, variable).unwrap().region;
            assert_eq!(found, expected, "{host} {flag:?} {variables:?}");
        };
        let elsewhere = [("AWS_REGION", "eu-central-1"), ("AWS_DEFAULT_REGION", "eu-central-2")];
        check("127.0.0.1:8000", None, &[], "us-east-1");
        check("127.0.0.1:8000", None, &elsewhere, "eu-central-1");
        check("127.0.0.1:8000", None, &elsewhere[1..], "eu-central-2");
        check("127.0.0.1:8000", Some("sa-east-1"), &elsewhere, "sa-east-1");
        check("amazonaws.com.example", None, &[], "us-east-1");
        for (host, region) in [
            ("dynamodb.eu-west-1.amazonaws.com", "eu-west-1"),
            ("dynamodb.eu-west-1.amazonaws.com:8443", "eu-west-1"),
            ("dynamodb-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("dynamodb.eu-west-1.api.aws", "eu-west-1"),
            ("dynamodb.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("dynamodb.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"),
            ("111122223333.ddb.ap-south-1.amazonaws.com", "ap-south-1"),
            ("vpce-1a2b-3c4d.dynamodb.eu-west-3.vpce.amazonaws.com", "eu-west-3"),
            ("dynamodb.amazonaws.com", "us-east-1"),
            ("s3.amazonaws.com", "us-east-1"),
            ("s3.dualstack.eu-west-3.amazonaws.com", "eu-west-3"),
        ] {
            check(host, None, &elsewhere, region);
            check(host, Some("sa-east-1"), &elsewhere, "sa-east-1");
        }
    }

    #[test]
    fn aws_needs_real_keys() {
        let nothing = |_: &str| None;
        let said = credentials("dynamodb.eu-west-1.amazonaws.com", None, nothing).err().unwrap().to_string();
        assert!(said.contains("set AWS_ACCESS_KEY_ID"), "{said}");
        let half = |name: &str| (name == "AWS_ACCESS_KEY_ID").then(|| "AKIDEXAMPLE".to_owned());
        assert!(credentials("dynamodb.eu-west-1.amazonaws.com", None, half).is_err());
        let anybody = credentials("localhost", None, nothing).unwrap();
        assert_eq!((anybody.access_key.as_str(), anybody.secret.as_str()), (ANYBODY, ANYBODY));
        assert_eq!(anybody.session_token, None);
    }

    #[test]
    fn all_variables_are_taken() {
        let taken = credentials("localhost", None, |name| Some(name.to_owned())).unwrap();
        assert_eq!(taken.access_key, "AWS_ACCESS_KEY_ID");
        assert_eq!(taken.secret, "AWS_SECRET_ACCESS_KEY");
        assert_eq!(taken.session_token.as_deref(), Some("AWS_SESSION_TOKEN"));
    }
}
