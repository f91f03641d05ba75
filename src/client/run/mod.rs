//! Who calls [`Driver::pump`](super::driver::Driver::pump).

cfg_if::cfg_if! {
    if #[cfg(target_arch = "wasm32")] {
        mod web;
        pub(crate) use web::start;
    } else {
        mod native;
        pub(crate) use native::start;
    }
}
