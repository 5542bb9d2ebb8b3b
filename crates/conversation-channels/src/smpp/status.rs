//! Statuses of answers, and what they mean for a message.

use rusmpp::CommandStatus;

/// The effect of an answer on a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has taken the message.
    Taken,
    /// It has not taken the message, and may do so later.
    Later,
    /// It will not take the message.
    Never,
    /// It may have taken the message.
    Unclear,
}

/// Judges the status of an answer to a message.
pub(super) const fn judge(status: CommandStatus) -> Verdict {
    match status {
        CommandStatus::EsmeRok => Verdict::Taken,
        CommandStatus::EsmeRthrottled
        | CommandStatus::EsmeRmsgqful
        | CommandStatus::EsmeRinvbndsts
        | CommandStatus::EsmeRxTAppn => Verdict::Later,
        CommandStatus::EsmeRsyserr | CommandStatus::EsmeRunknownerr => Verdict::Unclear,
        _ => Verdict::Never,
    }
}

/// Returns the name of a status, such as `ESME_RTHROTTLED`, or its number if it has none.
pub(super) fn name_of(status: CommandStatus) -> String {
    let name = format!("{status:?}");
    match (status, name.strip_prefix("Esme")) {
        (CommandStatus::Other(number), _) => format!("{number:#010x}"),
        (_, Some(rest)) => format!("ESME_{}", rest.to_ascii_uppercase()),
        (_, None) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONV-51.
    #[test]
    fn only_a_message_that_was_surely_not_taken_is_tried_again() {
        for (number, verdict, name) in [
            (0x00, Verdict::Taken, "ESME_ROK"),
            (0x58, Verdict::Later, "ESME_RTHROTTLED"),
            (0x14, Verdict::Later, "ESME_RMSGQFUL"),
            (0x08, Verdict::Unclear, "ESME_RSYSERR"),
            (0x0B, Verdict::Never, "ESME_RINVDSTADR"),
            (0x45, Verdict::Never, "ESME_RSUBMITFAIL"),
            (0x0400, Verdict::Never, "0x00000400"),
        ] {
            let status = CommandStatus::from(number);
            assert_eq!((judge(status), &*name_of(status)), (verdict, name));
        }
    }
}
