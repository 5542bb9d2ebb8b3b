//! The filter of events by their type.

use crate::kernel::error::Invalid;
use crate::kernel::text::check_text;

/// Maximum number of patterns of an endpoint.
pub const MAX_PATTERNS: usize = 32;

/// Maximum number of characters of a pattern.
const MAX_PATTERN: usize = 64;

/// The types of events that an endpoint wants: names, in which `*` stands for any characters. An empty
/// filter wants every type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter(Vec<String>);

impl EventFilter {
    /// Creates a filter from patterns such as `chatmessage_*`.
    ///
    /// # Errors
    /// Names the refused pattern by its index, such as `events[0]`.
    pub fn new(patterns: Vec<String>) -> Result<Self, Invalid> {
        if patterns.len() > MAX_PATTERNS {
            return Err(Invalid::too_long("events", MAX_PATTERNS, "patterns"));
        }
        for (place, pattern) in patterns.iter().enumerate() {
            let field = format!("events[{place}]");
            check_text(&field, pattern, MAX_PATTERN)?;
            let is_name = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '*');
            if pattern.is_empty() || !pattern.chars().all(is_name) {
                let message = "must be the name of an event, with * for any characters";
                return Err(Invalid::new(field, "EVENT_PATTERN_INVALID", message));
            }
        }
        Ok(Self(patterns))
    }

    /// The patterns.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    /// Returns whether an event of the type `kind` is wanted.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| matches(pattern, kind))
    }
}

/// Compares a name with a pattern: the parts between the stars occur in this order, the first one at
/// the beginning and the last one at the end.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return name.ends_with(part);
        }
        match name.split_once(part) {
            Some((_, after)) => name = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(patterns: &[&str]) -> EventFilter {
        let patterns = patterns.iter().map(ToString::to_string);
        EventFilter::new(patterns.collect()).unwrap()
    }

    /// HOOK-02.
    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, wants) in [
            ("chat_created", "chat_created", true),
            ("chat_created", "chat_created2", false),
            ("chatmessage_*", "chatmessage_created", true),
            ("chatmessage_*", "chat_created", false),
            ("*", "chat_created", true),
            ("*_created", "chat_created", true),
            ("*_created", "chat_created_x", false),
            ("chat*_*ed", "chatmessage_updated", true),
            ("chat*_*ed", "chatmessage", false),
            ("a*a", "a", false),
            ("a**b", "ab", true),
            ("*a*b*", "xaxbx", true),
            ("*ab*ab", "xab", false),
        ] {
            assert_eq!(filter(&[pattern]).wants(name), wants, "{pattern} {name}");
        }
    }

    /// HOOK-02: an empty filter wants all events.
    #[test]
    fn an_endpoint_gets_every_event_unless_it_names_some() {
        assert!(filter(&[]).wants("anything"));
        let some = filter(&["chat_created", "chatmessage_*"]);
        assert!(some.wants("chatmessage_deleted") && !some.wants("chat_updated"));
        assert_eq!(some.patterns(), ["chat_created", "chatmessage_*"]);
    }

    #[test]
    fn a_pattern_is_a_name_and_their_number_is_bounded() {
        for pattern in ["", "Chat", "a b", "chat-created", "?"] {
            let refused = EventFilter::new(vec!["*".into(), pattern.into()]).unwrap_err();
            let said = (&*refused.field, refused.reason);
            assert_eq!(said, ("events[1]", "EVENT_PATTERN_INVALID"));
        }
        let long = EventFilter::new(vec!["x".repeat(65)]).unwrap_err();
        assert_eq!((&*long.field, long.limit), ("events[0]", Some(64)));
        let many = EventFilter::new(vec!["*".into(); MAX_PATTERNS + 1]).unwrap_err();
        assert_eq!((&*many.field, many.limit), ("events", Some(32)));
    }
}
