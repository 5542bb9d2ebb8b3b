//! The figures of an attack: latency of others, memory, and time to recover.

use super::Round;
use super::attack::Attack;
use crate::report::Figure;

/// The names of the figures of an attack.
struct Names {
    post: (&'static str, &'static str),
    p99: (&'static str, &'static str),
    get: (&'static str, &'static str),
    ready: (&'static str, &'static str),
    memory: (&'static str, &'static str),
    recovery: (&'static str, &'static str),
}

macro_rules! names {
    ($name:literal, $what:literal) => {
        Names {
            post: (concat!($name, "-post"), concat!($what, ": POST, p50")),
            p99: (concat!($name, "-p99"), "  ms, POST, p99"),
            get: (concat!($name, "-get"), "  ms, GET, p50"),
            ready: (concat!($name, "-ready"), "  ms, /readyz, p99"),
            memory: (
                concat!($name, "-memory"),
                "  MiB above idle, kernel included",
            ),
            recovery: (
                concat!($name, "-after"),
                "  s until everything is as before",
            ),
        }
    };
}

const fn names(attack: Attack) -> Names {
    match attack {
        Attack::Channels => names!("channels", "ms, 8 search channels"),
        Attack::Search => names!("search", "ms, 8 search messages"),
        Attack::Mentions => names!("mentions", "ms, 8 rename, 64 MB unread"),
        Attack::Edits => names!("edits", "ms, deleting much edited messages"),
        Attack::Agents => names!("agents", "ms, deleting an agent of many chats"),
        Attack::Chats => names!("chats", "ms, 100 create chats of 501"),
        Attack::Sockets => names!("sockets", "ms, 40 sockets post"),
        Attack::Documents => names!("documents", "ms, 300 read no document"),
        Attack::Logins => names!("logins", "ms, 1,000 long logins"),
        Attack::Answers => names!("answers", "ms, 100 read no page"),
        Attack::Defaults => names!("defaults", "ms, default limits, several"),
    }
}

/// The figures of a round.
pub(super) fn of(attack: Attack, round: &Round) -> Vec<Figure> {
    let names = names(attack);
    let figure = Figure::at_most;
    vec![
        figure(
            names.post,
            round.with.post,
            ("ms, without", round.without.post),
        ),
        figure(names.p99, round.with.post_p99, ("ms", 250.0)),
        figure(
            names.get,
            round.with.get,
            ("ms, without", round.without.get),
        ),
        figure(names.ready, round.with.ready, ("ms", 100.0)),
        figure(names.memory, round.memory, ("MiB", 256.0)),
        figure(names.recovery, round.recovery, ("s", 10.0)),
    ]
}
