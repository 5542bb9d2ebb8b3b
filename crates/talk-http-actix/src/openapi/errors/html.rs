//! The page as HTML without scripts.

use std::fmt::Write as _;

use super::{HEAD, sections};

/// The page in HTML.
pub(crate) fn html() -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Talk: errors</title>\n\
         <link rel=\"stylesheet\" href=\"/docs/page.css\">\n<main>\n<p><a href=\"/docs\">API</a></p>\n",
    );
    for block in HEAD.split("\n\n") {
        // Writing to a string cannot fail.
        let _ = match block.strip_prefix("# ") {
            Some(title) => writeln!(page, "<h1>{}</h1>", inline(title)),
            None => writeln!(page, "<p>{}</p>", inline(block.trim_end())),
        };
    }
    for section in sections() {
        let title = inline(&section.title);
        let _ = writeln!(page, "<h2>{title}</h2>\n<table>");
        let cells = section.columns.iter().map(|cell| (*cell).to_owned());
        row(&mut page, "th", &cells.collect::<Vec<_>>());
        for cells in &section.rows {
            row(&mut page, "td", cells);
        }
        page.push_str("</table>\n");
    }
    page.push_str("</main>\n</html>\n");
    page
}

fn row(page: &mut String, tag: &str, cells: &[String]) {
    page.push_str("<tr>");
    for cell in cells {
        let _ = write!(page, "<{tag}>{}</{tag}>", inline(cell));
    }
    page.push_str("</tr>\n");
}

/// Text with its code between backticks.
fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(i, part)| match i % 2 {
            0 => escaped(part),
            _ => format!("<code>{}</code>", escaped(part)),
        })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
