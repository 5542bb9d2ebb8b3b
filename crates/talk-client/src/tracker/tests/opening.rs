use super::*;

#[test]
fn many_positions_go_in_several_frames_and_nothing_is_delivered_before_the_last_answer() {
    let name = |i: usize| format!("chat-{i:04}");
    let mut positions = Positions::of("e");
    for i in 0..301 {
        positions = positions.at(name(i), 1);
    }
    let mut tracker = Tracker::new(Follow::All, positions);
    let frames = tracker.begin("me");
    let sizes = frames
        .iter()
        .map(|frame| frame.since.as_ref().unwrap().len());
    assert_eq!(sizes.collect::<Vec<_>>(), [300, 1]);
    let names: Vec<String> = (0..301).map(name).collect();
    let answer = |id, last: u64| {
        let ranges: Vec<_> = names.iter().map(|chat| (&**chat, 2, 3)).collect();
        let mut ranges = ranges;
        ranges[300].1 = last;
        subscribed(id, "e", &ranges)
    };
    // The last chat is not resumed by the first frame: it is live from its head on.
    take_all(
        &mut tracker,
        [answer("s0", 4), event(&names[0], 2), event(&names[300], 4)],
    );
    assert!(!tracker.is_open() && updates(&mut tracker).is_empty());
    let resumed = [2, 3, 4].map(|seq| event(&names[300], seq));
    take_all(&mut tracker, [answer("s1", 2)]);
    take_all(&mut tracker, resumed);
    let updates = updates(&mut tracker);
    assert_eq!(
        updates[1..],
        ["chat-00002", "chat-03002", "chat-03003", "chat-03004"]
    );
}

#[test]
fn only_refusals_that_pass_are_worth_another_attempt() {
    let refuse = |reason: &str| {
        let refused = Incoming::Refused(reason.into(), "m".into());
        resuming(Follow::All).take(refused).unwrap_err()
    };
    assert!(matches!(refuse("STOPPING"), Fault::Busy { .. }));
    assert!(matches!(refuse("TOPIC_INVALID"), Fault::Refused { .. }));
    // A refusal of another frame changes nothing.
    let later = Incoming::Refused("INVALID_JSON_BODY".into(), "m".into());
    assert_eq!(connected().take(later), Ok(()));
}
