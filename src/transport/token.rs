//! The bearer token: a text, or a function that gives one.

use super::TransportError;
use super::address::config;
use crate::platform::{BoxFuture, MaybeSend, MaybeSync};

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

    /// The token of the present.
    pub(super) fn token(&self) -> BoxFuture<'static, Result<String, TransportError>> {
        let asked = match self {
            Self::Fixed(token) => return Box::pin(std::future::ready(Ok(token.clone()))),
            Self::Provider(provider) => provider.token(),
        };
        Box::pin(async {
            let token = asked.await?;
            check_token(&token)?;
            Ok(token)
        })
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
    fn a_token_that_no_header_can_carry_is_refused_and_not_repeated() {
        for bad in ["", "two words", "line\n", "grün"] {
            let error = check_token(bad).expect_err("a bad token");
            assert!(bad.is_empty() || !error.to_string().contains(bad));
        }
        assert!(check_token("a.b-c_d~e+f/g=").is_ok());
    }
}
