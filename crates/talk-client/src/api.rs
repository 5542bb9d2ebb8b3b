//! The requests, one file per resource.

mod chats;
mod conversations;
mod events;
mod files;
mod messages;

use talk_wire::resource::Agent;

use crate::call::Call;
use crate::client::Client;
use crate::error::ClientError;
use crate::pages::Pages;
pub use chats::NewChat;
pub use events::EventPage;
pub(crate) use files::Progress;
pub use files::Upload;
pub use messages::{Draft, Search};

impl Client {
    /// Lists the agents of the caller's customer.
    pub fn agents(&self) -> Pages<Agent> {
        Pages::new(self, &["v1.0", "agents"])
    }

    /// Revokes the token.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn logout(&self) -> Result<(), ClientError> {
        let call = Call::post(&["auth", "logout"]).once();
        let _: serde_json::Value = self.send(call).await?;
        Ok(())
    }
}
