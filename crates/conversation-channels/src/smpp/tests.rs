use super::centre::{Centre, Memory};
use super::inbox::Inbox;
use super::link::Terms;
use super::pdu::{Frame, encode};
use super::*;
use crate::conformance::sends::{closed_port, http, outbound};
use crate::conformance::{Act, Inbound as Delivers, Sending, Subject, TOKEN, conform};
use conversation_domain::model::account::Account;
use conversation_domain::model::message::Delivery;
use conversation_domain::testing::{an_smpp, an_sms_account};
use rusmpp::CommandStatus;
use rusmpp::pdus::{DeliverSm, SubmitSmResp};
use rusmpp::tlvs::MessageDeliveryRequestTlvValue as Parameter;
use rusmpp::types::AnyOctetString;
use rusmpp::types::COctetString;
use rusmpp::values::{DataCoding, EsmClass, MessagePayload, Ton};
use talk_outgoing::Target;
use tokio::net::TcpListener;

/// A delivered unit without its length, as the inbox stores it.
fn delivered(class: u8, coding: u8, octets: Vec<u8>) -> Vec<u8> {
    let mut unit = DeliverSm::default();
    for (address, digits) in [
        (&mut unit.source_addr, b"15550199\0"),
        (&mut unit.destination_addr, b"15550100\0"),
    ] {
        *address = COctetString::from_slice(digits).unwrap();
    }
    unit.source_addr_ton = Ton::International;
    unit.dest_addr_ton = Ton::International;
    unit.esm_class = EsmClass::from(class);
    unit.data_coding = DataCoding::from(coding);
    let payload = MessagePayload::new(AnyOctetString::from_vec(octets));
    unit.push_tlv(Parameter::MessagePayload(payload));
    encode(CommandStatus::EsmeRok, 1, unit).split_off(4)
}

/// A text in UCS-2, in which any text can be written.
fn message(_: &str, text: &str) -> Vec<u8> {
    let octets = text.encode_utf16().flat_map(u16::to_be_bytes);
    delivered(0, 8, octets.collect())
}

fn report(id: &str, delivery: Delivery, words: &str) -> Option<Vec<u8>> {
    let state = match delivery {
        Delivery::Sent => "ENROUTE",
        Delivery::Failed => "UNDELIV",
        Delivery::Delivered => "DELIVRD",
        _ => return None,
    };
    // The sender of a receipt is the receiver of the message.
    let text = format!("id:{id} sub:001 dlvrd:001 stat:{state} err:{words} text:Hi");
    Some(delivered(0x04, 3, text.into_bytes()))
}

/// Plays a message centre that does this with the first message.
async fn play(mut centre: Centre<tokio::net::TcpStream>, act: Act) {
    if act == Act::Denies {
        let request = centre.next().await;
        let refusal = CommandStatus::EsmeRinvpaswd;
        centre
            .send(refusal, request.sequence, Pdu::GenericNack)
            .await;
        return;
    }
    centre.bind().await;
    let request: Frame = centre.next().await;
    let mut taken = SubmitSmResp::default();
    let status = match act {
        Act::Takes => {
            taken = SubmitSmResp::new(COctetString::from_slice(b"m1\0").unwrap(), Vec::new());
            CommandStatus::EsmeRok
        }
        Act::Refuses => CommandStatus::EsmeRinvdstadr,
        Act::IsBusy => CommandStatus::EsmeRthrottled,
        Act::Waits => return std::future::pending().await,
        _ => return,
    };
    centre.send(status, request.sequence, taken).await;
    std::future::pending::<()>().await;
}

/// Sends a message over a session with a message centre that does this.
async fn send(act: Act) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut port = listener.local_addr().unwrap().port();
    if act == Act::IsAway {
        port = closed_port();
    }
    let http = http(port);
    let terms = Terms {
        target: Target {
            host: "127.0.0.1".into(),
            port,
            tls: false,
        },
        system_id: "talk".into(),
        password: TOKEN[..8].into(),
        system_type: String::new(),
        window: 2,
        enquire_link: Duration::from_secs(60),
        time: http.client().timeout(),
    };
    let account = Account {
        provider: an_smpp(),
        ..an_sms_account()
    };
    let links = Links::default();
    let link = Arc::new(Link::new(account.updated, 0));
    links.all().insert(account.id, Arc::clone(&link));
    let adapter = Smpp {
        opened: Opened::new(&account, TOKEN[..8].into()),
        links: &links,
    };
    let mut inbox = Inbox::new(Memory::new(0));
    let message = outbound("key-1");
    let centre = async {
        let (stream, _) = listener.accept().await.unwrap();
        play(Centre(stream), act).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        outcome = adapter.send(&http, &message) => outcome,
        () = link.keep(http.client(), &terms, &mut inbox) => panic!("the session goes on"),
        () = centre => panic!("the message centre goes on"),
    }
}

/// CONV-30, CONV-32, CONV-33, CONV-35 to CONV-37, and CONV-54.
#[tokio::test]
async fn smpp_conforms() {
    let subject = Subject {
        provider: |_| an_smpp(),
        inbound: Delivers { message, report },
        signing: None,
        sending: Sending::Session(|act| Box::pin(send(act))),
    };
    conform(&subject).await;
}
