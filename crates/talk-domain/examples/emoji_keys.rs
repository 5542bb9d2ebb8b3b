//! Reads one emoji per line and prints the key that reactions with it are counted under, or
//! `EMOJI_INVALID`. `tests/emoji.sh` compares the keys of all spellings that Unicode lists.

use std::io::{BufRead as _, Write as _};

use talk_domain::kernel::limits::Limits;
use talk_domain::talk::model::emoji::Emoji;

fn main() -> std::io::Result<()> {
    let limit = Limits::default().emoji;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        match Emoji::parse(&line?, limit) {
            Ok(emoji) => writeln!(out, "{}", emoji.key())?,
            Err(invalid) => writeln!(out, "{}", invalid.reason)?,
        }
    }
    Ok(())
}
