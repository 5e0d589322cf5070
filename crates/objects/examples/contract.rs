//! Runs the contract of object stores against a server that speaks S3's protocol, for the end-to-end tests: `contract URL BUCKET`. The
//! bucket exists. It ends with an error where the server, or this program, breaks the contract.

use std::process::ExitCode;

use objects::{Bucket, Objects, S3Endpoint, contract};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, bucket] = arguments.as_slice() else {
        eprintln!("contract: name the URL of a server and a bucket");
        return ExitCode::FAILURE;
    };
    let ca_bundle = std::env::var_os("AWS_CA_BUNDLE").map(Into::into);
    let objects = Objects::s3(S3Endpoint { url: url.clone(), ca_bundle }).expect("an endpoint");
    let bucket = Bucket::parse(bucket, None).expect("a bucket");
    contract::run(&objects, &bucket).await;
    ExitCode::SUCCESS
}
