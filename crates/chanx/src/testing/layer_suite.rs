//! The list of a layer's tests.

/// The tests that every channel layer must pass, one for each property of [`chanx::testing::layer`](crate::testing::layer).
///
/// It is given a type that implements [`LayerFixture`](crate::testing::layer::LayerFixture). With `outages` it also runs
/// those that break the store, which needs [`BreakableStore`](crate::testing::layer::BreakableStore). The tests are
/// `#[tokio::test]`s on two threads, so that the crate needs `tokio` with the features `macros` and `rt-multi-thread`.
///
/// ```
/// use std::sync::Arc;
///
/// use chanx::layer::{ChannelLayer, MemoryLayer};
/// use chanx::testing::layer::LayerFixture;
///
/// struct Memory(MemoryLayer);
///
/// impl LayerFixture for Memory {
///     async fn start() -> Self {
///         Self(MemoryLayer::new())
///     }
///
///     fn layer(&self) -> Arc<dyn ChannelLayer> {
///         Arc::new(self.0.neighbor())
///     }
/// }
///
/// chanx::testing::layer_suite!(Memory);
/// # fn main() {}
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_suite {
    (@tests $fixture:ty: $($property:ident)+) => {$(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $property() {
            $crate::testing::layer::$property::<$fixture>().await;
        }
    )+};
    ($fixture:ty) => {
        $crate::__layer_suite! { @tests $fixture:
            a_group_message_reaches_each_subscriber_once
            a_group_message_reaches_nobody_else
            a_sender_need_not_subscribe
            an_empty_group_is_no_error
            messages_of_one_sender_keep_their_order
            names_of_every_shape_are_told_apart
            groups_of_users_and_of_everyone_are_carried

            subscribing_ends_when_messages_arrive
            subscribing_needs_nobody_who_waits
            unsubscribing_ends_it
            subscribing_twice_is_subscribing_once
            the_last_of_many_calls_wins
            unsubscribing_from_nothing_changes_nothing
            closing_ends_delivery

            a_direct_message_reaches_its_owner_only
            channels_need_no_announcement
            channel_names_are_unique
            an_unknown_channel_is_no_error
            direct_messages_keep_their_order

            group_messages_survive
            events_survive
            foreign_messages_survive
            content_survives

            a_thousand_groups_are_told_apart
            many_senders_at_once_lose_nothing
            pressure_loses_nothing
            large_messages_keep_their_order
        }
    };
    ($fixture:ty, outages) => {
        $crate::__layer_suite!($fixture);
        $crate::__layer_suite! { @tests $fixture:
            an_outage_fails_calls_in_time
            an_outage_ends_with_all_groups
        }
    };
}
