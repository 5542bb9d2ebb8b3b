//! The port that each provider implements.

use conversation_domain::delivery::settle::Outcome;
use conversation_domain::gateway::{Checked, HookRequest};
use conversation_domain::message::receive::Incoming;
use conversation_domain::model::account::Account;
use conversation_domain::model::message::Failure;
use conversation_domain::model::provider::Provider;
use conversation_domain::receipt::take::Happening;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::ConversationMessageId;

use crate::http::Http;
use crate::smpp::{Links, Smpp};
use crate::telnyx::Telnyx;
use crate::twilio::Twilio;
use crate::verified::Verified;

/// The longest text of a provider that is stored, in characters.
const LONGEST: usize = 500;

/// An account with its opened secrets.
pub(crate) struct Opened<'a> {
    pub(crate) account: &'a Account,
    /// `""` if there is none.
    pub(crate) token: String,
    /// The token in the form in which requests carry it, if that is another one; `""` otherwise.
    pub(crate) credentials: String,
}

impl<'a> Opened<'a> {
    pub(crate) const fn new(account: &'a Account, token: String) -> Self {
        Self {
            account,
            token,
            credentials: String::new(),
        }
    }
}

impl Opened<'_> {
    /// Returns a failure with the provider's words, without the secrets of the account.
    pub(crate) fn failure(&self, code: &str, reason: &str, is_permanent: bool) -> Failure {
        Failure {
            code: self.cleaned(code),
            reason: self.cleaned(reason),
            is_permanent,
        }
    }

    /// Returns a text of the provider, shortened and without the secrets of the account.
    pub(crate) fn cleaned(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in [&self.credentials, &self.token] {
            if !secret.is_empty() {
                text = text.replace(secret, "***");
            }
        }
        text.replace('\0', "\u{FFFD}")
            .chars()
            .take(LONGEST)
            .collect()
    }
}

/// A message to be sent.
pub(crate) struct Outbound<'a> {
    pub(crate) id: ConversationMessageId,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) text: &'a str,
    /// Links to its medias. Empty if the provider carries none: the text has them then.
    pub(crate) medias: &'a [String],
    /// The same at every try.
    pub(crate) key: &'a str,
    /// The address for reports about it; `""` if the server does not know its own.
    pub(crate) hook_url: String,
}

/// A segment beside those of the same message that wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Joining {
    /// Others are missing.
    Waits,
    /// It was received before.
    Repeats,
    /// It is a segment of another message, which has the same number.
    Clashes,
    /// The message is complete.
    Whole(Box<Incoming>),
}

/// Driven port: one account at its provider.
pub(crate) trait Adapter: Send + Sync {
    /// Verifies a request in constant time. MUST return `None` for any that the provider has not signed,
    /// and for any at all if the account has no secret to verify with.
    fn verify(&self, request: &HookRequest) -> Option<Verified>;

    /// Returns the identity of a request; `None` if it has none.
    fn event(&self, verified: &Verified) -> Option<String>;

    /// Reads a request. Kinds without an effect are no error. Texts of the provider in reports MUST be
    /// without the secrets of the account.
    ///
    /// # Errors
    /// Says what cannot be read.
    fn parse(&self, verified: &Verified) -> Result<Vec<Happening>, String>;

    /// Joins the segments of a long message when the last one is there. `before` are those that wait.
    ///
    /// # Errors
    /// Says what cannot be read.
    fn join(&self, _before: &[Verified], _newest: &Verified) -> Result<Joining, String> {
        Ok(Joining::Waits)
    }

    /// Makes a message of segments whose others have not arrived in time.
    ///
    /// # Errors
    /// Says what cannot be read.
    fn join_some(&self, _segments: &[Verified]) -> Result<Incoming, String> {
        Err("the provider has no segments".to_owned())
    }

    /// Whether the provider carries medias.
    fn carries_medias(&self) -> bool {
        false
    }

    /// Returns the headers of a request for a media of an incoming message. MUST NOT return a secret for
    /// an address that is not the provider's own.
    fn media_headers(&self, _url: &str) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Sends a message.
    fn send<'a>(&'a self, http: &'a Http, message: &'a Outbound<'a>) -> BoxFuture<'a, Outcome>;

    /// Asks whether the account works.
    fn check<'a>(&'a self, http: &'a Http) -> BoxFuture<'a, Checked>;
}

/// Returns the adapter of an account; `None` for our own widget.
pub(crate) fn adapter<'a>(opened: Opened<'a>, links: &'a Links) -> Option<Box<dyn Adapter + 'a>> {
    match &opened.account.provider {
        Provider::Widget => None,
        Provider::Twilio {
            account_sid,
            base_url,
        } => Some(Box::new(Twilio::new(opened, account_sid, base_url))),
        Provider::Telnyx {
            public_key,
            base_url,
        } => Some(Box::new(Telnyx {
            opened,
            public_key,
            base_url,
        })),
        Provider::Smpp(_) => Some(Box::new(Smpp { opened, links })),
    }
}
