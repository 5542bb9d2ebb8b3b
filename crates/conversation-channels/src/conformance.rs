//! For tests: the behaviour that every provider has in common.
//!
//! A provider describes itself as a [`Subject`] and passes [`conform`]. A part that the provider does not
//! have, such as requests to us, is `None`.

mod hooks;
mod receiver;
mod reports;
mod sends;

use conversation_domain::gateway::HookRequest;
use conversation_domain::model::account::Account;
use conversation_domain::model::message::Delivery;
use conversation_domain::model::provider::Provider;
use conversation_domain::testing::an_sms_account;

use crate::adapter::{Adapter, Opened, adapter};

/// The token of the accounts here. No text of a failure has it.
pub(crate) const TOKEN: &str = "planted-token-6f1d";

/// A provider.
pub(crate) struct Subject {
    /// The provider at this address.
    pub(crate) provider: fn(base_url: &str) -> Provider,
    /// Its requests to us.
    pub(crate) hooks: Option<Hooks>,
    /// Our requests to it by HTTP.
    pub(crate) sends: Option<Sends>,
}

/// The requests of a provider.
pub(crate) struct Hooks {
    /// Signs a body, as the provider does for the account.
    pub(crate) sign: fn(body: &[u8]) -> HookRequest,
    /// The headers that the signature is in or covers.
    pub(crate) headers: &'static [&'static str],
    /// An account without a secret to verify with, and one with another secret.
    pub(crate) strangers: fn(body: &[u8]) -> [Stranger; 2],
    /// Whether two bodies are the same to the provider.
    pub(crate) is_same: fn(&[u8], &[u8]) -> bool,
    /// The body of a message with this id and text from +15550199 to +15550100.
    pub(crate) message: fn(id: &str, text: &str) -> String,
    /// The body of a report, which repeats these words if it is of a failure; `None` if the provider has no
    /// such report.
    pub(crate) report: fn(id: &str, delivery: Delivery, words: &str) -> Option<String>,
}

/// An account with a request that it must not accept.
pub(crate) struct Stranger {
    pub(crate) provider: Provider,
    pub(crate) token: &'static str,
    pub(crate) request: HookRequest,
}

/// The answers of a provider to a send.
pub(crate) struct Sends {
    /// An answer that accepts a message, and the ids in it.
    pub(crate) accepted: (&'static str, &'static [&'static str]),
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

/// Checks everything that the provider has.
pub(crate) async fn conform(subject: &Subject) {
    if let Some(hooks) = &subject.hooks {
        hooks::only_signed_requests_are_verified(subject, hooks);
        hooks::a_request_has_one_identity(subject, hooks);
        hooks::any_bytes_are_read_without_a_panic(subject, hooks);
        hooks::a_text_comes_in_whole(subject, hooks);
        reports::reports_move_a_message_forward_in_any_order(subject, hooks);
        reports::a_report_does_not_repeat_the_token(subject, hooks);
    }
    if let Some(answers) = &subject.sends {
        sends::an_answer_decides_the_outcome(subject, answers).await;
        sends::a_request_without_an_answer_is_unknown_without_a_key(subject).await;
        sends::a_failure_does_not_repeat_the_token(subject, answers).await;
        sends::the_key_is_sent_if_the_provider_honours_it(subject, answers).await;
    }
}
