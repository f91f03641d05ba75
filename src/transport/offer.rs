//! What both WebSocket twins put into the handshake: subprotocols and the bearer token.

use super::TransportError;
use super::address::config;
use crate::platform::{BoxFuture, MaybeSend, MaybeSync};

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

/// Whether `text` is an RFC 9110 token.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Where the bearer token comes from.
pub(super) enum TokenSource {
    Fixed(String),
    Provider(Box<dyn Provide>),
}

/// A function that gives a token.
pub(super) trait Provide: MaybeSend + MaybeSync {
    fn token(&self) -> BoxFuture<'static, Result<String, TransportError>>;
}

impl<F> Provide for F
where
    F: Fn() -> BoxFuture<'static, Result<String, TransportError>> + MaybeSend + MaybeSync,
{
    fn token(&self) -> BoxFuture<'static, Result<String, TransportError>> {
        self()
    }
}

impl TokenSource {
    pub(super) fn fixed(token: String) -> Result<Self, TransportError> {
        check_token(&token)?;
        Ok(Self::Fixed(token))
    }

    /// The token for one connection.
    pub(super) async fn token(&self) -> Result<String, TransportError> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::Provider(provider) => {
                let token = provider.token().await?;
                check_token(&token)?;
                Ok(token)
            }
        }
    }
}

/// Refuses what no header can carry; the token itself stays out of the error.
fn check_token(token: &str) -> Result<(), TransportError> {
    if token.is_empty() {
        return Err(config("the token is empty; give one or leave it out"));
    }
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(config(
            "the token contains a character other than visible ASCII; check for a stray line end or space",
        ));
    }
    Ok(())
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

    #[test]
    fn a_token_that_no_header_can_carry_is_refused_and_not_repeated() {
        for bad in ["", "two words", "line\n", "grün"] {
            let error = check_token(bad).expect_err("a bad token");
            assert!(bad.is_empty() || !error.to_string().contains(bad));
        }
        assert!(check_token("a.b-c_d~e+f/g=").is_ok());
    }
}
