//! `everywire bridge`: any MCP server where a page, or another program, can reach it.

//mod backend;
//mod clients;
mod close;
mod console;
mod lane;
mod meter;
mod record;
mod redact;
mod relay;
#[cfg(test)]
mod tests;
mod token;

cfg_if::cfg_if! {
    if #[cfg(unix)] {
        #[path = "os_unix.rs"]
        mod os;
    } else {
        #[path = "os_other.rs"]
        mod os;
    }
}
