//! The encoders of the frames of every domain.

use conversation_domain::model::event as conversation;
use talk_domain::talk::model::event as talk;

/// Makes the frames of every domain.
pub trait Encoders: talk::FrameEncoder + conversation::FrameEncoder {}

impl<T: talk::FrameEncoder + conversation::FrameEncoder> Encoders for T {}
