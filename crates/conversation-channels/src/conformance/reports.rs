//! Reports of providers about sent messages.

use std::sync::{Arc, Mutex};

use conversation_domain::delivery::report::{Report, apply_report};
use conversation_domain::model::message::{Delivery, Message};
use conversation_domain::model::part::Part;
use conversation_domain::receipt::take::Happening;
use conversation_domain::testing::{MockUnit, a_conversation, a_message, a_part};
use talk_domain::testing::{at, customer_id};

use super::{Subject, TOKEN, read};

const STEPS: [Delivery; 5] = [
    Delivery::Accepted,
    Delivery::Sent,
    Delivery::Failed,
    Delivery::Delivered,
    Delivery::Read,
];

fn reports(subject: &Subject, words: &str) -> Vec<Report> {
    let bodies = STEPS.map(|step| (step, (subject.inbound.report)("m1", step, words)));
    let bodies = bodies
        .into_iter()
        .filter_map(|(step, body)| Some((step, body?)));
    let reports = bodies.map(|(step, body)| {
        let says = read(subject, &body, "r1");
        let [Happening::Report(report)] = &says[..] else {
            panic!("{says:?}");
        };
        assert_eq!((report.delivery, &*report.provider_id), (step, "m1"));
        assert_eq!(report.failure.is_some(), step == Delivery::Failed);
        report.clone()
    });
    reports.collect()
}

/// A sent message with one part. Checks that it never moves back.
struct Sent {
    message: Message,
    part: Part,
}

fn unit(sent: &Arc<Mutex<Sent>>) -> MockUnit {
    let mut uow = MockUnit::default();
    let of = |sent: &Arc<Mutex<Sent>>| Arc::clone(sent);
    let (shared, find) = (of(sent), uow.parts.expect_find());
    find.returning(move |_, _| Ok(Some(shared.lock().unwrap().part.clone())));
    let (shared, update) = (of(sent), uow.parts.expect_update());
    update.returning(move |part| {
        let known = &mut shared.lock().unwrap().part;
        assert!(part.delivery > known.delivery);
        *known = part.clone();
        Ok(())
    });
    let (shared, parts) = (of(sent), uow.parts.expect_of_message());
    parts.returning(move |_| Ok(vec![shared.lock().unwrap().part.clone()]));
    let (shared, get) = (of(sent), uow.conversation_messages.expect_get());
    get.returning(move |_| Ok(Some(shared.lock().unwrap().message.clone())));
    let (shared, update) = (of(sent), uow.conversation_messages.expect_update());
    update.returning(move |message| {
        let mut sent = shared.lock().unwrap();
        assert!(message.delivery > sent.message.delivery);
        sent.message = message.clone();
        Ok(())
    });
    let lock = uow.conversations.expect_lock();
    lock.returning(|_| Ok(Some(a_conversation())));
    uow.conversations.expect_update().returning(|_| Ok(()));
    let frames = uow.frames.expect_encode_conversation();
    frames.returning(|_, _, _| "{}".to_owned());
    let append = uow.events.expect_append();
    append.returning(|stream, tick, _, entry| {
        Ok(Arc::new(entry.logged(customer_id(), stream, tick.seq)))
    });
    uow
}

/// All orders of the elements.
fn orders<T: Clone>(elements: &[T]) -> Vec<Vec<T>> {
    if elements.is_empty() {
        return vec![Vec::new()];
    }
    let firsts = (0..elements.len()).flat_map(|place| {
        let mut rest = elements.to_vec();
        let first = rest.remove(place);
        let rests = orders(&rest).into_iter();
        rests.map(move |rest| [vec![first.clone()], rest].concat())
    });
    firsts.collect()
}

/// CONV-33.
pub(super) fn reports_move_a_message_forward_in_any_order(subject: &Subject) {
    let reports = reports(subject, "no");
    let furthest = reports.iter().map(|report| report.delivery).max();
    for order in orders(&reports) {
        let message = a_message(1);
        let part = Part {
            provider_id: "m1".to_owned(),
            ..a_part(Some(message.id), message.delivery)
        };
        let sent = Arc::new(Mutex::new(Sent { message, part }));
        for report in order.iter().chain(&order) {
            let account = a_conversation().room.account;
            apply_report(&mut unit(&sent), (account, report), at(9)).unwrap();
        }
        let found = sent.lock().unwrap().message.delivery;
        assert_eq!(Some(found), furthest, "{order:?}");
    }
}

/// CONV-30.
pub(super) fn a_report_does_not_repeat_the_token(subject: &Subject) {
    let words = format!("no-{TOKEN}-here");
    let found = reports(subject, &words);
    let failures = found.iter().filter_map(|report| report.failure.as_ref());
    let failures: Vec<_> = failures.collect();
    assert!(
        failures
            .iter()
            .any(|failure| failure.reason.contains("no-***-here"))
    );
    assert!(!format!("{failures:?}").contains(TOKEN));
}
