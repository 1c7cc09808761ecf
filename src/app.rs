//! State, actions, update: events in, effects out. Performs nothing, draws nothing itself.

pub mod action;
pub mod event;
pub mod history;
pub mod key;
pub mod moves;
pub mod panel;
pub mod world;
