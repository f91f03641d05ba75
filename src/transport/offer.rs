//! Which subprotocols both WebSocket twins put into the handshake.

use super::TransportError;
use super::address::{config, is_token};

/// Which WebSocket subprotocols are offered on the handshake.
///
/// Offering subprotocols to a server that selects none is fatal in browsers and here, and so is a server that selects
/// one that was not offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Subprotocols {
    /// Offers `mcp`. Where the server does not take it the connection is tried once more with no offer, and if that
    /// works this transport does not offer it again.
    #[default]
    Auto,
    /// Offers none.
    None,
    /// Offers these, most wanted first, and insists on one of them. The names are RFC 9110 tokens, each once.
    List(Vec<String>),
}

impl Subprotocols {
    /// Refuses a list that no handshake can carry.
    pub(super) fn check(&self) -> Result<(), TransportError> {
        let Self::List(names) = self else { return Ok(()) };
        if names.is_empty() {
            return Err(config("the list of subprotocols is empty; use Subprotocols::None to offer none"));
        }
        for (at, name) in names.iter().enumerate() {
            if !is_token(name) {
                return Err(config("a subprotocol has a name of letters, digits and !#$%&'*+-.^_`|~ only"));
            }
            if names[..at].contains(name) {
                return Err(config("the list of subprotocols names one twice; remove one of them"));
            }
        }
        Ok(())
    }

    /// What to offer, where `bare` says that the automatic offer was found not to be taken.
    pub(super) fn offer(&self, bare: bool) -> Vec<String> {
        match self {
            Self::Auto if !bare => vec!["mcp".into()],
            Self::List(names) => names.clone(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_no_handshake_can_carry_is_refused() {
        for bad in [vec![], vec!["a b"], vec![""], vec!["a,b"], vec!["mcp", "mcp"]] {
            let list = Subprotocols::List(bad.into_iter().map(String::from).collect());
            assert!(list.check().is_err(), "{list:?}");
        }
        assert!(Subprotocols::List(vec!["mcp".into(), "mcp.version.2026-07-28".into()]).check().is_ok());
        assert!(Subprotocols::Auto.check().is_ok());
    }

    #[test]
    fn only_the_automatic_offer_is_ever_withdrawn() {
        assert_eq!(Subprotocols::Auto.offer(false), ["mcp"]);
        assert!(Subprotocols::Auto.offer(true).is_empty());
        assert!(Subprotocols::None.offer(false).is_empty());
        assert_eq!(Subprotocols::List(vec!["x".into()]).offer(true), ["x"]);
    }
}
