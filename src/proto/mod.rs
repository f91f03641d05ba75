//! The shapes of MCP, for every protocol revision at once: a member that stands in one revision only is optional.
//!
//! Reading is lenient where the meaning is plain (`null` for an absent member, an absent list), strict where it is not.
//! Unknown members are ignored, unknown kinds of content are kept whole ([`Content::Unknown`]). A JSON value of any shape
//! is a [`Json`](crate::json::Json).

mod capabilities;
pub mod code;
mod common;
mod completion;
mod content;
mod elicitation;
mod input;
pub mod meta;
pub mod method;
pub(crate) mod mirror;
mod notification;
mod prompt;
mod resource;
mod root;
mod sampling;
#[cfg(test)]
mod tests;
mod tool;
pub mod versions;
mod wire;

pub use capabilities::{
    ClientCapabilities, DiscoverResult, ElicitationCapability, Implementation, InitializeResult, ListChangedCapability,
    ResourcesCapability, RootsCapability, SamplingCapability, ServerCapabilities,
};
pub use common::{Annotations, CacheScope, Cursor, Icon, IconTheme, ResultType, Role};
pub use completion::{CompleteResult, Completion, CompletionReference};
pub use content::{
    AudioContent, Content, EmbeddedResource, ImageContent, TextContent, ToolResultContent, ToolUseContent,
};
pub use elicitation::{ElicitAction, ElicitRequest, ElicitResult};
pub use input::{InputRequest, InputRequired};
pub use notification::{LogLevel, LogMessage, Progress, SubscriptionFilter};
pub use prompt::{GetPromptResult, ListPromptsResult, Prompt, PromptArgument, PromptMessage};
pub use resource::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};
pub use root::{ListRootsResult, Root};
pub use sampling::{
    CreateMessageRequest, CreateMessageResult, IncludeContext, ModelHint, ModelPreferences, SamplingMessage,
    ToolChoice, ToolChoiceMode,
};
pub use tool::{CallToolResult, ListToolsResult, Tool, ToolAnnotations};
