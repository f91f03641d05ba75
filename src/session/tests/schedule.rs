//! The steps of a random schedule.

/// How the peer of one link answers what it reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Peer {
    Modern,
    Legacy,
    /// Refuses everything, without an id.
    Grumpy,
    Silent,
    /// Answers nonsense.
    Garbage,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Request {
        method: u8,
        options: u8,
    },
    Cancel(u8),
    Listen(u8),
    Unlisten(u8),
    Level,
    Open,
    LinkUp(Peer, u8),
    LinkFailed(bool),
    LinkLost(u8),
    /// The peer answers the request at this place of its inbox: how, and whether twice.
    Answer {
        at: u8,
        how: u8,
        twice: bool,
    },
    /// The peer says something of its own.
    Say(u8),
    Input {
        at: u8,
        how: u8,
    },
    Pass(u16),
    /// The link takes messages, or not.
    Block(bool),
    Wake,
    Alive,
    Close,
}

pub(super) fn peer(code: u8) -> Peer {
    match code % 11 {
        0..=3 => Peer::Modern,
        4..=7 => Peer::Legacy,
        8 => Peer::Grumpy,
        9 => Peer::Silent,
        _ => Peer::Garbage,
    }
}

/// A step from its code: an array of numbers is drawn and shrunk many times faster than a tree of strategies.
pub(super) fn step([what, a, b, c]: [u8; 4]) -> Step {
    match what % 52 {
        0..=5 => Step::Request { method: a, options: b },
        6 | 7 => Step::Cancel(a),
        8 => Step::Listen(a),
        9 => Step::Unlisten(a),
        10 => Step::Level,
        11 => Step::Open,
        12..=15 => Step::LinkUp(peer(a), b),
        16 => Step::LinkFailed(a.is_multiple_of(2)),
        17 | 18 => Step::LinkLost(a),
        19..=31 => Step::Answer { at: a, how: b, twice: c < 26 },
        32..=36 => Step::Say(a),
        37..=41 => Step::Input { at: a, how: b },
        42..=46 => Step::Pass(u16::from_le_bytes([a, b])),
        47 | 48 => Step::Block(a.is_multiple_of(2)),
        49 => Step::Wake,
        50 => Step::Alive,
        _ if a < 26 => Step::Close,
        _ => Step::Alive,
    }
}
