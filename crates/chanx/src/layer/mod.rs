#![doc = include_str!("../../docs/layer.md")]

mod memory;

pub use chanx_core::layer::{
    Begun, ChannelLayer, ChannelName, Content, Delivering, Event, GroupMessage, GroupName, Health, InvalidName,
    LayerError, LayerFuture, LayerMessage, MalformedMessage, Pressure, Receiver, user_key,
};
pub use memory::MemoryLayer;
