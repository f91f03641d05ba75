//! What is kept is bounded.

use serde_json::{Value, json};

use super::super::sim::*;
use super::{READ, asks, asks_with, held};
use crate::platform::test;

#[test]
fn what_is_kept_is_bounded_in_number() {
    let mut sim = Sim::modern();
    let uri = |n: u32| json!({ "uri": format!("file:///{n}") });
    for n in 0..300 {
        assert!(asks(&mut sim, READ, &uri(n), "old").0);
    }
    let asked = (0..300).filter(|n| says_kept(&mut sim, &uri(*n)));
    assert_eq!(asked.count(), 256);
    assert!(says_kept(&mut sim, &uri(299)), "the newest are kept");
}

/// Whether a resource is answered for without the server, which is not answered where it is asked.
fn says_kept(sim: &mut Sim, params: &Value) -> bool {
    let id = sim.call("peek", READ, params.clone());
    let kept = sim.sent().is_empty();
    sim.cancel(id);
    sim.sent();
    sim.replies.clear();
    kept
}

#[test]
fn what_is_kept_is_bounded_in_size() {
    let mut sim = Sim::modern();
    let uri = |n: u32| json!({ "uri": format!("file:///{n}") });
    let large = |size: usize| {
        let mut result = held("");
        result["says"] = "x".repeat(size - result.to_string().len()).into();
        assert_eq!(result.to_string().len(), size);
        result
    };
    assert!(asks_with(&mut sim, READ, &uri(0), large(1 << 20)));
    assert!(says_kept(&mut sim, &uri(0)), "at the limit");
    assert!(asks_with(&mut sim, READ, &uri(1), large((1 << 20) + 1)));
    assert!(!says_kept(&mut sim, &uri(1)), "beyond it");
    for n in 2..7 {
        assert!(asks_with(&mut sim, READ, &uri(n), large(1_000_000)));
    }
    let kept: Vec<_> = (0..7).filter(|n| says_kept(&mut sim, &uri(*n))).collect();
    assert_eq!(kept, [3, 4, 5, 6], "4 MiB together, the oldest make room");
    // What is over makes room first.
    let mut sim = Sim::modern();
    for n in 0..4 {
        let mut result = large(1_000_000);
        result["ttlMs"] = json!(if n == 2 { 10_000 } else { 60_000 });
        assert!(asks_with(&mut sim, READ, &uri(n), result));
    }
    sim.advance(secs(20));
    assert!(asks_with(&mut sim, READ, &uri(4), large(1_000_000)));
    let kept: Vec<_> = (0..5).filter(|n| says_kept(&mut sim, &uri(*n))).collect();
    assert_eq!(kept, [0, 1, 3, 4]);
}
