//! Compresses the files of `assets/` and writes the table of them.
//!
//! All files but the page itself are served in a folder named after a hash of their contents. They can
//! be cached for ever, and a page never mixes files of two releases.

use std::error::Error;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The page, which is not compressed here: the server completes it.
const PAGE: &str = "index.html";

/// The marks in the page.
const VERSION: &str = "{{version}}";
const PRELOADS: &str = "<!-- {{preloads}} -->";

/// The media type of modules.
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Modules that are loaded on demand, so that the first view does without them.
const ON_DEMAND: &[&str] = &["later/", "texts/ar.js"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=assets");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let assets = Path::new("assets");
    let mut paths = Vec::new();
    collect(assets, &mut paths)?;
    paths.sort();
    let mut hasher = DefaultHasher::new();
    let mut files = Vec::new();
    for path in paths {
        let name = path
            .strip_prefix(assets)?
            .to_str()
            .ok_or("a name in UTF-8")?;
        let content = std::fs::read(&path)?;
        (name, &content).hash(&mut hasher);
        files.push((name.to_owned(), content));
    }
    let version = format!("{:016x}", hasher.finish());
    let page = files.iter().position(|(name, _)| name == PAGE);
    let (_, page) = files.remove(page.ok_or("no page")?);
    let page = String::from_utf8(page)?
        .replace(PRELOADS, &preloads(&files))
        .replace(VERSION, &version);
    std::fs::write(out.join(PAGE), page)?;
    std::fs::write(out.join("files.rs"), table(&out, &version, &files)?)?;
    Ok(())
}

/// Adds every file below `folder` to `paths`.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// The links that make a browser load all modules of the first view at once, when `start.js` adds them.
fn preloads(files: &[(String, Vec<u8>)]) -> String {
    let is_first = |name: &&String| {
        kind(name) == Some(SCRIPT) && !ON_DEMAND.iter().any(|folder| name.starts_with(folder))
    };
    let names = files.iter().map(|(name, _)| name).filter(is_first);
    let links = names
        .map(|name| format!("<link rel=\"modulepreload\" href=\"/console/{VERSION}/{name}\">\n"));
    links.collect()
}

/// The table of the files as Rust source, and the compressed files beside it.
fn table(out: &Path, version: &str, files: &[(String, Vec<u8>)]) -> Result<String, Box<dyn Error>> {
    let mut source = String::from("&[\n");
    for (number, (name, content)) in files.iter().enumerate() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content)?;
        std::fs::write(out.join(format!("{number}.gz")), encoder.finish()?)?;
        let kind = kind(name).ok_or_else(|| format!("no media type for {name}"))?;
        let path = format!("/console/{version}/{name}");
        writeln!(
            source,
            "File {{ path: {path:?}, kind: {kind:?}, \
             gzip: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{number}.gz\")) }},",
        )?;
    }
    source.push(']');
    Ok(source)
}

/// The media type of a file by its name.
fn kind(name: &str) -> Option<&'static str> {
    Some(match Path::new(name).extension()?.to_str()? {
        "js" => SCRIPT,
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
