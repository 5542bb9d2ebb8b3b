//! Parses the answers of intercepts.

use serde::Deserialize;
use serde_json::value::RawValue;
use talk_domain::hooks::decision::reason;
use talk_domain::hooks::gateway::{Answer, Change};

/// The body of an answer. Further fields are ignored.
#[derive(Deserialize)]
struct Body<'a> {
    action: Option<String>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
    reason: Option<String>,
}

/// The changes in an answer. Other fields of the message cannot be changed, and are ignored.
#[derive(Default, Deserialize)]
struct Data<'a> {
    text: Option<String>,
    #[serde(borrow)]
    medias: Option<&'a RawValue>,
}

/// Reads an answer.
///
/// # Errors
/// The reason why the answer is not valid, as text.
pub(super) fn read(status: u16, body: &[u8]) -> Result<Answer, String> {
    match status {
        204 => Ok(Answer::Allow),
        200 if body.trim_ascii().is_empty() => Ok(Answer::Allow),
        200 => decided(body),
        // A proxy may answer 403 with a page of its own.
        403 => Ok(Answer::Block(parsed(body).map_or_else(
            |_| String::new(),
            |body| reason(&body.reason.unwrap_or_default()),
        ))),
        status => Err(format!("answered {status}")),
    }
}

fn parsed(body: &[u8]) -> Result<Body<'_>, serde_json::Error> {
    serde_json::from_slice(body)
}

fn decided(body: &[u8]) -> Result<Answer, String> {
    let body = parsed(body).map_err(|error| format!("the answer is not valid: {error}"))?;
    let reason = reason(&body.reason.unwrap_or_default());
    match body.action.as_deref() {
        Some("allow") => Ok(Answer::Allow),
        Some("block") => Ok(Answer::Block(reason)),
        Some("hold") => Ok(Answer::Hold(reason)),
        Some("modify") => {
            let data = body.data.unwrap_or_default();
            let change = Change {
                text: data.text,
                medias: data.medias.map(|medias| medias.get().to_owned()),
                reason,
            };
            checked(change).map(Answer::Modify)
        }
        _ => Err("the answer is not valid: action must be allow, modify, block or hold".to_owned()),
    }
}

fn checked(change: Change) -> Result<Change, String> {
    let is_list = |medias: &String| medias.starts_with('[');
    if change.text.is_none() && change.medias.is_none() {
        return Err("the answer is not valid: modify needs text or medias in data".to_owned());
    }
    if !change.medias.as_ref().is_none_or(is_list) {
        return Err("the answer is not valid: medias must be a list".to_owned());
    }
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(body: &str) -> Result<Answer, String> {
        read(200, body.as_bytes())
    }

    /// INT-04.
    #[test]
    fn no_body_allows_and_403_blocks() {
        assert_eq!(read(204, b""), Ok(Answer::Allow));
        assert_eq!(ok(""), Ok(Answer::Allow));
        assert_eq!(ok(" \n"), Ok(Answer::Allow));
        let blocked = read(403, br#"{"reason":"rude"}"#);
        assert_eq!(blocked, Ok(Answer::Block("rude".into())));
        assert_eq!(read(403, b"<html>"), Ok(Answer::Block(String::new())));
    }

    /// INT-04.
    #[test]
    fn an_action_decides() {
        assert_eq!(ok(r#"{"action":"allow"}"#), Ok(Answer::Allow));
        let blocked = ok(r#"{"action":"block","reason":"rude"}"#);
        assert_eq!(blocked, Ok(Answer::Block("rude".into())));
        let held = ok(r#"{"action":"hold"}"#);
        assert_eq!(held, Ok(Answer::Hold(String::new())));
    }

    /// INT-05: only text and medias change.
    #[test]
    fn a_modification_has_text_or_medias_and_nothing_else() {
        let sent =
            r#"{"action":"modify","data":{"id":"x","chat_id":7,"text":"a","medias":[{"b": 1}]}}"#;
        let change = Change {
            text: Some("a".into()),
            medias: Some(r#"[{"b": 1}]"#.into()),
            reason: String::new(),
        };
        assert_eq!(ok(sent), Ok(Answer::Modify(change)));
        let text = ok(r#"{"action":"modify","data":{"text":"","medias":null},"reason":"r"}"#);
        let change = Change {
            text: Some(String::new()),
            medias: None,
            reason: "r".into(),
        };
        assert_eq!(text, Ok(Answer::Modify(change)));
    }

    /// INT-10.
    #[test]
    fn anything_else_is_no_answer() {
        for body in [
            "hello",
            "[]",
            "null",
            "{}",
            r#"{"action":"allow"} x"#,
            r#"{"action":"ALLOW"}"#,
            r#"{"action":true}"#,
            r#"{"action":"modify"}"#,
            r#"{"action":"modify","data":{}}"#,
            r#"{"action":"modify","data":"text"}"#,
            r#"{"action":"modify","data":{"text":7}}"#,
            r#"{"action":"modify","data":{"medias":{}}}"#,
            r#"{"action":"block","reason":{}}"#,
        ] {
            assert!(ok(body).is_err(), "{body}: {:?}", ok(body));
        }
        assert!(read(200, &[0xff, 0xfe]).is_err());
        for status in [201, 202, 301, 302, 400, 401, 404, 410, 429, 500, 503] {
            let said = read(status, br#"{"action":"allow"}"#);
            assert_eq!(said, Err(format!("answered {status}")));
        }
    }
}
