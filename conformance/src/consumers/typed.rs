//! One message for each type of the matrix, answered with the validated value.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use chanx::permission::{AllowAny, Permission};
use chanx::{About, Consumer, Context, Message, Never, Result};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};
use serde_json::{Value, to_value};
use uuid::Uuid;

use crate::messages::Outgoing;
use crate::types::*;

macro_rules! typed {
    ($($(#[$attribute:meta])* $name:ident($(#[$rule:meta])* $type:ty),)*) => {
        /// A message for each type.
        #[derive(Message)]
        pub(crate) enum TypedIncoming {
            /// Asks for a sign of life.
            Ping,
            $($(#[$attribute])* $name($(#[$rule])* $type),)*
        }

        fn answer(message: TypedIncoming) -> std::result::Result<Outgoing, serde_json::Error> {
            Ok(match message {
                TypedIncoming::Ping => Outgoing::Pong,
                $(TypedIncoming::$name(payload) => Outgoing::Result(to_value(payload)?),)*
            })
        }
    };
}

typed! {
    TInt(i64),
    TIntRange(#[garde(range(min = 0, max = 10))] i64),
    TIntGtLt(
        #[garde(custom(strictly_between_0_and_10))]
        #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 10))]
        i64
    ),
    TIntMultiple(#[garde(custom(multiple_of_5))] #[schemars(extend("multipleOf" = 5))] i64),
    TFloat(f64),
    TFloatRange(#[garde(range(min = 0.5), custom(less_than_2))] #[schemars(extend("exclusiveMaximum" = 2))] f64),
    TBool(bool),
    TStr(String),
    TStrLen(#[garde(length(chars, min = 2, max = 5))] String),
    TStrPattern(#[garde(pattern(LETTERS_THEN_DIGITS))] String),
    #[message(default)]
    TNone(()),
    TAny(Value),
    TOptionalInt(Option<i64>),
    TOptionalStr(Option<String>),
    TLiteralStr(Letter),
    TLiteralOne(Only),
    TEnumStr(Color),
    TEnumInt(Level),
    TListInt(Vec<i64>),
    TListLen(#[garde(length(min = 1, max = 3))] Vec<i64>),
    TListList(Vec<Vec<i64>>),
    TTupleFixed((i64, String)),
    TDictStrInt(BTreeMap<String, i64>),
    TIntOrStr(IntOrStr),
    TUuid(Uuid),
    TDatetime(#[serde(deserialize_with = "rfc3339")] DateTime<FixedOffset>),
    TDate(NaiveDate),
    TTime(NaiveTime),
    THttpUrl(HttpUrl),
    TIpv4(Ipv4Addr),
    TIp(IpAddr),
    TBase64(Base64),
    TAddress(Address),
    TPerson(Person),
    TPeople(Vec<Person>),
    TPeopleByName(PeopleByName),
    TOptionalPerson(Option<Person>),
    TTree(Tree),
    TForbid(Forbid),
    TIgnore(Ignore),
    TAllow(Allow),
    TAliased(Aliased),
    TPet(Pet),
    TPets(Vec<Pet>),
}

pub(crate) struct Typed;

impl Consumer for Typed {
    type Authentication = ();
    type Object = ();
    type Incoming = TypedIncoming;
    type Outgoing = Outgoing;
    type GroupMessage = Never;
    type Event = Never;

    fn about() -> About {
        About::new("A message for each type of the matrix, answered with the validated value.").tag("messages")
    }

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: TypedIncoming) -> Result {
        cx.send_message(answer(message)?).await?;
        Ok(())
    }
}
