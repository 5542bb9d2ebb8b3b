//! The body of a delivery, made from the payload of the logged event.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use talk_domain::hooks::delivery::GAP;

/// The part of a payload that is delivered.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Returns the type of an event.
pub(crate) fn kind(payload: &str) -> Result<String, serde_json::Error> {
    let payload: Payload<'_> = serde_json::from_str(payload)?;
    Ok(payload.kind.into_owned())
}

/// Returns `{"type": …, "data": …}`, with the resource byte for byte as it is logged.
pub(crate) fn body(payload: &str) -> Result<String, serde_json::Error> {
    let payload: Payload<'_> = serde_json::from_str(payload)?;
    let kind = serde_json::to_string(&payload.kind)?;
    Ok(format!(
        r#"{{"type":{kind},"data":{}}}"#,
        payload.data.get()
    ))
}

/// Returns the body of a test of an endpoint.
pub(crate) fn test_body(event: &str) -> String {
    format!(r#"{{"type":"webhook_test","data":{{"id":"{event}"}}}}"#)
}

/// Returns the body of the notice that the log has lost events which the endpoint did not get.
pub(crate) fn gap_body(webhook: &str) -> String {
    format!(r#"{{"type":"{GAP}","data":{{"webhook_id":"{webhook}"}}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HOOK-09: the resource is that of the log, byte for byte.
    #[test]
    fn a_body_has_the_type_and_the_resource_of_the_event() {
        let payload =
            r#"{"type":"chat_created","data":{"b": 1,"a":"\u00e4"},"chat_id":"x","seq":1}"#;
        let expected = r#"{"type":"chat_created","data":{"b": 1,"a":"\u00e4"}}"#;
        assert_eq!(body(payload).unwrap(), expected);
        assert_eq!(kind(payload).unwrap(), "chat_created");
        assert!(body(r#"{"type":"x"}"#).is_err());
    }

    #[test]
    fn a_test_and_a_gap_are_json() {
        let body: serde_json::Value = serde_json::from_str(&test_body("test_1")).unwrap();
        assert_eq!(body["data"]["id"], "test_1");
        let body: serde_json::Value = serde_json::from_str(&gap_body("w")).unwrap();
        assert_eq!(
            (&body["type"], &body["data"]["webhook_id"]),
            (&"webhook_gap".into(), &"w".into())
        );
    }
}
