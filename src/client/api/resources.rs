//! Resources: listing and reading (server/resources).

use serde::Serialize;

use super::decoded;
use super::pages::PageParams;
use crate::client::{Call, Client};
use crate::error::Error;
use crate::platform::BoxStream;
use crate::proto::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult, Resource, ResourceTemplate, method,
};

#[derive(Serialize)]
struct ReadParams<'a> {
    uri: &'a str,
}

impl Client {
    /// One page of the server's resources, the first without a cursor.
    ///
    /// # Errors
    /// `unsupported` where the server offers no resources.
    pub fn list_resources(&self, cursor: Option<&str>) -> Call<ListResourcesResult> {
        self.ask("resources", method::RESOURCES_LIST, PageParams { cursor }, |result, _| {
            decoded(method::RESOURCES_LIST, &result)
        })
    }

    /// The server's resources, page after page as they are read. An error ends the stream, also where a cursor comes
    /// twice or there are more than 10,000 pages.
    pub fn resources(&self) -> BoxStream<Result<Resource, Error>> {
        self.pages(Self::list_resources)
    }

    /// All of the server's resources.
    ///
    /// # Errors
    /// Those of [`Self::list_resources`] and [`Self::resources`]; no part of the list is given then.
    pub async fn resources_all(&self) -> Result<Vec<Resource>, Error> {
        self.all(Self::list_resources).await
    }

    /// One page of the server's resource templates, the first without a cursor.
    ///
    /// # Errors
    /// `unsupported` where the server offers no resources.
    pub fn list_resource_templates(&self, cursor: Option<&str>) -> Call<ListResourceTemplatesResult> {
        self.ask("resources", method::RESOURCES_TEMPLATES_LIST, PageParams { cursor }, |result, _| {
            decoded(method::RESOURCES_TEMPLATES_LIST, &result)
        })
    }

    /// The server's resource templates, page after page as they are read. An error ends the stream, also where a cursor
    /// comes twice or there are more than 10,000 pages.
    pub fn resource_templates(&self) -> BoxStream<Result<ResourceTemplate, Error>> {
        self.pages(Self::list_resource_templates)
    }

    /// All of the server's resource templates.
    ///
    /// # Errors
    /// Those of [`Self::list_resource_templates`] and [`Self::resource_templates`]; no part of the list is given then.
    pub async fn resource_templates_all(&self) -> Result<Vec<ResourceTemplate>, Error> {
        self.all(Self::list_resource_templates).await
    }

    /// Reads a resource. It is sent again after a lost connection: reading changes nothing.
    ///
    /// # Errors
    /// `rpc` where there is no such resource: -32602, or [`RESOURCE_NOT_FOUND`](crate::proto::code::RESOURCE_NOT_FOUND)
    /// before 2026-07-28; `unsupported` where the server offers no resources.
    pub fn read_resource(&self, uri: &str) -> Call<ReadResourceResult> {
        self.ask("resources", method::RESOURCES_READ, ReadParams { uri }, |result, _| {
            decoded(method::RESOURCES_READ, &result)
        })
    }
}
