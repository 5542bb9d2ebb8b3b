//! Tests of the page and the table of files.

use super::*;

#[path = "../examples/emoji.rs"]
mod emoji;

#[test]
fn every_file_that_the_page_names_is_in_the_table() {
    let page = page(&[]);
    let mut named = 0;
    for attribute in ["href=\"", "src=\""] {
        for rest in page.split(attribute).skip(1) {
            let path = rest.split('"').next().unwrap_or_default();
            assert!(FILES.iter().any(|file| file.path == path), "{path}");
            named += 1;
        }
    }
    assert!(named > 5, "the page names its modules");
    assert!(!page.contains("{{"), "every mark was replaced");
}

#[test]
fn the_page_has_no_inline_script_and_no_other_host() {
    let page = page(&[]);
    for rest in page.split("<script").skip(1) {
        assert!(rest.contains("></script>"), "an inline script: {rest}");
    }
    for banned in ["<style", " style=", " onclick", "://"] {
        assert!(!page.contains(banned), "{banned}");
    }
}

#[test]
fn only_a_demo_names_agents_and_their_names_cannot_leave_the_attribute() {
    assert!(!page(&[]).contains("talk-demo"));
    let agent = DemoAgent {
        username: "a\"><script>".to_owned(),
        name: "A & B".to_owned(),
        password: "p".to_owned(),
    };
    let page = page(&[agent]);
    assert!(page.contains("a\\&quot;&gt;&lt;script&gt;"), "{page}");
    assert!(page.contains("A &amp; B"));
}

#[test]
fn the_emoji_of_the_picker_are_those_of_the_server() {
    let written = include_str!("../assets/later/emoji.js");
    assert_eq!(written, emoji::module(), "run the example `emoji`");
}
