//! The stored corpus: each input is a line of `tests/corpus/*.txt`, and is tried whenever the tests run.
//!
//! A line is what [`line`] writes: an operation and its body, with what is not printable ASCII as Rust escapes it. Lines
//! that begin with `#` say why the next ones are there.

use std::path::Path;

use api::Operation;

use crate::audit;
use crate::service_model::Model;
use crate::test_service::TestService;

pub(crate) fn line(operation: Operation, body: &[u8]) -> String {
    format!("{operation} {}", body.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'"))
}

/// The lines of a file.
pub(crate) fn lines(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// What [`line`] escaped.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        (bytes, rest) = match (first, tail) {
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
                (bytes, tail)
            }
            (b'\\', [letter, tail @ ..]) => {
                bytes.push(match letter {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                });
                (bytes, tail)
            }
            _ => {
                bytes.push(*first);
                (bytes, tail)
            }
        };
    }
    bytes
}

/// Says what was being tried, if it fails.
pub(crate) struct Scene<'a> {
    pub seed: u64,
    pub operation: Operation,
    pub body: &'a [u8],
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("STATOR_PROOF_SEED={} STATOR_PROOF_FUZZ=1 repeats it; the request was", self.seed);
            eprintln!("{}", line(self.operation, self.body));
        }
    }
}

#[test]
fn kept_requests() {
    let model = Model::load();
    let mut service = TestService::new();
    for line in lines("requests.txt") {
        let (operation, body) = line.split_once(' ').unwrap_or((&line, ""));
        let operation = Operation::from_name(operation).expect("an operation");
        let body = unescape(body);
        let _scene = Scene { seed: 0, operation, body: &body };
        service.try_out(&model, operation, &body);
    }
    audit::check(&service);
}

#[test]
fn lines_give_their_bodies_back() {
    let every_byte: Vec<u8> = (0..=255).collect();
    for body in [&b"{\"a\\n\":'b'}"[..], b"\\\\\"", &every_byte] {
        let line = line(Operation::PutItem, body);
        assert_eq!(unescape(line.split_once(' ').expect("a body").1), body);
    }
}
