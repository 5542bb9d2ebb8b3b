//! Checks dependencies, file sizes and file names of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// Crates that may name only these crates of the workspace.
const INWARD: &[(&str, &[&str])] = &[
    ("talk-domain", &[]),
    ("conversation-domain", &["talk-domain"]),
    (
        "conversation-channels",
        &["conversation-domain", "talk-domain", "talk-outgoing"],
    ),
    ("talk-wire", &["conversation-domain", "talk-domain"]),
    ("talk-store-diesel", &["conversation-domain", "talk-domain"]),
    ("talk-events", &["talk-domain"]),
    ("talk-files", &["talk-domain"]),
    ("talk-identity", &["talk-domain"]),
    ("talk-socket", &[]),
    ("talk-outgoing", &[]),
    ("talk-webhooks", &["talk-domain", "talk-outgoing"]),
    (
        "talk-http-actix",
        &[
            "conversation-domain",
            "talk-domain",
            "talk-socket",
            "talk-wire",
        ],
    ),
    ("talk-console", &[]),
    ("talk-testkit", &["conversation-domain", "talk-domain"]),
    (
        "talk-bench",
        &[
            "conversation-domain",
            "talk-domain",
            "talk-identity",
            "talk-store-diesel",
            "talk-testkit",
            "talk-wire",
        ],
    ),
    ("talk-client", &["talk-wire"]),
];

/// The only crates that the domains may use.
const DOMAIN: &[&str] = &[
    "emojis",
    "mockall",
    "sha2",
    "talk-domain",
    "thiserror",
    "time",
    "unicode-normalization",
    "unicode-properties",
    "uuid",
];

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// Names of a package's normal dependencies.
fn dependencies(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().expect("dependencies");
    let normal = all.iter().filter(|dependency| dependency["kind"].is_null());
    normal
        .map(|dependency| dependency["name"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn dependencies_point_inward_and_adapters_never_name_each_other() {
    let packages = packages();
    for (name, allowed) in INWARD {
        let package = packages.iter().find(|package| package["name"] == *name);
        let package = package.unwrap_or_else(|| panic!("no crate {name}"));
        for dependency in dependencies(package) {
            let is_ours = packages
                .iter()
                .any(|package| package["name"] == *dependency);
            assert!(
                !is_ours || allowed.contains(&&*dependency),
                "{name} names {dependency}"
            );
        }
    }
    let known = packages
        .iter()
        .filter(|package| package["name"] != "talk-server")
        .count();
    assert_eq!(known, INWARD.len(), "every crate has its place");
}

#[test]
fn the_rules_know_nothing_of_the_world() {
    let is_domain = |package: &&Value| {
        let name = package["name"].as_str();
        name.is_some_and(|name| name.ends_with("-domain"))
    };
    let packages = packages();
    let domains: Vec<_> = packages.iter().filter(is_domain).collect();
    assert_eq!(domains.len(), 2);
    for domain in domains {
        for dependency in dependencies(domain) {
            let name = &domain["name"];
            assert!(DOMAIN.contains(&&*dependency), "{name} names {dependency}");
        }
    }
}

#[test]
fn the_testkit_is_for_tests_and_the_benchmark_only() {
    for package in packages() {
        let all = package["dependencies"].as_array().expect("dependencies");
        let mut testkit = all.iter().filter(|dependency| {
            dependency["name"] == "talk-testkit" && dependency["kind"].is_null()
        });
        // The benchmark takes the server starter alone: mocks would reach the server it is built with.
        let is_starter = |dependency: &Value| dependency["features"] == json!([]);
        let is_bench = package["name"] == "talk-bench";
        assert!(
            testkit.all(|dependency| is_bench && is_starter(dependency)),
            "{}",
            package["name"]
        );
    }
}

/// Adds every Rust file below `folder` to `files`.
pub(super) fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The lines of a file without blank ones, comments and the tests at its end.
fn lines_of_code(text: &str) -> usize {
    let code = text.lines().take_while(|line| *line != "#[cfg(test)]");
    let code = code.map(str::trim);
    code.filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

#[test]
fn no_file_is_long_and_none_is_called_mod() {
    let mut files = Vec::new();
    for folder in ["crates", "tests"] {
        rust_files(&root().join(folder), &mut files);
    }
    assert!(files.len() > 100, "the files were found");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        let path = file.strip_prefix(root()).expect("a path in the repository");
        let is_test =
            path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
        let (lines, limit) = (lines_of_code(&text), if is_test { 400 } else { 300 });
        assert!(
            lines <= limit,
            "{} has {lines} lines of code",
            path.display()
        );
        assert!(!file.ends_with("mod.rs"), "{}", file.display());
    }
}
