//! A certificate for development, made at the start and forgotten at the end.
//!
//! It is signed by an authority of its own that signs nothing else: the authority's key is dropped before the server accepts
//! its first client, and clients trust the authority, which all of their libraries can do. Both keys are only ever in
//! memory.

use std::net::IpAddr;

use base::Clock;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::files::Identity;

const DAY_MS: u64 = 86_400_000;
/// Clients may refuse longer ones.
const VALID_DAYS: u64 = 397;

/// The server's certificate, and in PEM the authority that has signed it.
pub(super) fn make(listen: &str) -> Result<(Identity, String), rcgen::Error> {
    let mut authority = valid(CertificateParams::default());
    authority.distinguished_name.push(DnType::CommonName, "Stator, self-signed");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let trusted = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let mut params = valid(CertificateParams::new(names(listen))?);
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    let chain = vec![certificate.der().clone(), trusted.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((Identity { chain, key }, trusted.pem()))
}

/// From yesterday on, for clients whose clocks are late.
fn valid(mut params: CertificateParams) -> CertificateParams {
    let today = Clock::system().now_ms() / DAY_MS;
    let date = |days: u64| {
        let (year, month, day) = base::utc::civil(days);
        date_time_ymd(year.try_into().unwrap_or(i32::MAX), month as u8, day as u8)
    };
    params.not_before = date(today.saturating_sub(1));
    params.not_after = date(today + VALID_DAYS);
    params
}

/// What clients may call the server: this machine, and the host of `HOST:PORT` unless it stands for all addresses.
fn names(listen: &str) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host).trim_matches(['[', ']']);
    let everything = host.parse().is_ok_and(|address: IpAddr| address.is_unspecified());
    if !host.is_empty() && !everything && !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_server() {
        for (listen, added) in [
            ("127.0.0.1:8000", None),
            ("localhost:0", None),
            ("[::1]:8000", None),
            ("0.0.0.0:8000", None),
            ("[::]:8000", None),
            ("192.0.2.7:8000", Some("192.0.2.7")),
            ("[2001:db8::1]:8000", Some("2001:db8::1")),
            ("db.example:8000", Some("db.example")),
        ] {
            let names = names(listen);
            assert_eq!(names.get(3).map(String::as_str), added, "{listen}");
            make(listen).unwrap();
        }
    }
}
