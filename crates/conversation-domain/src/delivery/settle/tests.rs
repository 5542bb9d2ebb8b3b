use super::*;
use crate::model::account::{Account, AccountSecrets};
use crate::testing::{
    MockUnit, a_conversation, a_failure, a_job, a_message, a_part, a_problem, an_sms_account, logs,
};
use talk_domain::kernel::secret::Sealed;
use talk_domain::testing::at;

fn leased(tries: u32) -> Job {
    Job {
        is_leased: true,
        tries,
        ..a_job(1)
    }
}

fn unit(job: Job, delivery: Delivery) -> MockUnit {
    let mut uow = MockUnit::default();
    let get = uow.jobs.expect_get();
    get.returning(move |_| Ok(Some(job.clone())));
    let lock = uow.conversations.expect_lock();
    lock.returning(|_| Ok(Some(a_conversation())));
    let get = uow.conversation_messages.expect_get();
    get.returning(move |_| {
        Ok(Some(Message {
            delivery,
            ..a_message(1)
        }))
    });
    uow
}

/// Expects that the message becomes `delivery`, and its job ends if `ends`.
fn expect(uow: &mut MockUnit, delivery: Delivery, ends: bool) {
    let update = uow.conversation_messages.expect_update().times(1);
    update
        .withf(move |message| message.delivery == delivery)
        .returning(|_| Ok(()));
    uow.conversations.expect_update().returning(|_| Ok(()));
    logs(uow, "conversation_message_updated", 1);
    let delete = uow.jobs.expect_delete().times(usize::from(ends));
    delete.returning(|_| Ok(()));
    uow.jobs.expect_first().returning(|_| Ok(None));
}

fn tried(outcome: Outcome) -> Tried {
    Tried {
        message: a_message(1).id,
        secrets: an_sms_account().secrets,
        outcome,
        now: at(10),
    }
}

/// CONV-31 and CONV-32.
#[test]
fn an_answer_decides_how_far_the_message_has_got() {
    for (outcome, delivery) in [
        (Outcome::Permanent(a_failure()), Delivery::Failed),
        (Outcome::Unknown(a_failure()), Delivery::Unknown),
    ] {
        let mut uow = unit(leased(1), Delivery::Submitting);
        expect(&mut uow, delivery, true);
        settle_job(&mut uow, &tried(outcome)).unwrap();
    }
}

/// CONV-37: an answer to a send with the secrets before says nothing about those of now.
#[test]
fn an_answer_to_earlier_secrets_neither_marks_nor_clears() {
    let accepted = Outcome::Accepted(vec![]);
    for (outcome, delivery, before) in [
        (Outcome::Denied(a_failure()), Delivery::Failed, None),
        (accepted, Delivery::Accepted, Some(a_problem())),
    ] {
        let mut uow = unit(leased(1), Delivery::Submitting);
        let get = uow.accounts.expect_get();
        get.returning(move |_| {
            Ok(Some(Account {
                secrets: AccountSecrets {
                    token: Some(Sealed(vec![9])),
                    secret: None,
                },
                problem: before.clone(),
                ..an_sms_account()
            }))
        });
        uow.accounts.expect_mark().times(0);
        uow.parts.expect_of_message().returning(|_| Ok(vec![]));
        expect(&mut uow, delivery, true);
        settle_job(&mut uow, &tried(outcome)).unwrap();
    }
}

/// CONV-38: the provider may know that the person wants no messages before we do.
#[test]
fn a_refusal_for_an_opt_out_blocks_the_room() {
    let mut uow = unit(leased(1), Delivery::Submitting);
    let set = uow.rooms.expect_set_opt_out().times(1);
    set.withf(|_, since| *since == Some(at(10)))
        .returning(|_, _| Ok(()));
    logs(&mut uow, "conversation_updated", 1);
    expect(&mut uow, Delivery::Failed, true);
    settle_job(&mut uow, &tried(Outcome::OptedOut(a_failure()))).unwrap();
}

/// CONV-37: a refused account has the problem of its first refusal, until a message is accepted.
#[test]
fn a_refusal_of_the_account_marks_it_and_a_success_clears_it() {
    let denied = Failure {
        code: a_problem().code,
        reason: a_problem().reason,
        is_permanent: true,
    };
    let refused = Outcome::Denied(denied.clone());
    let otherwise = Outcome::Denied(a_failure());
    let accepted = Outcome::Accepted(vec![]);
    let failed = Outcome::Permanent(denied);
    for (outcome, delivery, before, marks) in [
        (&refused, Delivery::Failed, None, 1),
        (&refused, Delivery::Failed, Some(a_problem()), 0),
        (&otherwise, Delivery::Failed, Some(a_problem()), 1),
        (&accepted, Delivery::Accepted, Some(a_problem()), 1),
        (&accepted, Delivery::Accepted, None, 0),
        (&failed, Delivery::Failed, None, 0),
    ] {
        let mut uow = unit(leased(1), Delivery::Submitting);
        let is_accepted = delivery == Delivery::Accepted;
        let get = uow.accounts.expect_get();
        get.returning(move |_| {
            Ok(Some(Account {
                problem: before.clone(),
                ..an_sms_account()
            }))
        });
        let mark = uow.accounts.expect_mark().times(marks);
        mark.withf(move |_, problem| problem.is_none() == is_accepted)
            .returning(|_, _| Ok(()));
        uow.parts.expect_of_message().returning(|_| Ok(vec![]));
        expect(&mut uow, delivery, true);
        settle_job(&mut uow, &tried(outcome.clone())).unwrap();
    }
}

/// CONV-33: a report that came before the answer counts as soon as the id is known.
#[test]
fn an_accepted_message_takes_over_the_reports_that_came_before() {
    for (reported, delivery) in [
        (None, Delivery::Accepted),
        (Some(Delivery::Delivered), Delivery::Delivered),
    ] {
        let mut uow = unit(leased(1), Delivery::Submitting);
        let account = uow.accounts.expect_get();
        account.returning(|_| Ok(Some(an_sms_account())));
        let part = reported.map(|delivery| a_part(None, delivery));
        let is_known = part.is_some();
        uow.parts
            .expect_find()
            .returning(move |_, _| Ok(part.clone()));
        let insert = uow.parts.expect_insert().times(usize::from(!is_known));
        insert.returning(|_| Ok(()));
        let update = uow.parts.expect_update().times(usize::from(is_known));
        update
            .withf(|part| part.message == Some(a_message(1).id))
            .returning(|_| Ok(()));
        let of = uow.parts.expect_of_message();
        of.returning(move |id| Ok(vec![a_part(Some(id), delivery)]));
        expect(&mut uow, delivery, true);
        settle_job(&mut uow, &tried(Outcome::Accepted(vec!["SM1".into()]))).unwrap();
    }
}

/// CONV-32: it is tried again after 1, 2, 4 … seconds, at most 15 minutes, for a day.
#[test]
fn a_transient_failure_is_tried_again_later_for_a_day() {
    let second = 1_000_000;
    for (tries, after, pause) in [
        (1, None, 1),
        (2, None, 2),
        (5, None, 16),
        (40, None, 900),
        (1, Some(7), 7),
        (1, Some(90_000), 900),
    ] {
        let due = next_try(&leased(tries), after, at(0));
        assert_eq!(due, Some(at(pause * second)), "{tries} {after:?}");
    }
    assert_eq!(next_try(&leased(40), None, at(86_000 * second)), None);
    let mut uow = unit(leased(1), Delivery::Submitting);
    expect(&mut uow, Delivery::Queued, false);
    let update = uow.jobs.expect_update().times(1);
    update
        .withf(|job| !job.is_leased && job.due == Some(at(1_000_010)))
        .returning(|_| Ok(()));
    settle_job(&mut uow, &tried(Outcome::Transient(a_failure(), None))).unwrap();
    let mut uow = unit(leased(1), Delivery::Submitting);
    expect(&mut uow, Delivery::Failed, true);
    let late = Tried {
        now: at(86_400 * second),
        ..tried(Outcome::Transient(a_failure(), None))
    };
    settle_job(&mut uow, &late).unwrap();
}

/// CONV-32 and CONV-33: a report is a better witness than a broken connection.
#[test]
fn a_message_that_was_reported_is_not_tried_again() {
    let mut uow = unit(leased(1), Delivery::Sent);
    uow.jobs.expect_delete().times(1).returning(|_| Ok(()));
    uow.jobs.expect_first().returning(|_| Ok(None));
    settle_job(&mut uow, &tried(Outcome::Transient(a_failure(), None))).unwrap();
}

/// CONV-31: the answer to a lease that has ended changes nothing.
#[test]
fn a_late_answer_changes_nothing() {
    let mut uow = MockUnit::default();
    uow.jobs.expect_get().returning(|_| Ok(Some(a_job(1))));
    settle_job(&mut uow, &tried(Outcome::Permanent(a_failure()))).unwrap();
}
