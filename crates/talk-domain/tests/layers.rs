//! Checks which file of the crate names which other: the layers, and that no files name each other in
//! a circle. Reads every path in the code outside tests, not only `use` lines.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers, lowest first: a file belongs to the last one whose prefix it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Kernel,
    Identity,
    Files,
    Hooks,
    Model,
    Unit,
    Access,
    Steps,
    UseCase,
    /// The adapters of Talk for ports of identity and of the kernel.
    PortOfBelow,
    Intercepts,
}

impl Layer {
    fn of(module: &str) -> Option<Self> {
        let within = |folder: &str| {
            let rest = module.strip_prefix(folder);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        [
            ("kernel", Self::Kernel),
            ("identity", Self::Identity),
            ("files", Self::Files),
            ("hooks", Self::Hooks),
            ("talk::model", Self::Model),
            ("talk::unit", Self::Unit),
            ("talk::access", Self::Access),
            ("talk::steps", Self::Steps),
            ("talk::departure", Self::PortOfBelow),
            ("talk::live::entitlements", Self::PortOfBelow),
            ("talk", Self::UseCase),
            ("intercepts", Self::Intercepts),
        ]
        .into_iter()
        .find(|(folder, _)| within(folder))
        .map(|(_, layer)| layer)
    }

    /// Whether a file of this layer may name an item of `other`.
    fn may_name(self, other: Self, item: &str) -> bool {
        match (self, other) {
            (Self::Kernel, _) => other == Self::Kernel,
            (Self::Identity, _) => matches!(other, Self::Kernel | Self::Identity),
            (Self::Files, _) => matches!(other, Self::Kernel | Self::Identity | Self::Files),
            (Self::Hooks, _) => matches!(other, Self::Kernel | Self::Identity | Self::Hooks),
            (Self::Model, _) => matches!(other, Self::Kernel | Self::Files | Self::Model),
            (Self::Intercepts, _) => other != Self::PortOfBelow,
            // Talk offers the ports of webhooks beside its own; nothing else of it names them.
            (_, Self::Hooks) => self == Self::Unit,
            (Self::UseCase, Self::UseCase) => item.starts_with(char::is_uppercase),
            (Self::UseCase | Self::PortOfBelow, Self::PortOfBelow) => false,
            _ => other as u8 <= self as u8,
        }
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The code of every module outside tests, by the path of the module.
fn modules() -> BTreeMap<String, String> {
    let mut found = Vec::new();
    files(&src(), &mut found);
    let mut modules = BTreeMap::new();
    for file in found {
        let relative = file.strip_prefix(src()).unwrap().with_extension("");
        let module = relative.to_str().unwrap().replace('/', "::");
        if module.starts_with("testing") || module.ends_with("tests") || module == "lib" {
            continue;
        }
        let code = fs::read_to_string(&file).unwrap();
        let code = code.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = code.lines().map(|line| line.split("//").next().unwrap());
        modules.insert(module, lines.collect::<Vec<_>>().join("\n"));
    }
    modules
}

/// The paths below `crate` in the code, with the groups of `use` lines taken apart.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        expand("", &code[at + "crate::".len()..], &mut found);
    }
    found
}

/// Reads one path or group at the beginning of `code`; returns how long it is.
fn expand(prefix: &str, code: &str, found: &mut Vec<String>) -> usize {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let length = code.find(|c| !is_path(c)).unwrap_or(code.len());
    let path = format!("{prefix}{}", &code[..length]);
    if !code[length..].starts_with('{') {
        found.push(path.trim_end_matches(':').to_owned());
        return length;
    }
    let mut at = length + 1;
    while let Some(c) = code[at..].chars().next() {
        match c {
            '}' => return at + 1,
            c if is_path(c) => {
                at += expand(&path, &code[at..], found);
                // `as name` belongs to the path before it.
                at += code[at..].find([',', '}']).unwrap_or(0);
            }
            c => at += c.len_utf8(),
        }
    }
    at
}

/// The file that a path leads to, and the rest of the path.
fn target<'a>(path: &'a str, modules: &BTreeMap<String, String>) -> Option<(&'a str, &'a str)> {
    let ends = path.rmatch_indices("::").map(|(at, _)| at);
    std::iter::once(path.len()).chain(ends).find_map(|end| {
        let module = &path[..end];
        modules
            .contains_key(module)
            .then(|| (module, path[end..].trim_start_matches("::")))
    })
}

/// Each file with the files it names, and the item of each.
fn names() -> BTreeMap<String, BTreeSet<(String, String)>> {
    let modules = modules();
    let mut names = BTreeMap::new();
    for (module, code) in &modules {
        let mut targets = BTreeSet::new();
        for path in paths(code) {
            if let Some((to, item)) = target(&path, &modules)
                && to != module
            {
                targets.insert((to.to_owned(), item.to_owned()));
            }
        }
        names.insert(module.clone(), targets);
    }
    names
}

/// A lower layer names no higher one, and use cases name only the types of each other.
#[test]
fn every_file_names_only_what_its_layer_may_name() {
    let mut broken = BTreeSet::new();
    for (from, named) in names() {
        let Some(layer) = Layer::of(&from) else {
            continue;
        };
        for (to, item) in named {
            let path = format!("{from} -> {to}");
            let may_not = Layer::of(&to).is_some_and(|other| !layer.may_name(other, &item));
            if may_not {
                broken.insert(path);
            }
        }
    }
    assert_eq!(broken, BTreeSet::new());
}

/// Files whose names lead back to them have no place from which to read them.
#[test]
fn no_files_name_each_other_in_a_circle() {
    let mut left = names();
    loop {
        let keys: BTreeSet<_> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, named| named.iter().any(|(to, _)| keys.contains(to)));
        if left.len() == before {
            break;
        }
    }
    assert_eq!(left.keys().collect::<Vec<_>>(), [""; 0]);
}

/// The reader of paths sees groups, aliases and paths inside code.
#[test]
fn paths_are_found_in_groups_and_inside_code() {
    let code = "use crate::a::{b::{C, d as e}, F};\nfn f() { $crate::g::h(); mycrate::no(); }";
    assert_eq!(paths(code), ["a::b::C", "a::b::d", "a::F", "g::h"]);
}
