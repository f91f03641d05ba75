//! Native listeners: what binds, one accept loop for all of them, and what happens to a connection.

mod accept;
mod bind;
mod door;
mod env;
mod http;
mod lines;
mod links;
mod listener;
#[cfg(feature = "stdio")]
mod own;
mod pace;
mod page;
mod reception;
mod run;
mod serve;
mod tcp;
mod token;

cfg_if::cfg_if! {
    if #[cfg(unix)] {
        #[path = "signal_unix.rs"]
        mod signal;
        mod unix;
    } else {
        #[path = "signal_other.rs"]
        mod signal;
        #[path = "no_unix.rs"]
        mod unix;
    }
}

pub use bind::Bind;
pub use listener::Listener;
pub use page::Page;
pub use serve::Serve;
