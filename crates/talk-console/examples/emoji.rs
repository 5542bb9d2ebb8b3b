//! Prints the module with the emoji of the picker: those that the server knows by name.

use std::fmt::Write as _;

/// The groups of the table, in its order.
const GROUPS: [&str; 9] = [
    "Smileys and emotion",
    "People and body",
    "Animals and nature",
    "Food and drink",
    "Travel and places",
    "Activities",
    "Objects",
    "Symbols",
    "Flags",
];

/// Builds the module: for each group its emoji, each with its names.
pub(crate) fn module() -> String {
    let mut text = String::from(
        "// Emoji by group, each with its names. Written by `cargo run -p talk-console --example emoji`.\n\n\
         export default [\n",
    );
    for (number, name) in GROUPS.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  [\"{name}\", [");
        for emoji in emojis::iter().filter(|emoji| emoji.group() as usize == number) {
            let names: Vec<_> = emoji.shortcodes().collect();
            if !names.is_empty() {
                let _ = writeln!(text, "    [\"{emoji}\", \"{}\"],", names.join(" "));
            }
        }
        text.push_str("  ]],\n");
    }
    text.push_str("];\n");
    text
}

#[allow(dead_code, reason = "a test includes this file for its function")]
fn main() {
    print!("{}", module());
}
