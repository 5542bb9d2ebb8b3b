//! Stories played in the model.

use std::panic::{catch_unwind, resume_unwind, set_hook, take_hook};

use super::World;

/// Stories of about 60 steps each.
const STORIES: u64 = 40_000;

fn story(seed: u64, is_careless: bool) {
    let mut world = World::new(seed);
    world.is_careless = is_careless;
    for _ in 0..60 {
        world.step();
    }
    world.settle();
    world.check_heads();
}

#[test]
fn every_reader_gets_every_event_once_and_in_order() {
    for seed in 0..STORIES {
        if let Err(panic) = catch_unwind(|| story(seed, false)) {
            eprintln!("story {seed} went wrong");
            resume_unwind(panic);
        }
    }
}

/// The mechanism switched off: with a mark taken after its snapshot, what was committed in between
/// reaches nobody.
#[test]
fn a_mark_that_is_taken_too_late_loses_events() {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let is_lost = (0..2_000).any(|seed| catch_unwind(|| story(seed, true)).is_err());
    set_hook(hook);
    assert!(is_lost, "2,000 stories went well without the mechanism");
}
