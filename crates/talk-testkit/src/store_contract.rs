//! The contract that every store must pass, whatever its database.
//! [`store_contract!`](crate::store_contract!) runs it on a store that the adapter's tests open.

#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "these are tests: they fail by panicking"
)]

pub mod agents;
pub mod answers;
pub mod cleanups;
pub mod consumers;
pub mod conversations;
pub mod erasure;
pub mod files;
pub mod filters;
pub mod groups;
pub mod held;
pub mod identity;
pub mod intercepts;
pub mod isolation;
pub mod log;
pub mod mentions;
pub mod paging;
pub mod races;
pub mod reads;
pub mod receipts;
pub mod removal;
pub mod retention;
pub mod search;
pub mod sending;
pub mod taking_part;
pub mod unique;
pub mod units;
pub mod webhooks;
pub mod world;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use conversation_domain::unit::Conversations;
use talk_domain::kernel::log::Bell;
use talk_domain::kernel::store::Store;
use talk_domain::talk::unit::Talk;

/// The parts a store under test is opened with.
pub struct Setup {
    /// Encodes events as frames.
    pub encoder: Arc<world::PlainEncoder>,
    /// Is called with the events of each commit.
    pub bell: Arc<dyn Bell>,
    /// Maximum of waiting units.
    pub queue: usize,
    /// How long a read may run.
    pub read_timeout: Duration,
}

/// A store under test, on an empty database.
pub struct Opened {
    /// The store.
    pub store: Arc<dyn Store<Talk>>,
    /// The same store, for conversations with people outside.
    pub conversations: Arc<dyn Store<Conversations>>,
    /// Dropped after the store, for example its directory.
    pub keep: Box<dyn Any + Send + Sync>,
}

/// Opens a store on an empty database.
pub type Factory = fn(Setup) -> Opened;

/// Expands to one test per rule of the contract; `$factory` is a [`Factory`].
#[macro_export]
macro_rules! store_contract {
    ($factory:expr) => {
        $crate::store_contract!(@tests $factory;
            units: a_refused_unit_leaves_nothing,
                a_panic_stays_in_its_unit,
                a_retry_is_bounded,
                a_full_queue_is_busy_at_once,
                a_read_sees_one_moment,
                a_failing_read_fails_alone,
                a_read_nobody_polls_holds_nobody_back,
                a_read_ends_at_its_deadline,
                others_read_while_one_customer_reads_all_it_can,
                the_epoch_is_an_identity;
            groups: neighbours_in_a_group_fail_alone,
                a_group_is_a_sequence,
                a_group_sees_who_has_ended_in_it;
            conversations: first_messages_at_once_make_one_room,
                an_event_that_arrives_often_is_one_message,
                one_of_many_claims_succeeds,
                an_answer_reaches_its_visitor_and_is_read,
                conversations_stay_in_their_customer,
                conversations_of_a_deleted_customer_are_removed;
            receipts: old_receipts_and_reports_expire,
                segments_wait_for_each_other;
            sending: jobs_are_due_in_order,
                one_of_many_workers_leases_a_message,
                forgotten_parts_belong_to_no_message,
                one_of_many_equal_requests_is_stored,
                problems_and_opt_outs_are_kept;
            taking_part: an_agent_finds_owned_and_joined_conversations,
                unread_messages_are_counted_after_the_mark;
            races: fifty_requests_for_one_pair_make_one_chat,
                one_of_many_removals_succeeds,
                forty_reactions_at_once_are_all_there_once,
                the_member_count_is_the_number_of_members,
                events_have_no_gaps_and_ring_in_order;
            log: events_of_a_refused_unit_never_ring,
                an_event_that_does_not_follow_the_last_one_is_refused,
                the_log_is_read_from_any_place,
                the_log_is_read_in_portions,
                a_deleted_message_is_gone_everywhere,
                a_message_deleted_in_the_unit_that_posted_it_rings_redacted;
            consumers: every_event_of_concurrent_units_is_taken_in_order,
                events_come_again_until_the_position_is_stored,
                the_whole_log_is_read_in_chunks,
                deleted_content_is_taken_by_no_consumer,
                only_the_installation_reads_the_whole_log;
            held: retention_waits_for_registered_consumers,
                retention_waits_for_enabled_endpoints,
                missed_events_are_held_or_noted_as_a_gap;
            paging: chats_of_an_agent_page_exactly,
                former_participants_page_exactly,
                channels_page_exactly,
                channels_found_page_exactly,
                participants_page_exactly,
                messages_of_a_chat_page_exactly,
                messages_of_an_agent_page_exactly,
                messages_found_page_exactly,
                agents_page_exactly,
                access_keys_page_exactly,
                revisions_page_exactly,
                threads_page_exactly;
            reads: what_was_read_is_not_unread,
                a_mark_ends_with_its_membership,
                readers_page_exactly_while_they_read,
                a_mark_is_at_a_message,
                marks_stay_in_their_customer;
            search: every_script_is_searched_by_substrings,
                what_is_no_longer_said_is_not_found,
                only_ones_own_chats_are_searched,
                searches_are_narrowed,
                searches_stay_in_their_customer,
                what_is_typed_otherwise_is_found,
                a_needle_that_is_nowhere_is_answered_page_by_page,
                a_search_without_time_goes_on_with_the_next_page;
            filters: chats_are_filtered_by_type_and_status,
                channels_are_found_without_case_and_accents,
                wildcards_are_searched_for_literally,
                replies_and_threads_are_listed_by_parent_and_root,
                messages_since_an_event_are_found_with_and_without_the_event,
                every_field_of_a_message_survives,
                every_field_of_a_chat_survives;
            files: files_are_read_by_those_who_were_sent_them,
                a_file_goes_with_the_last_message_that_carries_it,
                messages_say_that_their_file_is_deleted,
                files_stay_in_their_customer;
            isolation: chats_stay_in_their_customer,
                memberships_stay_in_their_customer,
                messages_stay_in_their_customer,
                the_log_stays_in_its_customer,
                agents_and_keys_stay_in_their_customer,
                answers_stay_in_their_customer,
                a_unit_above_customers_sees_only_the_directory,
                nobody_writes_rows_of_another_customer;
            agents: a_username_is_one_name_in_every_case,
                other_administrators_are_found;
            identity: a_username_is_unique_over_the_installation,
                an_agent_changes_but_for_its_username,
                an_access_key_is_found_by_its_hash,
                a_revoked_token_is_forgotten_after_its_end,
                session_ends_are_read_in_order,
                ended_sessions_are_forgotten_in_portions,
                former_members_are_remembered;
            answers: an_answer_is_kept_forgotten_and_purged;
            cleanups: a_much_changed_message_is_gone_at_once,
                a_large_chat_is_gone_at_once,
                cleanups_are_read_in_order_and_finished_once,
                a_cleanup_goes_on_where_it_stopped;
            removal: a_removed_chat_leaves_nothing,
                a_chat_that_is_being_removed_is_followed_by_nobody;
            erasure: an_erased_agent_frees_its_username,
                messages_of_an_author_are_found_in_parts,
                kept_answers_about_an_agent_are_forgotten_in_parts,
                access_keys_of_an_agent_are_removed_in_parts,
                a_deleted_customer_leaves_nothing_and_takes_nothing_of_others;
            retention: expired_messages_are_gone_everywhere,
                what_changes_while_messages_expire_is_right,
                a_log_is_trimmed_in_steps,
                events_that_are_young_enough_stay,
                a_deleted_chat_is_due_whole;
            webhooks: customers_with_enabled_endpoints_are_found,
                deliveries_and_their_position_are_stored_together_or_not_at_all,
                of_a_stream_only_the_first_delivery_is_due;
            intercepts: a_decision_is_found_by_its_id_and_by_its_key,
                held_messages_go_with_their_author,
                held_messages_go_with_their_chat,
                held_messages_and_decisions_expire_in_steps,
                a_deleted_customer_leaves_no_intercept;
            mentions: mentions_follow_their_message,
                participants_are_named_without_case;
            unique: emoji_keys_are_compared_byte_by_byte,
                a_deleted_chat_frees_its_pair;
        );
    };
    (@tests $factory:expr; $($module:ident: $($case:ident),+;)+) => {
        $(mod $module {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    $crate::store_contract::$module::$case($factory).await;
                }
            )+
        })+
    };
}
