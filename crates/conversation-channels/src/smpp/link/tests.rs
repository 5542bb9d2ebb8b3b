use super::*;
use crate::smpp::centre::{Centre, Memory};
use crate::smpp::pdu::{Frame, encode, read_frame};
use rusmpp::pdus::{DeliverSm, SubmitSm};
use rusmpp::{CommandId, Pdu};
use talk_domain::testing::at;
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

/// A session with this message centre, which ends with the test.
struct Running {
    link: Arc<Link>,
    centre: Centre<DuplexStream>,
    end: tokio::task::JoinHandle<State>,
}

fn run(shelf: Memory, changed: impl FnOnce(&mut Terms)) -> Running {
    let mut terms = Terms {
        target: Target {
            host: "smsc.test".into(),
            port: 2_775,
            tls: false,
        },
        system_id: "talk".into(),
        password: "pass".into(),
        system_type: String::new(),
        window: 2,
        enquire_link: Duration::from_secs(60),
        time: Duration::from_secs(5),
    };
    changed(&mut terms);
    let (ours, theirs) = duplex(256);
    let link = Arc::new(Link::new(at(1), 0));
    let running = Arc::clone(&link);
    let end = tokio::spawn(async move {
        let mut inbox = Inbox::new(shelf);
        running.serve(ours, &terms, &mut inbox).await
    });
    Running {
        link,
        centre: Centre(theirs),
        end,
    }
}

impl Running {
    async fn bound(&mut self) -> Arc<Session> {
        self.centre.bind().await;
        let State::Bound(session) = self.link.settled(Duration::from_secs(5)).await else {
            panic!("it is bound");
        };
        session
    }
}

fn submits(session: &Arc<Session>) -> tokio::task::JoinHandle<Result<Frame, NoAnswer>> {
    let session = Arc::clone(session);
    tokio::spawn(async move {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        session.submit(SubmitSm::default().into(), deadline).await
    })
}

/// CONV-51: the window bounds the messages without an answer.
#[tokio::test]
async fn a_message_waits_for_room_in_the_window() {
    let mut running = run(Memory::new(0), |_| {});
    let session = running.bound().await;
    let sending = [submits(&session), submits(&session), submits(&session)];
    let first = running.centre.next().await;
    assert_eq!(first.id, CommandId::SubmitSm);
    assert_eq!(running.centre.next().await.id, CommandId::SubmitSm);
    let third = timeout(
        Duration::from_millis(100),
        read_frame(&mut running.centre.0),
    );
    assert!(third.await.is_err(), "the third one does not wait");
    running
        .centre
        .answer(&first, rusmpp::pdus::SubmitSmResp::default())
        .await;
    assert_eq!(running.centre.next().await.id, CommandId::SubmitSm);
    drop(running.centre);
    let mut lost = 0;
    for one in sending {
        lost += usize::from(matches!(one.await.unwrap(), Err(NoAnswer::Lost(_))));
    }
    assert_eq!(lost, 2);
    assert!(matches!(running.end.await.unwrap(), State::Down(_)));
    let late = submits(&session).await.unwrap();
    assert!(matches!(late, Err(NoAnswer::NotSent(_))));
}

/// CONV-52: a unit is stored before it is answered; the answer requests a repetition if it cannot be stored.
#[tokio::test]
async fn a_unit_is_answered_when_it_is_stored() {
    for fails in [false, true] {
        let shelf = Memory {
            fails,
            ..Memory::new(0)
        };
        let mut running = run(shelf.clone(), |_| {});
        running.bound().await;
        let centre = &mut running.centre;
        centre
            .send(CommandStatus::EsmeRok, 7, DeliverSm::default())
            .await;
        let early = timeout(Duration::from_millis(100), read_frame(&mut centre.0));
        assert!(early.await.is_err(), "it is not answered before");
        shelf.permits.add_permits(1);
        let answer = centre.next().await;
        let expected = if fails { 0x64 } else { 0 };
        assert_eq!((answer.id, answer.sequence), (CommandId::DeliverSmResp, 7));
        assert_eq!(u32::from(answer.status), expected);
        assert_eq!(shelf.kept.lock().unwrap().len(), usize::from(!fails));
    }
}

/// CONV-52: before the message centre has accepted the credentials, nothing that it delivers is stored.
#[tokio::test]
async fn a_unit_before_the_session_is_bound_is_refused() {
    let shelf = Memory::new(9);
    let mut running = run(shelf.clone(), |_| {});
    let centre = &mut running.centre;
    let bind = centre.next().await;
    centre
        .send(CommandStatus::EsmeRok, 7, DeliverSm::default())
        .await;
    assert_eq!(centre.next().await.status, CommandStatus::EsmeRinvbndsts);
    centre
        .send(
            CommandStatus::EsmeRinvpaswd,
            bind.sequence,
            Pdu::GenericNack,
        )
        .await;
    let State::Refused { code, .. } = running.end.await.unwrap() else {
        panic!("it is refused");
    };
    assert_eq!(code, "ESME_RINVPASWD");
    assert!(shelf.kept.lock().unwrap().is_empty());
}

/// CONV-56: a message centre that delivers faster than is stored has to wait.
#[tokio::test]
async fn nothing_is_read_while_units_wait_to_be_stored() {
    let shelf = Memory::new(0);
    let mut running = run(shelf.clone(), |_| {});
    running.bound().await;
    let mut written = 0;
    let unit = |number| encode(CommandStatus::EsmeRok, number, DeliverSm::default());
    while written < 1_000 {
        let unit = unit(written);
        let writing = running.centre.0.write_all(&unit);
        if timeout(Duration::from_millis(200), writing).await.is_err() {
            break;
        }
        written += 1;
    }
    // A batch is being stored, another one waits, and the connection has buffers.
    assert!(written < 400, "{written}");
    assert!(shelf.kept.lock().unwrap().is_empty());
}

/// CONV-56.
#[tokio::test]
async fn a_length_without_bounds_ends_the_session() {
    for length in [0_u32, 15, 70_001, u32::MAX] {
        let mut running = run(Memory::new(9), |_| {});
        running.bound().await;
        let garbage = [&length.to_be_bytes()[..], &[0; 32]].concat();
        running.centre.0.write_all(&garbage).await.unwrap();
        let State::Down(reason) = running.end.await.unwrap() else {
            panic!("it is down");
        };
        assert!(reason.contains("octets"), "{length}: {reason}");
    }
}

/// CONV-53: both sides show that the connection works.
#[tokio::test]
async fn a_session_without_signs_of_life_ends() {
    let mut running = run(Memory::new(0), |terms| {
        terms.enquire_link = Duration::from_millis(20);
        terms.time = Duration::from_millis(200);
    });
    running.bound().await;
    let centre = &mut running.centre;
    centre
        .send(CommandStatus::EsmeRok, 9, Pdu::EnquireLink)
        .await;
    let mut requests = 0;
    loop {
        let frame = centre.next().await;
        if frame.id == CommandId::EnquireLinkResp {
            break;
        }
        requests += 1;
        centre.answer(&frame, Pdu::EnquireLinkResp).await;
    }
    let silent = centre.next().await;
    assert_eq!(silent.id, CommandId::EnquireLink);
    let State::Down(reason) = running.end.await.unwrap() else {
        panic!("it is down");
    };
    assert!(reason.starts_with("enquire_link"), "{requests}: {reason}");
}

/// CONV-53: the session of an account that is changed or deleted ends in order.
#[tokio::test]
async fn a_session_that_is_stopped_is_unbound() {
    let mut running = run(Memory::new(0), |_| {});
    running.bound().await;
    running.link.stop();
    let request = running.centre.next().await;
    assert_eq!(request.id, CommandId::Unbind);
    running.centre.answer(&request, Pdu::UnbindResp).await;
    assert!(matches!(running.end.await.unwrap(), State::Down(_)));
}

/// CONV-53: the message centre may end the session.
#[tokio::test]
async fn a_session_that_the_message_centre_unbinds_ends() {
    let mut running = run(Memory::new(0), |_| {});
    let session = running.bound().await;
    running
        .centre
        .send(CommandStatus::EsmeRok, 3, Pdu::Unbind)
        .await;
    assert_eq!(running.centre.next().await.id, CommandId::UnbindResp);
    drop(running.centre);
    assert!(matches!(running.end.await.unwrap(), State::Down(_)));
    let late = submits(&session).await.unwrap();
    assert!(matches!(late, Err(NoAnswer::NotSent(_))));
}
