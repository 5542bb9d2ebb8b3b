//! The request to an intercept, and the decision that follows from its answer.

use aws_lc_rs::digest::{SHA256, digest};
use talk_domain::hooks::decision::{Decision, Verdict};
use talk_domain::hooks::gateway::{Answer, Call};
use talk_domain::hooks::intercept::{Intercept, OnError, Point};
use talk_domain::kernel::context::{Actor, Context};
use talk_domain::kernel::id::DecisionId;
use talk_domain::kernel::idempotency::IdempotencyKey;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::message::edit::{EditMessage, Edited};
use talk_domain::talk::message::post::PostMessage;
use talk_domain::talk::model::media::Media;
use talk_domain::talk::model::message::Message;
use talk_wire::request::changed_medias;
use talk_wire::resource::file::hexadecimal;
use talk_wire::resource::{
    AGENT, InterceptCall, InterceptRequest, Media as WireMedia, ProposedContent, ProposedMessage,
};
use talk_wire::{json, time};
use uuid::Uuid;

use super::Interception;

/// Seconds after which a rejected request may be repeated, unless calls are paused for longer.
const REJECTED_FOR: u32 = 1;

/// A message before it is stored, as the intercept gets it.
pub(super) struct Proposal {
    action: &'static str,
    stream: Uuid,
    message: ProposedMessage,
}

/// The decision on a proposal.
pub(super) struct Asked {
    id: DecisionId,
    verdict: Verdict,
    reason: String,
    latency_ms: u32,
    /// Seconds until the next call, if the circuit breaker allows none now.
    paused: Option<u32>,
    before: ProposedContent,
    text: Option<String>,
    medias: Option<Vec<Media>>,
}

impl Proposal {
    /// A new message.
    pub(super) fn post(actor: Actor, command: &PostMessage) -> Self {
        Self {
            action: "post",
            stream: command.chat.0,
            message: ProposedMessage {
                id: None,
                customer_id: actor.customer.to_string(),
                owner_type: AGENT.to_owned(),
                owner_id: actor.agent.to_string(),
                chat_id: command.chat.to_string(),
                parent_id: command.parent.map(|parent| parent.to_string()),
                kind: "normal".to_owned(),
                content: content(&command.text, &command.medias),
            },
        }
    }

    /// A changed message.
    pub(super) fn edit(message: &Message, edited: &Edited) -> Self {
        let shown = talk_wire::resource::Message::from(message);
        Self {
            action: "edit",
            stream: message.chat.0,
            message: ProposedMessage {
                id: Some(shown.id),
                customer_id: shown.customer_id,
                owner_type: shown.owner_type,
                owner_id: shown.owner_id,
                chat_id: shown.chat_id,
                parent_id: shown.parent_id,
                kind: shown.kind,
                content: content(&edited.text, &edited.medias),
            },
        }
    }

    /// The decision before the call.
    pub(super) fn pending(&self, cx: &Context, key: Option<IdempotencyKey>) -> Decision {
        let id: DecisionId = cx.fresh();
        Decision {
            id,
            customer: cx.actor.customer,
            point: Point::TalkMessage,
            actor: cx.actor.agent,
            stream: self.stream,
            key,
            verdict: Verdict::Pending,
            reason: String::new(),
            digest_before: digest_of(id, &self.message.content),
            digest_after: String::new(),
            latency_ms: 0,
            decided_by: None,
            created: cx.now,
        }
    }

    fn call(&self, intercept: &Intercept, id: DecisionId, now: Timestamp) -> Call {
        let request = InterceptRequest {
            kind: intercept.point.as_str(),
            intercept: InterceptCall {
                id: id.to_string(),
                action: self.action,
            },
            deadline: time::format(now.plus_millis(intercept.timeout_ms)),
            data: self.message.clone(),
        };
        Call {
            decision: id,
            body: json(&request),
        }
    }
}

impl Interception {
    /// Calls the intercept. Without a valid answer, `on_error` of the intercept decides.
    pub(super) async fn ask(
        &self,
        intercept: &Intercept,
        (id, proposal): (DecisionId, &Proposal),
        limit: usize,
    ) -> Asked {
        let call = proposal.call(intercept, id, (self.clock)());
        let called = self.intercepts.call(intercept, call).await;
        let mut asked = Asked {
            id,
            verdict: Verdict::Allow,
            reason: String::new(),
            latency_ms: called.latency_ms,
            paused: called.paused,
            before: proposal.message.content.clone(),
            text: None,
            medias: None,
        };
        match called.answer {
            Ok(Answer::Allow) => {}
            Ok(Answer::Block(reason)) => asked.is(Verdict::Block, reason),
            Ok(Answer::Hold(reason)) => asked.is(Verdict::Hold, reason),
            Ok(Answer::Modify(change)) => {
                asked.is(Verdict::Modify, change.reason);
                asked.text = change.text;
                let medias = change.medias.as_deref();
                match medias
                    .map(|medias| changed_medias(medias, limit))
                    .transpose()
                {
                    Ok(medias) => asked.medias = medias,
                    Err(broken) => asked.is(Verdict::Block, Decision::broken(&broken.to_string())),
                }
            }
            Err(reason) => {
                let verdict = match intercept.on_error {
                    OnError::Allow => Verdict::Allow,
                    OnError::Reject => Verdict::Reject,
                    OnError::Hold => Verdict::Hold,
                };
                asked.is(verdict, reason);
            }
        }
        asked
    }
}

impl Asked {
    fn is(&mut self, verdict: Verdict, reason: String) {
        (self.verdict, self.reason) = (verdict, reason);
    }

    /// Seconds after which the request may be repeated, if it is rejected.
    pub(super) fn retry_after(&self) -> u32 {
        self.paused.unwrap_or_default().max(REJECTED_FOR)
    }

    /// Makes the changes of the intercept to a post.
    pub(super) fn change(&self, text: &mut String, medias: &mut Vec<Media>) {
        if let Some(changed) = &self.text {
            text.clone_from(changed);
        }
        if let Some(changed) = &self.medias {
            medias.clone_from(changed);
        }
    }

    /// Makes the changes of the intercept to an edit.
    pub(super) fn change_edit(&self, command: &mut EditMessage) {
        if self.text.is_some() {
            command.text.clone_from(&self.text);
        }
        if self.medias.is_some() {
            command.medias.clone_from(&self.medias);
        }
    }

    /// The decision after the call.
    pub(super) fn decision(self, pending: Decision) -> Decision {
        let digest_before = digest_of(self.id, &self.before);
        let mut after = self.before;
        if let Some(text) = self.text {
            after.text = text;
        }
        if let Some(medias) = &self.medias {
            after.medias = medias.iter().map(WireMedia::from).collect();
        }
        Decision {
            id: self.id,
            verdict: self.verdict,
            reason: self.reason,
            digest_before,
            digest_after: digest_of(self.id, &after),
            latency_ms: self.latency_ms,
            ..pending
        }
    }
}

fn content(text: &str, medias: &[Media]) -> ProposedContent {
    ProposedContent {
        text: text.to_owned(),
        medias: medias.iter().map(WireMedia::from).collect(),
    }
}

/// Returns the digest of a content: SHA-256 in hexadecimal. Because the id is part of it, equal
/// texts have different digests.
fn digest_of(id: DecisionId, content: &ProposedContent) -> String {
    let text = format!("{id}\n{}", json(content));
    hexadecimal(digest(&SHA256, text.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// INT-12: an auditor who has the text computes the digest with any tool.
    #[test]
    fn a_digest_is_that_of_the_id_and_the_content() {
        let id = Uuid::from_u128(1).into();
        let digest = digest_of(id, &content("hello", &[]));
        // printf '00000000-0000-0000-0000-000000000001\n{"text":"hello","medias":[]}' | sha256sum
        assert_eq!(digest, EXPECTED);
        assert_ne!(
            digest_of(Uuid::from_u128(2).into(), &content("hello", &[])),
            digest
        );
    }

    const EXPECTED: &str = "75eb06927798a7d422f949cbff06e53001ccd25ad6878c156357cd563f181cd5";
}
