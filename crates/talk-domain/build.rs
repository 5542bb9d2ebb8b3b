//! Writes the table of emoji: a line for each emoji, and one for each short name with its emoji, sorted.
//!
//! The tables of the crate `emojis` are made of references, which the system writes into memory at each
//! start of a program: 0.6 MiB. This one is a text of 0.1 MiB.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

/// The skin tones and hair styles, which are emoji by themselves and not in the tables of `emojis`.
const COMPONENTS: [char; 9] = [
    '\u{1f3fb}',
    '\u{1f3fc}',
    '\u{1f3fd}',
    '\u{1f3fe}',
    '\u{1f3ff}',
    '\u{1f9b0}',
    '\u{1f9b1}',
    '\u{1f9b2}',
    '\u{1f9b3}',
];

#[expect(
    clippy::disallowed_methods,
    reason = "this script reads it, not the domain"
)]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    // As `canonical` in `emoji.rs`.
    let canonical = |emoji: &str| emoji.replace('\u{fe0f}', "");
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for emoji in emojis::iter() {
        let key = canonical(emoji.as_str());
        for name in emoji.shortcodes() {
            lines.insert(name.to_owned(), format!("{name}\t{key}\n"));
        }
        for toned in emoji.skin_tones().into_iter().flatten() {
            let key = canonical(toned.as_str());
            lines.insert(key.clone(), format!("{key}\n"));
        }
        lines.insert(key.clone(), format!("{key}\n"));
    }
    for component in COMPONENTS {
        lines.insert(component.to_string(), format!("{component}\n"));
    }
    let table: String = lines.into_values().collect();
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("emoji.txt"), table)?;
    Ok(())
}
