//! What callers may have this server call: addresses, and resources of other AWS services.
//!
//! Where callers are known (`--auth`, `--credentials`), both are closed but for public addresses and an account's own resources.
//! Without that, every client that reaches the port is trusted, and both are open unless one of the flags is given.

use std::path::PathBuf;

use auth::{ArnRule, ServiceArns};
use clap::Args;
use client::{Egress, EgressRule};

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct OutboundArguments {
    /// Hosts and networks that URLs of triggers and issuers of web identities may lead to, beside public addresses: a list of
    /// hooks.example.com, *.example.com:8443, 10.1.0.0/16. With --auth or --credentials, or if this is given, private, link-local
    /// and loopback addresses are closed
    #[arg(long, env = "STATOR_EGRESS_ALLOW", value_name = "HOST|NETWORK", value_delimiter = ',')]
    pub(crate) egress_allow: Vec<EgressRule>,

    /// Functions, queues, data streams and KMS keys that an account may name beside its own, all called with the server's own
    /// AWS keys: a list of ACCOUNT=PATTERN, such as 111122223333=arn:aws:sqs:eu-west-3:444455556666:failed-*. Holds with
    /// --auth or --credentials, or if this is given
    #[arg(long, env = "STATOR_ALLOW_ARN", value_name = "ACCOUNT=PATTERN", value_delimiter = ',')]
    pub(crate) allow_arn: Vec<ArnRule>,
}

impl OutboundArguments {
    pub(crate) fn egress(&self, knows_callers: bool) -> Egress {
        match knows_callers || !self.egress_allow.is_empty() {
            true => Egress::closed(self.egress_allow.clone()),
            false => Egress::open(),
        }
    }

    pub(crate) fn service_arns(&self, knows_callers: bool) -> ServiceArns {
        match knows_callers || !self.allow_arn.is_empty() {
            true => ServiceArns::of_own_account(self.allow_arn.clone()),
            false => ServiceArns::open(),
        }
    }
}

/// The authorities that may have signed the certificates of servers that this one calls, instead of the system's.
pub(crate) fn ca_bundle() -> Option<PathBuf> {
    std::env::var_os("AWS_CA_BUNDLE").filter(|file| !file.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use client::Url;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        outbound: OutboundArguments,
    }

    /// Whether an address of this machine, and an ARN of another account, are open.
    fn open(knows_callers: bool, flags: &[&str]) -> (bool, bool) {
        let Flags { outbound } = Flags::try_parse_from([&["serve"], flags].concat()).unwrap();
        let (egress, arns) = (outbound.egress(knows_callers), outbound.service_arns(knows_callers));
        let url = Url::parse("http://127.0.0.1:1/").unwrap();
        let arn = "arn:aws:sqs:eu-west-3:444455556666:failed-1";
        (egress.check_text(&url).is_ok(), arns.allows("111122223333", arn))
    }

    #[test]
    fn known_callers_reach_what_is_public_and_their_own() {
        let rule = "111122223333=arn:aws:sqs:*:444455556666:failed-*,444455556666=arn:aws:lambda:*";
        for (knows_callers, flags, expected) in [
            (false, &[][..], (true, true)),
            (true, &[], (false, false)),
            (true, &["--egress-allow", "127.0.0.0/8"], (true, false)),
            (true, &["--egress-allow", "h.example,127.0.0.1", "--egress-allow", "*.x.example:1"], (true, false)),
            (true, &["--egress-allow", "10.0.0.0/8"], (false, false)),
            (true, &["--allow-arn", rule], (false, true)),
            (true, &["--allow-arn", "999999999999=arn:aws:sqs:*"], (false, false)),
            (false, &["--egress-allow", "10.0.0.0/8"], (false, true)),
            (false, &["--allow-arn", "999999999999=arn:aws:sqs:*"], (true, false)),
        ] {
            assert_eq!(open(knows_callers, flags), expected, "{knows_callers} {flags:?}");
        }
        for flags in
            [["--egress-allow", "http://h"], ["--egress-allow", "10.0.0.1/8"], ["--allow-arn", "arn:aws:sqs:*"]]
        {
            assert!(Flags::try_parse_from([&["serve"], &flags[..]].concat()).is_err(), "{flags:?}");
        }
        let url = Flags::try_parse_from(["serve", "--egress-allow", "http://h:80/x"]).err().unwrap().to_string();
        assert!(url.contains("it is a URL; name its host"), "{url}");
    }
}
