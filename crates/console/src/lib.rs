//! The web console: static files, compiled into the program.
//!
//! The console is one more client of the public APIs: its pages sign each request in the browser. Nothing here knows HTTP, requests
//! or callers. `web` has the files as browsers get them, without a build step; `web/vendor` has the libraries, which `cargo xtask
//! console-vendor` reproduces from published packages.
//!
//! | path below `/console/` | file | cached |
//! |---|---|---|
//! | `` | `web/index.html`, with the folder's name filled in | revalidated by its ETag |
//! | `assets-<digest>/NAME` | `web/NAME` | for good: the digest is one of all files |

mod files;

use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use files::FILES;

/// What the page has where the name of the assets' folder belongs.
const PLACEHOLDER: &str = "assets-digest";
/// Of the digest in names and ETags. Unit: bytes.
const DIGEST_SIZE_BYTES: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MediaType {
    Css,
    Html,
    JavaScript,
    Svg,
}

/// A file as it is sent.
pub struct File {
    name: &'static str,
    media_type: MediaType,
    bytes: Vec<u8>,
    etag: String,
    gzip: OnceLock<Vec<u8>>,
}

impl File {
    fn new(name: &'static str, media_type: MediaType, bytes: Vec<u8>) -> File {
        let etag = format!("\"{}\"", hex(&Sha256::digest(&bytes)));
        File { name, media_type, bytes, etag, gzip: OnceLock::new() }
    }

    pub fn media_type(&self) -> MediaType {
        self.media_type
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// With its quotation marks.
    pub fn etag(&self) -> &str {
        &self.etag
    }

    /// The compressed bytes, made when they are first asked for.
    pub fn gzip(&self) -> &[u8] {
        self.gzip.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            // Writing into memory cannot fail.
            encoder.write_all(&self.bytes).and_then(|()| encoder.finish()).unwrap_or_default()
        })
    }
}

struct Console {
    /// Of the assets' folder.
    folder: String,
    page: File,
    assets: Vec<File>,
}

static CONSOLE: LazyLock<Console> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for (name, _, bytes) in FILES {
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name);
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    }
    let folder = format!("assets-{}", hex(&digest.finalize()));
    let page = String::from_utf8_lossy(include_bytes!("../web/index.html")).replace(PLACEHOLDER, &folder);
    Console {
        page: File::new("index.html", MediaType::Html, page.into_bytes()),
        assets: FILES.iter().map(|(name, media_type, bytes)| File::new(name, *media_type, bytes.to_vec())).collect(),
        folder,
    }
});

/// The one page.
pub fn page() -> &'static File {
    &CONSOLE.page
}

/// The file of a path below `/console/`. `None` if there is none, as for one of another version.
pub fn asset(path: &str) -> Option<&'static File> {
    let name = path.strip_prefix(CONSOLE.folder.as_str())?.strip_prefix('/')?;
    CONSOLE.assets.iter().find(|file| file.name == name)
}

fn hex(digest: &[u8]) -> String {
    digest.iter().take(DIGEST_SIZE_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
