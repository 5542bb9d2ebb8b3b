//! How far a message has got, by its parts.

use crate::model::message::{Delivery, Failure};
use crate::model::part::Part;

/// A message has got as far as the part that has got least far.
pub(crate) fn progress_of(parts: &[Part]) -> (Delivery, Option<Failure>) {
    let least = parts.iter().min_by_key(|part| part.delivery);
    let delivery = least.map_or(Delivery::Queued, |part| part.delivery);
    let failure = least.and_then(|part| part.failure.clone());
    (delivery, failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_failure, a_part};

    /// CONV-33: a long message is delivered when every part is.
    #[test]
    fn a_message_has_got_as_far_as_its_last_part() {
        use Delivery::{Accepted, Delivered, Failed, Sent};
        let of = |parts: &[Delivery]| {
            let parts: Vec<_> = parts.iter().map(|step| a_part(None, *step)).collect();
            progress_of(&parts).0
        };
        assert_eq!(of(&[Delivered, Sent]), Sent);
        assert_eq!(of(&[Delivered, Delivered]), Delivered);
        assert_eq!(of(&[Delivered, Failed]), Failed);
        assert_eq!(of(&[Accepted, Failed]), Accepted);
        assert_eq!(of(&[]), Delivery::Queued);
        let failed = Part {
            failure: Some(a_failure()),
            ..a_part(None, Failed)
        };
        let (_, failure) = progress_of(&[a_part(None, Delivered), failed]);
        assert_eq!(failure, Some(a_failure()));
    }
}
