//! chanx and real Python processes with channels_redis and Chanx, on one Redis.
//!
//! Plain `cargo test` leaves these out, because they need Python packages: `cargo xtask test --only redis`.

mod capacity;
mod chat;
mod peer;
mod process;
mod scenarios;
mod setup;
#[path = "../support/mod.rs"]
mod support;

/// Each scenario with both layers of channels_redis.
macro_rules! with_both_layers {
    ($($file:ident::$scenario:ident)+) => {
        with_both_layers! { @ core Core $($file $scenario)+ }
        with_both_layers! { @ pubsub PubSub $($file $scenario)+ }
    };
    (@ $module:ident $backend:ident $($file:ident $scenario:ident)+) => {
        mod $module {
            use crate::{chat, scenarios, setup::Backend};
            $(
                #[tokio::test]
                #[ignore = "needs channels_redis; `cargo xtask test` installs it and runs this"]
                async fn $scenario() {
                    $file::$scenario(Backend::$backend).await;
                }
            )+
        }
    };
}

with_both_layers! {
    scenarios::group_messages_cross_unchanged
    scenarios::messages_reach_one_channel
    scenarios::whoever_leaves_gets_nothing_more
    scenarios::a_process_gets_one_copy_for_all_its_members
    scenarios::groups_do_not_mix
    scenarios::messages_stay_in_order
    scenarios::big_messages_cross
    scenarios::what_nobody_can_read_is_passed_over
    scenarios::what_stands_deep_arrives
    scenarios::a_key_can_be_replaced
    scenarios::a_peer_that_dies_harms_nobody
    chat::everybody_hears_everybody
    chat::an_event_reaches_one_connection_of_the_other_site
    chat::whoever_leaves_hears_nothing_more
}
