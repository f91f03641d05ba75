//! Lists that come in pages (server/utilities/pagination).

use std::collections::BTreeSet;

use futures_util::{TryStreamExt, stream};
use serde::Serialize;

use crate::client::{Call, Client};
use crate::error::{Error, ErrorKind};
use crate::platform::{BoxStream, MaybeSend};
use crate::proto::{
    Cursor, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, Prompt, Resource,
    ResourceTemplate, Tool, method,
};

/// Pages read before a list counts as endless.
pub(super) const MAX_PAGES: usize = 10_000;

/// The params of a list request.
#[derive(Serialize)]
pub(super) struct PageParams<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<&'a str>,
}

/// One page of a list.
pub(super) trait Page: MaybeSend + 'static {
    type Item: MaybeSend + 'static;
    const METHOD: &'static str;

    fn open(self) -> (Vec<Self::Item>, Option<Cursor>);
}

macro_rules! page {
    ($page:ident of $item:ident in $field:ident, $method:ident) => {
        impl Page for $page {
            type Item = $item;
            const METHOD: &'static str = method::$method;

            fn open(self) -> (Vec<$item>, Option<Cursor>) {
                (self.$field, self.next_cursor)
            }
        }
    };
}
page!(ListToolsResult of Tool in tools, TOOLS_LIST);
page!(ListResourcesResult of Resource in resources, RESOURCES_LIST);
page!(ListResourceTemplatesResult of ResourceTemplate in resource_templates, RESOURCES_TEMPLATES_LIST);
page!(ListPromptsResult of Prompt in prompts, PROMPTS_LIST);

/// Asks for one page.
type Fetch<P> = fn(&Client, Option<&str>) -> Call<P>;

enum Next {
    First,
    At(Cursor),
    /// The page that is being read ends in an error.
    Fail(Error),
    End,
}

struct Reader<P: Page> {
    client: Client,
    fetch: Fetch<P>,
    items: std::vec::IntoIter<P::Item>,
    next: Next,
    seen: BTreeSet<Cursor>,
}

impl Client {
    /// The items of all pages, in order. A page is asked for when the one before has been read; an error ends the list.
    pub(super) fn pages<P: Page>(&self, fetch: Fetch<P>) -> BoxStream<Result<P::Item, Error>> {
        let reader = Reader {
            client: self.clone(),
            fetch,
            items: Vec::new().into_iter(),
            next: Next::First,
            seen: BTreeSet::new(),
        };
        Box::pin(stream::unfold(reader, |mut reader| async move { Some((reader.read().await?, reader)) }))
    }

    /// The items of all pages together.
    pub(super) async fn all<P: Page>(&self, fetch: Fetch<P>) -> Result<Vec<P::Item>, Error> {
        self.pages(fetch).try_collect().await
    }
}

impl<P: Page> Reader<P> {
    async fn read(&mut self) -> Option<Result<P::Item, Error>> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(Ok(item));
            }
            if let Err(error) = self.turn().await? {
                return Some(Err(error));
            }
        }
    }

    /// Fetches the next page; `None` where there is none.
    async fn turn(&mut self) -> Option<Result<(), Error>> {
        let cursor = match std::mem::replace(&mut self.next, Next::End) {
            Next::First => None,
            Next::At(cursor) => Some(cursor),
            Next::Fail(error) => return Some(Err(error)),
            Next::End => return None,
        };
        let (items, next) = match (self.fetch)(&self.client, cursor.as_deref()).await {
            Ok(page) => page.open(),
            Err(error) => return Some(Err(error)),
        };
        self.items = items.into_iter();
        self.next = match next {
            None => Next::End,
            Some(_) if self.seen.len() + 1 >= MAX_PAGES => {
                Next::Fail(endless(P::METHOD, &format!("it has more than {MAX_PAGES} pages")))
            }
            Some(next) if !self.seen.insert(next.clone()) => {
                Next::Fail(endless(P::METHOD, "it gave the same cursor twice"))
            }
            Some(next) => Next::At(next),
        };
        Some(Ok(()))
    }
}

fn endless(method: &str, why: &str) -> Error {
    Error::new(ErrorKind::Protocol(format!(
        "the server's {method} does not end: {why}; report it to the server, or read single pages with their cursors"
    )))
}
