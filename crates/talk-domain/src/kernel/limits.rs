//! The installation's limits of requests.

/// Configurable limits (API-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Characters of a message text.
    pub text: usize,
    /// Characters of a name.
    pub name: usize,
    /// Characters of a detail.
    pub detail: usize,
    /// Medias of one message.
    pub medias: usize,
    /// Participants named in one request.
    pub participants: usize,
    /// Reactions on one message.
    pub reactions: usize,
    /// Reactions of one agent on one message.
    pub reactions_per_agent: usize,
    /// Bytes of one emoji.
    pub emoji: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text: 16_000,
            name: 255,
            detail: 4_096,
            medias: 20,
            participants: 500,
            reactions: 300,
            reactions_per_agent: 20,
            emoji: 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// API-18: the limits of an installation that sets none.
    #[test]
    fn the_limits_are_those_of_the_documentation() {
        let limits = Limits::default();
        let texts = (limits.text, limits.name, limits.detail, limits.emoji);
        assert_eq!(texts, (16_000, 255, 4_096, 64));
        let counts = (limits.medias, limits.participants);
        assert_eq!(counts, (20, 500));
        assert_eq!((limits.reactions, limits.reactions_per_agent), (300, 20));
    }
}
