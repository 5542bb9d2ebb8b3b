//! Random runs of the model.

use std::panic::{catch_unwind, resume_unwind, set_hook, take_hook};

use super::World;

/// The number of random runs, of about 60 steps each.
const STORIES: u64 = 40_000;

fn story(seed: u64, is_careless: bool) {
    let mut world = World::new(seed);
    world.is_careless = is_careless;
    play(&mut world);
}

/// Runs the model with a log that is trimmed. Returns the number of resets.
fn trimmed_story(seed: u64, is_trusting: bool) -> u64 {
    let mut world = World::new(seed);
    (world.is_forgetful, world.is_trusting) = (true, is_trusting);
    play(&mut world);
    world.resets
}

fn play(world: &mut World) {
    for _ in 0..60 {
        world.step();
    }
    world.settle();
    world.check_heads();
}

#[test]
fn every_subscriber_gets_every_event_once_and_in_order() {
    for seed in 0..STORIES {
        if let Err(panic) = catch_unwind(|| story(seed, false)) {
            eprintln!("story {seed} went wrong");
            resume_unwind(panic);
        }
    }
}

/// With the mechanism disabled: if the commit mark is taken after the snapshot, events committed in
/// between are lost.
#[test]
fn a_mark_that_is_taken_too_late_loses_events() {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let is_lost = (0..2_000).any(|seed| catch_unwind(|| story(seed, true)).is_err());
    set_hook(hook);
    assert!(is_lost, "2,000 stories went well without the mechanism");
}

/// WS-07 and WS-08: no silent gap, and no events for agents that have left.
#[test]
fn a_trimmed_log_causes_resets_and_no_silent_gap() {
    let mut resets_seen = 0;
    for seed in 0..STORIES / 2 {
        match catch_unwind(|| trimmed_story(seed, false)) {
            Ok(resets) => resets_seen += resets,
            Err(panic) => {
                eprintln!("story {seed} went wrong");
                resume_unwind(panic);
            }
        }
    }
    assert!(resets_seen > 1_000, "{resets_seen} resets");
}

/// With the mechanism disabled: subscribers that are not checked again after a gap get messages
/// posted after their removal.
#[test]
fn without_the_check_after_a_gap_a_removed_agent_gets_events() {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let shown = (0..5_000).filter(|seed| catch_unwind(|| trimmed_story(*seed, true)).is_err());
    let shown = shown.count();
    set_hook(hook);
    assert!(shown > 0);
    println!("{shown} of 5,000 stories went wrong, as they must");
}
