//! Bodies that are no JSON object.

use reqwest::Method;

use super::world::World;
use super::{refused_field, refused_whole};

/// API-14.
#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_takes_the_body_it_documents() {
    let world = World::new().await;
    for endpoint in world.endpoints() {
        endpoint.send(endpoint.body.to_string()).await.ok();
    }
    for endpoint in world.bare_endpoints() {
        endpoint.send("{}").await.ok();
    }
}

/// API-14 and case 31.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_object_is_refused_everywhere() {
    let world = World::new().await;
    let before = world.stored().await;
    for endpoint in world.endpoints() {
        let good = endpoint.body.to_string();
        let deep = format!("{{\"deep\":{}", "[".repeat(5_000));
        for bad in [
            // Broken.
            "",
            " ",
            "{",
            "}",
            "nope",
            "{'a':1}",
            "{a:1}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":NaN}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":1}//",
            "a=1&b=2",
            &good[..good.len() - 1],
            &format!("{good}{good}"),
            &format!("{good}]"),
            &format!("\u{feff}{good}"),
            &deep,
            // Whole, but no object.
            "null",
            "true",
            "7",
            "1e999",
            "\"text\"",
            "[]",
            "[1,2]",
            &format!("[{good}]"),
            &"[".repeat(8_000),
        ] {
            let answer = endpoint.send(bad.to_owned()).await;
            if bad.is_empty() && endpoint.method == Method::DELETE {
                // The emoji could be in the query too.
                refused_field(&answer, "EMOJI_INVALID", "emoji");
            } else {
                refused_whole(&answer, 400, "INVALID_JSON_BODY");
            }
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-14.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_utf_8_is_refused_everywhere() {
    let world = World::new().await;
    let before = world.stored().await;
    for endpoint in world.endpoints() {
        let good = endpoint.body.to_string();
        let bad = [
            b"\xff".to_vec(),
            [good.as_bytes(), b"\x80"].concat(),
            // A surrogate, an overlong slash, an unfinished character, Latin-1.
            [b"{\"a\":\"\xed\xa0\x80\",", &good.as_bytes()[1..]].concat(),
            [b"{\"a\":\"\xc0\xaf\",", &good.as_bytes()[1..]].concat(),
            [b"{\"a\":\"\xf0\x9f\x91\",", &good.as_bytes()[1..]].concat(),
            [b"{\"\xe9\":1,", &good.as_bytes()[1..]].concat(),
            // UTF-16.
            good.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ];
        for body in bad {
            let answer = endpoint.send(body).await;
            refused_whole(&answer, 400, "INVALID_JSON_BODY");
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-14.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_character_is_refused_in_every_string() {
    let world = World::new().await;
    let before = world.stored().await;
    for endpoint in world.endpoints() {
        for field in endpoint.fields() {
            if !field.value.is_string() {
                continue;
            }
            for half in ["\\ud800", "\\udc00", "\\ud800\\ud800", "\\ud83d x"] {
                let body = endpoint.body_with(&field, &format!("\"{half}\""));
                let answer = endpoint.send(body).await;
                refused_whole(&answer, 400, "INVALID_JSON_BODY");
            }
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-14.
#[tokio::test(flavor = "multi_thread")]
async fn deep_nesting_is_refused_where_a_field_is_read() {
    let world = World::new().await;
    let before = world.stored().await;
    for endpoint in world.endpoints() {
        for field in endpoint.fields() {
            if !field.value.is_string() {
                continue;
            }
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let deep = format!("{}1{}", open.repeat(1_000), close.repeat(1_000));
                let answer = endpoint.send(endpoint.body_with(&field, &deep)).await;
                refused_field(&answer, "INVALID_FIELD", &field.path);
            }
        }
    }
    assert_eq!(world.stored().await, before);
}
