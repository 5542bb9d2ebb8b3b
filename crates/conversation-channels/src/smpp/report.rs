//! Delivery receipts: what a message centre reports about a sent message, in parameters or as a text.

use conversation_domain::delivery::report::Report;
use conversation_domain::model::message::Delivery;
use rusmpp::tlvs::{Tlv, TlvValue};
use rusmpp::values::MessageState;

use crate::adapter::Opened;

/// Returns the report of a delivery receipt; `None` if it says nothing of a message's progress. The
/// parameters come before the text. Ids are taken as they are: a message centre that writes them in
/// another base or case than in its answers reports about unknown messages.
pub(super) fn report(opened: &Opened<'_>, parameters: &[Tlv], text: &str) -> Option<Report> {
    let mut fields = Fields::of(text);
    for value in parameters.iter().filter_map(Tlv::value) {
        match value {
            TlvValue::ReceiptedMessageId(id) => id.as_str().clone_into(&mut fields.id),
            TlvValue::MessageState(state) => name_of(*state).clone_into(&mut fields.state),
            _ => {}
        }
    }
    if fields.id.is_empty() {
        return None;
    }
    let state = fields.state.to_ascii_uppercase();
    let delivery = match &*state {
        "ENROUTE" | "ACCEPTD" | "SCHEDULED" => Delivery::Sent,
        "DELIVRD" => Delivery::Delivered,
        "EXPIRED" | "DELETED" | "UNDELIV" | "REJECTD" => Delivery::Failed,
        _ => return None,
    };
    let failure = (delivery == Delivery::Failed).then(|| {
        let reason = match &*fields.error {
            "" => format!("the message centre reports {state}"),
            error => format!("the message centre reports {state}, error {error}"),
        };
        opened.failure(&state, &reason, true)
    });
    Some(Report {
        provider_id: fields.id,
        message: None,
        delivery,
        failure,
        is_opt_out: false,
    })
}

/// Returns whether parameters name the message that a unit reports about.
pub(super) fn names_message(parameters: &[Tlv]) -> bool {
    let mut values = parameters.iter().filter_map(Tlv::value);
    values.any(|value| matches!(value, TlvValue::ReceiptedMessageId(_)))
}

/// The name of a state in texts.
const fn name_of(state: MessageState) -> &'static str {
    match state {
        MessageState::Scheduled => "SCHEDULED",
        MessageState::Enroute => "ENROUTE",
        MessageState::Delivered => "DELIVRD",
        MessageState::Expired => "EXPIRED",
        MessageState::Deleted => "DELETED",
        MessageState::Undeliverable => "UNDELIV",
        MessageState::Accepted => "ACCEPTD",
        MessageState::Rejected => "REJECTD",
        _ => "UNKNOWN",
    }
}

/// The fields of a text such as `id:1 sub:001 dlvrd:001 submit date:… done date:… stat:DELIVRD err:000
/// text:…`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fields {
    id: String,
    state: String,
    error: String,
}

impl Fields {
    fn of(text: &str) -> Self {
        let mut fields = Self::default();
        for word in text.split_whitespace() {
            let Some((name, value)) = word.split_once(':') else {
                continue;
            };
            let (field, most) = match &*name.to_ascii_lowercase() {
                "id" => (&mut fields.id, 64),
                "stat" => (&mut fields.state, 64),
                // Whole, so that no secret in it is cut.
                "err" => (&mut fields.error, usize::MAX),
                // The beginning of the sent message follows.
                "text" => break,
                _ => continue,
            };
            if field.is_empty() {
                *field = value.chars().take(most).collect();
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use conversation_domain::testing::an_sms_account;
    use rusmpp::types::COctetString;

    fn report(parameters: &[Tlv], text: &str) -> Option<Report> {
        let account = an_sms_account();
        super::report(&Opened::new(&account, "secret".into()), parameters, text)
    }

    fn parameters(id: &[u8], state: MessageState) -> Vec<Tlv> {
        let id = COctetString::from_slice(id).unwrap();
        let values = [
            TlvValue::ReceiptedMessageId(id),
            TlvValue::MessageState(state),
        ];
        values.map(Tlv::new).into()
    }

    fn of_text(text: &str) -> Option<(String, Delivery)> {
        report(&[], text).map(|report| (report.provider_id, report.delivery))
    }

    /// CONV-54.
    #[test]
    fn a_receipt_is_read_from_its_text() {
        let text = |state: &str| {
            format!(
                "id:0aF3 sub:001 dlvrd:001 submit date:2611302000 done date:2611302001 \
                 stat:{state} err:011 Text:id:9 stat:UNDELIV"
            )
        };
        for (state, delivery) in [
            ("DELIVRD", Delivery::Delivered),
            ("delivrd", Delivery::Delivered),
            ("ENROUTE", Delivery::Sent),
            ("ACCEPTD", Delivery::Sent),
            ("EXPIRED", Delivery::Failed),
            ("REJECTD", Delivery::Failed),
        ] {
            assert_eq!(of_text(&text(state)), Some(("0aF3".into(), delivery)));
        }
        assert_eq!(of_text(&text("UNKNOWN")), None);
        assert_eq!(of_text("stat:DELIVRD"), None);
        let failure = report(&[], &text("UNDELIV")).unwrap().failure.unwrap();
        assert_eq!(failure.code, "UNDELIV");
        assert_eq!(
            failure.reason,
            "the message centre reports UNDELIV, error 011"
        );
    }

    /// CONV-54.
    #[test]
    fn the_parameters_of_a_receipt_come_before_its_text() {
        let parameters = parameters(b"7\0", MessageState::Delivered);
        let report = report(&parameters, "id:8 stat:UNDELIV err:000").unwrap();
        assert_eq!(
            (&*report.provider_id, report.delivery),
            ("7", Delivery::Delivered)
        );
        assert!(names_message(&parameters));
        assert!(!names_message(&[]));
    }
}
