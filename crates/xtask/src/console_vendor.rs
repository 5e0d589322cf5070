//! `console-vendor`: the console's libraries, from the packages that their authors publish. Each package is pinned by its hash; of its
//! files, one line is written before the text, imports of other packages become paths, and references to source maps go.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Package {
    name: &'static str,
    version: &'static str,
    licence: &'static str,
    /// Of the archive, as npm has it.
    integrity: &'static str,
    /// In the package, in `vendor`, and what is written behind it.
    files: &'static [(&'static str, &'static str, &'static str)],
}

const PACKAGES: [Package; 5] = [
    Package {
        name: "preact",
        version: "11.2.0",
        licence: "MIT",
        integrity: "sha512-/HfHI/7N84e6GrWBJ3J280z3mLaRJiDcSvj/A+y/4AbLnND/1UlGHe1sR6oYuTGwId0nP7dqDU9OnLxMPZ7xBg==",
        files: &[("dist/preact.mjs", "preact.js", ""), ("hooks/dist/hooks.mjs", "hooks.js", "")],
    },
    Package {
        name: "htm",
        version: "3.1.1",
        licence: "Apache-2.0",
        integrity: "sha512-983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5JD2acKoxd4KVxbMmxX/85mtfdnDmTFoNKcg5DGAvxNQ==",
        files: &[("dist/htm.module.js", "htm.js", "")],
    },
    Package {
        name: "@preact/signals-core",
        version: "1.14.5",
        licence: "MIT",
        integrity: "sha512-vcRv7Ityz5JVmeiVqIluLFzT/PDS/AlhHUpw3/aUWqcVUs6bDGIPXE/6RSC4evBNWYvnniozg5Syfj33al3gkg==",
        files: &[("dist/signals-core.module.js", "signals-core.js", "")],
    },
    Package {
        name: "@preact/signals",
        version: "2.11.4",
        licence: "MIT",
        integrity: "sha512-Rb+5RPo9gWSaHtzJeauhHxiC8KP/IF2DEPkHPEOGOnuy2wnJzRqyeLRankUCYd6ADqtxS6GnWGv6Ie343d8aYw==",
        files: &[("dist/signals.module.js", "signals.js", "")],
    },
    Package {
        name: "uplot",
        version: "1.6.32",
        licence: "MIT",
        integrity: "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        files: &[
            ("dist/uPlot.iife.min.js", "uplot.js", "export default uPlot;\n"),
            ("dist/uPlot.min.css", "uplot.css", ""),
        ],
    },
];

/// What a package's own text imports, and where that is.
const IMPORTS: [(&str, &str); 3] = [
    ("from\"preact\"", "from\"./preact.js\""),
    ("from\"preact/hooks\"", "from\"./hooks.js\""),
    ("from\"@preact/signals-core\"", "from\"./signals-core.js\""),
];

pub(crate) fn write() -> Result<(), String> {
    each(|target, text| fs::write(target, text).map_err(|error| format!("{}: {error}", target.display())))
}

pub(crate) fn check() -> Result<(), String> {
    each(|target, text| match fs::read_to_string(target) {
        Ok(found) if found == text => Ok(()),
        _ => Err(format!("{} is not what its package has; run cargo xtask console-vendor", target.display())),
    })
}

fn each(act: impl Fn(&Path, &str) -> Result<(), String>) -> Result<(), String> {
    let vendor = Path::new(env!("CARGO_MANIFEST_DIR")).join("../console/web/vendor");
    let work = std::env::temp_dir().join(format!("stator-console-vendor-{}", std::process::id()));
    fs::create_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    let done = PACKAGES.iter().try_for_each(|package| {
        let folder = unpacked(package, &work)?;
        package.files.iter().try_for_each(|(source, target, tail)| {
            let text = fs::read_to_string(folder.join(source)).map_err(|error| format!("{source}: {error}"))?;
            act(&vendor.join(target), &vendored(package, &text, tail))
        })
    });
    // The folder is one of temporary files in any case.
    let _ = fs::remove_dir_all(&work);
    done
}

/// The package's folder, once its archive is the pinned one.
fn unpacked(package: &Package, work: &Path) -> Result<PathBuf, String> {
    let wanted = format!("{}@{}", package.name, package.version);
    let folder = work.join(package.name.replace(['@', '/'], "-"));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.args(["pack", &wanted, "--json", "--pack-destination"]).arg(&folder);
    let answer = run(&mut npm)?;
    // A list, or in newer versions an object by names.
    let answer: serde_json::Value = serde_json::from_slice(&answer).map_err(|error| format!("npm pack: {error}"))?;
    let packed = answer.get(0).or_else(|| answer.as_object().and_then(|all| all.values().next()));
    let text = |name: &str| packed.and_then(|packed| packed[name].as_str()).unwrap_or_default().to_owned();
    if text("integrity") != package.integrity {
        return Err(format!("{wanted} is another archive: {} in place of {}", text("integrity"), package.integrity));
    }
    run(Command::new("tar").arg("-xzf").arg(folder.join(text("filename"))).arg("-C").arg(&folder))?;
    Ok(folder.join("package"))
}

fn run(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

fn vendored(package: &Package, text: &str, tail: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("//# sourceMappingURL")).collect();
    let mut text = lines.join("\n").trim_end().to_owned();
    for (import, path) in IMPORTS {
        text = text.replace(import, path);
    }
    format!("/* {} {}, {}: see THIRD-PARTY.md */\n{text}\n{tail}", package.name, package.version, package.licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_has_what_the_packages_have_and_says_so() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let notices = fs::read_to_string(root.join("THIRD-PARTY.md")).expect("the notices");
        for package in &PACKAGES {
            assert!(
                notices.contains(&format!("{} {}", package.name, package.version)),
                "no notice of {}",
                package.name
            );
            for (_, target, tail) in package.files {
                let text = fs::read_to_string(root.join("crates/console/web/vendor").join(target)).expect("a library");
                let first = format!("/* {} {}, {}:", package.name, package.version, package.licence);
                assert!(text.starts_with(&first) && text.ends_with(tail), "{target}");
            }
        }
    }

    #[test]
    fn imports_are_paths() {
        let package = &PACKAGES[0];
        let text = vendored(package, "import{h}from\"preact\";\n//# sourceMappingURL=x.map\n", "end;\n");
        assert_eq!(text, "/* preact 11.2.0, MIT: see THIRD-PARTY.md */\nimport{h}from\"./preact.js\";\nend;\n");
    }
}
