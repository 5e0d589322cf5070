//! Starts the server on top of the layer (`layer.rs`), which writes down what it does to its folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::proof_load::Moment;
use crate::test_server::TestServer;

/// The layer, compiled.
pub(super) struct Layer {
    _folder: tempfile::TempDir,
    library: PathBuf,
}

impl Layer {
    /// With the compiler that cargo uses; no crate, no network.
    pub(super) fn compile() -> Layer {
        let folder = tempfile::tempdir().expect("folder");
        let library = folder.path().join("liblayer.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/proof_power/layer.rs");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let beside = Path::new(&cargo).with_file_name("rustc");
        let compiler = if beside.is_file() { beside } else { "rustc".into() };
        let output = Command::new(&compiler)
            .args(["--edition", "2024", "--crate-type", "cdylib", "-C", "panic=abort", "-O", "-o"])
            .args([&library, &source])
            .output();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", compiler.display()));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Layer { _folder: folder, library }
    }
}

/// A folder that is watched, and the trace of what happens to it.
pub(super) struct Recording {
    folder: tempfile::TempDir,
    pub(super) root: PathBuf,
    trace: PathBuf,
}

impl Recording {
    pub(super) fn new() -> Recording {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().canonicalize().expect("path");
        let (root, trace) = (path.join("root"), path.join("trace"));
        fs::create_dir(&root).expect("root");
        fs::write(&trace, []).expect("trace");
        Recording { folder, root, trace }
    }

    /// Starts the server on the folder `data` in the root, which it makes if it is not there.
    pub(super) fn start(&self, layer: &Layer) -> TestServer {
        let path = |path: &Path| path.to_str().expect("path").to_owned();
        let (root, trace, library) = (path(&self.root), path(&self.trace), path(&layer.library));
        let variables = [("LAYER_ROOT", &*root), ("LAYER_TRACE", &trace), ("LD_PRELOAD", &library)];
        let data = path(&self.root.join("data"));
        TestServer::on_data(&data).flag("--memtable", super::MEMTABLE).variables(&variables).start()
    }

    /// The moment of a recording is the size of its trace.
    pub(super) fn moment(&self) -> Moment {
        let trace = self.trace.clone();
        Arc::new(move || fs::metadata(&trace).expect("the trace").len())
    }

    pub(super) fn trace(&self) -> Vec<u8> {
        assert!(self.folder.path().exists());
        fs::read(&self.trace).expect("the trace")
    }
}
