//! For tests: the behaviour that every provider has in common.
//!
//! A provider describes itself as a [`Subject`] and passes [`conform`]. Only what belongs to signatures and
//! to HTTP is left out for a provider that has a session instead.

mod inbound;
mod receiver;
mod reports;
pub(crate) mod sends;

use conversation_domain::delivery::settle::Outcome;
use conversation_domain::gateway::HookRequest;
use conversation_domain::model::account::Account;
use conversation_domain::model::message::Delivery;
use conversation_domain::model::provider::Provider;
use conversation_domain::model::receipt::Receipt;
use conversation_domain::receipt::take::Happening;
use conversation_domain::testing::{a_receipt, an_sms_account};
use talk_domain::kernel::future::BoxFuture;

use crate::adapter::{Adapter, Opened, adapter};
use crate::verified::Verified;

/// The token of the accounts here. No text of a failure has it.
pub(crate) const TOKEN: &str = "planted-token-6f1d";

/// A provider.
pub(crate) struct Subject {
    /// The provider at this address.
    pub(crate) provider: fn(base_url: &str) -> Provider,
    /// The bytes that it delivers.
    pub(crate) inbound: Inbound,
    /// The signatures of its requests; `None` if it delivers over a session that we bind.
    pub(crate) signing: Option<Signing>,
    /// How messages are sent to it.
    pub(crate) sending: Sending,
}

/// The bytes that a provider delivers.
pub(crate) struct Inbound {
    /// A message with this id and text from +15550199 to +15550100.
    pub(crate) message: fn(id: &str, text: &str) -> Vec<u8>,
    /// A report, which repeats these words if it is of a failure; `None` if the provider has no such report.
    pub(crate) report: fn(id: &str, delivery: Delivery, words: &str) -> Option<Vec<u8>>,
}

/// The signatures of a provider's requests.
pub(crate) struct Signing {
    /// Signs a body, as the provider does for the account.
    pub(crate) sign: fn(body: &[u8]) -> HookRequest,
    /// The headers that the signature is in or covers.
    pub(crate) headers: &'static [&'static str],
    /// An account without a secret to verify with, and one with another secret.
    pub(crate) strangers: fn(body: &[u8]) -> [Stranger; 2],
    /// Whether two bodies are the same to the provider.
    pub(crate) is_same: fn(&[u8], &[u8]) -> bool,
}

/// How messages are sent to a provider.
pub(crate) enum Sending {
    /// By requests, with these answers.
    Http(Answers),
    /// Over a session: the outcome of sending a message to a provider that does this.
    Session(fn(Act) -> BoxFuture<'static, Outcome>),
}

/// The reaction of a provider to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// It takes the message, and calls it `m1`.
    Takes,
    /// It will never take it.
    Refuses,
    /// It does not take it for now.
    IsBusy,
    /// It refuses the account.
    Denies,
    /// It ends the connection after it has read the message.
    Closes,
    /// It keeps silent after it has read the message.
    Waits,
    /// Its address has no listener.
    IsAway,
}

/// An account with a request that it must not accept.
pub(crate) struct Stranger {
    pub(crate) provider: Provider,
    pub(crate) token: &'static str,
    pub(crate) request: HookRequest,
}

/// The answers of a provider to a request.
pub(crate) struct Answers {
    /// An answer that accepts a message, which it calls `m1`.
    pub(crate) accepted: &'static str,
    /// An answer that refuses one with these words.
    pub(crate) refusal: fn(words: &str) -> String,
    /// An answer that refuses one because the person outside wants no messages.
    pub(crate) opt_out: &'static str,
}

impl Subject {
    fn account(&self, base_url: &str) -> Account {
        Account {
            provider: (self.provider)(base_url),
            ..an_sms_account()
        }
    }
}

fn adapter_of<'a>(account: &'a Account, token: &str) -> Box<dyn Adapter + 'a> {
    let opened = Opened::new(account, token.to_owned());
    adapter(opened, Box::leak(Box::default())).expect("an adapter")
}

/// Reads bytes that the provider has signed, or delivered over a bound session, as `event`.
fn read(subject: &Subject, bytes: &[u8], event: &str) -> Vec<Happening> {
    let account = subject.account("");
    let adapter = adapter_of(&account, TOKEN);
    let verified = match &subject.signing {
        Some(signing) => adapter.verify(&(signing.sign)(bytes)),
        None => Some(Verified::stored(&Receipt {
            event: event.to_owned(),
            body: bytes.to_vec(),
            ..a_receipt()
        })),
    };
    adapter.parse(&verified.expect("it is signed")).unwrap()
}

/// Checks everything that the provider has.
pub(crate) async fn conform(subject: &Subject) {
    if let Some(signing) = &subject.signing {
        inbound::only_signed_requests_are_verified(subject, signing);
        inbound::a_request_has_one_identity(subject, signing);
    } else {
        inbound::no_request_is_verified(subject);
    }
    inbound::any_bytes_are_read_without_a_panic(subject);
    inbound::a_text_comes_in_whole(subject);
    reports::reports_move_a_message_forward_in_any_order(subject);
    reports::a_report_does_not_repeat_the_token(subject);
    sends::what_the_provider_does_decides_the_outcome(subject).await;
    if let Sending::Http(answers) = &subject.sending {
        sends::a_status_decides_the_outcome(subject, answers).await;
        sends::a_failure_does_not_repeat_the_token(subject, answers).await;
        sends::the_key_is_sent_if_the_provider_honours_it(subject, answers).await;
    }
}
