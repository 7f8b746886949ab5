//! The layer of a single process against the contract of all layers, and the contract's tests against faulty ones.

mod memory {
    use std::sync::Arc;

    use chanx::layer::{ChannelLayer, MemoryLayer};
    use chanx::testing::layer::LayerFixture;

    struct Memory(MemoryLayer);

    impl LayerFixture for Memory {
        async fn start() -> Self {
            Self(MemoryLayer::new())
        }

        fn layer(&self) -> Arc<dyn ChannelLayer> {
            Arc::new(self.0.neighbor())
        }
    }

    chanx::testing::layer_suite!(Memory);
}

/// Layers with one fault each, which the suite must find.
mod faulty {
    use std::cell::Cell;
    use std::sync::{Arc, Mutex};

    use chanx::layer::{
        ChannelLayer, ChannelName, Content, GroupMessage, GroupName, Health, LayerFuture, LayerMessage, MemoryLayer,
        Pressure, Receiver,
    };
    use chanx::testing::layer::{self as suite, LayerFixture};
    use serde_json::Value;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fault {
        None,
        DeliversTwice,
        DeliversInPairsSwapped,
        ForgetsOneInTen,
        ForgetsItself,
        IgnoresCase,
        CutsNames,
        AlwaysSubscribed,
        SubscribesWhenPolled,
        SubscribesLate,
        CountsSubscriptions,
        NeverUnsubscribes,
        UnsubscribesLate,
        MakesOneChannel,
        LosesTheUser,
        SortsKeys,
        RoundsNumbers,
        LosesControlCharacters,
        DropsForeignMessages,
        DropsUnderPressure,
        StaysOpen,
    }

    thread_local! {
        /// The fault of the layers that are made next in this thread.
        static FAULT: Cell<Fault> = const { Cell::new(Fault::None) };
    }

    struct Memory(MemoryLayer);

    impl LayerFixture for Memory {
        async fn start() -> Self {
            Self(MemoryLayer::new())
        }

        fn layer(&self) -> Arc<dyn ChannelLayer> {
            let fault = FAULT.get();
            let subscriptions = Arc::default();
            Arc::new(Faulty { inner: Arc::new(self.0.neighbor()), fault, subscriptions })
        }
    }

    #[derive(Debug)]
    struct Faulty {
        inner: Arc<MemoryLayer>,
        fault: Fault,
        subscriptions: Arc<Mutex<Vec<GroupName>>>,
    }

    impl Faulty {
        fn name(&self, group: &GroupName) -> GroupName {
            match self.fault {
                Fault::IgnoresCase => GroupName::new(&group.as_str().to_lowercase()).unwrap(),
                Fault::CutsNames => GroupName::new(&group.as_str()[..group.as_str().len().min(98)]).unwrap(),
                _ => group.clone(),
            }
        }

        fn changed(&self, message: &LayerMessage) -> LayerMessage {
            let mut message = message.clone();
            let texts = |change: fn(&str) -> String, message: &mut LayerMessage| match message {
                LayerMessage::Group(GroupMessage { content: Content::Raw(text) | Content::Declared(text), .. }) => {
                    *text = change(text);
                }
                LayerMessage::Event(event) => event.data = change(&event.data),
                LayerMessage::Other(_) => {}
            };
            match self.fault {
                Fault::LosesTheUser => {
                    if let LayerMessage::Group(message) = &mut message {
                        message.from_user = None;
                    }
                }
                Fault::SortsKeys => texts(sorted, &mut message),
                Fault::RoundsNumbers => {
                    texts(|text| text.replace("18446744073709551615", "1.8446744073709552e19"), &mut message);
                }
                Fault::LosesControlCharacters => texts(|text| text.replace("\\u0000", ""), &mut message),
                _ => {}
            }
            message
        }
    }

    fn sorted(text: &str) -> String {
        let Value::Object(object) = serde_json::from_str(text).unwrap() else { panic!("an object was expected") };
        let mut payload = object["payload"].clone();
        payload.sort_all_objects();
        let mut object = object;
        object["payload"] = payload;
        Value::Object(object).to_string()
    }

    #[derive(Debug)]
    struct FaultyReceiver {
        inner: Arc<dyn Receiver>,
        fault: Fault,
        count: Mutex<usize>,
        held: Mutex<Option<(GroupName, LayerMessage)>>,
    }

    impl Receiver for FaultyReceiver {
        fn group_message(&self, group: &GroupName, message: &LayerMessage) -> Pressure {
            *self.count.lock().unwrap() += 1;
            let count = *self.count.lock().unwrap();
            match self.fault {
                Fault::DeliversTwice => drop(Some(self.inner.group_message(group, message))),
                Fault::ForgetsOneInTen if count.is_multiple_of(10) => return Pressure::Low,
                Fault::DropsForeignMessages
                    if matches!(message, LayerMessage::Other(_)) && group.as_str() != "awake" =>
                {
                    return Pressure::Low;
                }
                Fault::DeliversInPairsSwapped => {
                    let Some((held_group, held)) = self.held.lock().unwrap().take() else {
                        *self.held.lock().unwrap() = Some((group.clone(), message.clone()));
                        return Pressure::Low;
                    };
                    let pressure = self.inner.group_message(group, message);
                    return pressure.max(self.inner.group_message(&held_group, &held));
                }
                Fault::DropsUnderPressure => {
                    let mut held = self.held.lock().unwrap();
                    if held.take().is_some() {
                        return Pressure::Low;
                    }
                    let pressure = self.inner.group_message(group, message);
                    if pressure == Pressure::High {
                        *held = Some((group.clone(), message.clone()));
                    }
                    return pressure;
                }
                _ => {}
            }
            self.inner.group_message(group, message)
        }

        fn channel_message(&self, channel: &str, message: &LayerMessage) -> Pressure {
            self.inner.channel_message(channel, message)
        }

        fn missed(&self) {
            self.inner.missed();
        }
    }

    impl ChannelLayer for Faulty {
        fn new_channel(&self) -> ChannelName {
            let channel = self.inner.new_channel();
            match self.fault {
                Fault::MakesOneChannel => ChannelName::new("specific.1!1").unwrap(),
                _ => channel,
            }
        }

        fn attach(&self, receiver: Arc<dyn Receiver>) {
            let (count, held) = (Mutex::default(), Mutex::default());
            self.inner.attach(Arc::new(FaultyReceiver { inner: receiver, fault: self.fault, count, held }));
        }

        fn subscribe(&self, group: &GroupName) -> LayerFuture<'static> {
            let (group, inner) = (self.name(group), Arc::clone(&self.inner));
            match self.fault {
                Fault::SubscribesWhenPolled => return Box::pin(async move { inner.subscribe(&group).await }),
                Fault::SubscribesLate => {
                    tokio::spawn(async move {
                        tokio::task::yield_now().await;
                        inner.subscribe(&group).await
                    });
                    return Box::pin(std::future::ready(Ok(())));
                }
                _ => {}
            }
            self.subscriptions.lock().unwrap().push(group.clone());
            self.inner.subscribe(&group)
        }

        fn unsubscribe(&self, group: &GroupName) {
            let group = self.name(group);
            let mut subscriptions = self.subscriptions.lock().unwrap();
            if let Some(at) = subscriptions.iter().position(|subscribed| *subscribed == group) {
                subscriptions.remove(at);
            }
            match self.fault {
                Fault::NeverUnsubscribes => {}
                Fault::CountsSubscriptions if subscriptions.contains(&group) => {}
                Fault::UnsubscribesLate => {
                    let inner = Arc::clone(&self.inner);
                    tokio::spawn(async move { inner.unsubscribe(&group) });
                }
                _ => self.inner.unsubscribe(&group),
            }
        }

        fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
            Box::pin(async move {
                let group = self.name(group);
                let is_own = self.subscriptions.lock().unwrap().contains(&group);
                match self.fault {
                    Fault::ForgetsItself if is_own => {
                        self.inner.unsubscribe(&group);
                        let sent = self.inner.group_send(&group, message).await;
                        drop(self.inner.subscribe(&group));
                        sent
                    }
                    Fault::AlwaysSubscribed => {
                        drop(self.inner.subscribe(&group));
                        self.inner.group_send(&group, message).await
                    }
                    _ => self.inner.group_send(&group, Arc::new(self.changed(&message))).await,
                }
            })
        }

        fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
            self.inner.send(channel, message)
        }

        fn health(&self) -> Health {
            self.inner.health()
        }

        fn check(&self) -> LayerFuture<'_> {
            self.inner.check()
        }

        fn close(&self) -> LayerFuture<'_> {
            match self.fault {
                Fault::StaysOpen => Box::pin(std::future::ready(Ok(()))),
                _ => self.inner.close(),
            }
        }
    }

    /// Whether the suite finds the fault, each property on a runtime of its own; time passes when all wait.
    macro_rules! found {
        ($fault:expr, $property:ident) => {{
            FAULT.set($fault);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
            let property = std::panic::AssertUnwindSafe(|| runtime.unwrap().block_on(suite::$property::<Memory>()));
            std::panic::catch_unwind(property).is_err()
        }};
    }

    macro_rules! faults {
        ($($fault:ident: $property:ident;)*) => {$(
            #[allow(non_snake_case, reason = "named like the fault")]
            #[test]
            fn $fault() {
                assert!(!found!(Fault::None, $property), "a sound layer is blamed");
                assert!(found!(Fault::$fault, $property), "the fault is not found");
            }
        )*};
    }

    faults! {
        DeliversTwice: a_group_message_reaches_each_subscriber_once;
        DeliversInPairsSwapped: messages_of_one_sender_keep_their_order;
        ForgetsOneInTen: many_senders_at_once_lose_nothing;
        ForgetsItself: a_group_message_reaches_each_subscriber_once;
        IgnoresCase: names_of_every_shape_are_told_apart;
        CutsNames: names_of_every_shape_are_told_apart;
        AlwaysSubscribed: a_sender_need_not_subscribe;
        SubscribesWhenPolled: subscribing_needs_nobody_who_waits;
        SubscribesLate: subscribing_ends_when_messages_arrive;
        CountsSubscriptions: subscribing_twice_is_subscribing_once;
        NeverUnsubscribes: unsubscribing_ends_it;
        UnsubscribesLate: the_last_of_many_calls_wins;
        MakesOneChannel: channel_names_are_unique;
        LosesTheUser: group_messages_survive;
        SortsKeys: content_survives;
        RoundsNumbers: events_survive;
        LosesControlCharacters: content_survives;
        DropsForeignMessages: foreign_messages_survive;
        DropsUnderPressure: pressure_loses_nothing;
        StaysOpen: closing_ends_delivery;
    }
}
