//! The typed methods of the client against a scripted server, in both eras, natively and on wasm32.

mod cache;
mod host;
mod interactive;
mod lists;
mod methods;
mod peer;
mod subscriptions;
