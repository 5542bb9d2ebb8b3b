#![doc = include_str!("../README.md")]

mod client;
mod connection;
mod dispatch;
mod guard;

pub use client::{
    Answered, Client, ClientError, ClientSettings, Download, Exchange, ExchangeLimits, NoAnswer,
    Outgoing,
};
pub use connection::{Connection, Target};
pub use dispatch::{Dispatch, Permit, Permits, Targets, retry};
pub use guard::{Guard, Lookup, NetworksError, Unreachable};
pub use reqwest::header::{self, HeaderMap};
pub use reqwest::{Method, StatusCode, Url};
