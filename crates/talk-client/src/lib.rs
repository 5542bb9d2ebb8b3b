#![doc = include_str!("../README.md")]

mod api;
mod backoff;
mod call;
mod client;
mod error;
mod event;
mod form;
mod incoming;
mod pages;
mod positions;
mod subscription;
mod tracker;
mod update;

pub use api::{Draft, EventPage, NewChat, Search, Upload};
pub use client::Client;
pub use error::ClientError;
pub use event::{Event, Frame};
pub use pages::Pages;
pub use positions::Positions;
pub use subscription::Subscription;
pub use talk_wire::error::ErrorDetail;
pub use talk_wire::resource;
pub use talk_wire::socket::Range;
pub use update::{Follow, Update};
