//! Method names.

/// Opens a session (before 2026-07-28).
pub const INITIALIZE: &str = "initialize";
/// The client's answer to the result of `initialize` (before 2026-07-28).
pub const INITIALIZED: &str = "notifications/initialized";
/// Asks for the server's versions and capabilities (2026-07-28).
pub const DISCOVER: &str = "server/discover";
/// Asks whether the peer is there (before 2026-07-28).
pub const PING: &str = "ping";
/// Lists tools.
pub const TOOLS_LIST: &str = "tools/list";
/// Calls a tool.
pub const TOOLS_CALL: &str = "tools/call";
/// Lists resources.
pub const RESOURCES_LIST: &str = "resources/list";
/// Lists resource templates.
pub const RESOURCES_TEMPLATES_LIST: &str = "resources/templates/list";
/// Reads a resource.
pub const RESOURCES_READ: &str = "resources/read";
/// Asks for updates of a resource (before 2026-07-28).
pub const RESOURCES_SUBSCRIBE: &str = "resources/subscribe";
/// Ends updates of a resource (before 2026-07-28).
pub const RESOURCES_UNSUBSCRIBE: &str = "resources/unsubscribe";
/// Lists prompts.
pub const PROMPTS_LIST: &str = "prompts/list";
/// Renders a prompt.
pub const PROMPTS_GET: &str = "prompts/get";
/// Completes an argument.
pub const COMPLETION_COMPLETE: &str = "completion/complete";
/// Sets the level of log messages (before 2026-07-28).
pub const LOGGING_SET_LEVEL: &str = "logging/setLevel";
/// Opens a stream of change notices (2026-07-28).
pub const SUBSCRIPTIONS_LISTEN: &str = "subscriptions/listen";

/// Asks a person for input.
pub const ELICITATION_CREATE: &str = "elicitation/create";
/// Asks the client's model for a message.
pub const SAMPLING_CREATE_MESSAGE: &str = "sampling/createMessage";
/// Asks for the client's roots.
pub const ROOTS_LIST: &str = "roots/list";

/// A request is given up.
pub const CANCELLED: &str = "notifications/cancelled";
/// A request made progress.
pub const PROGRESS: &str = "notifications/progress";
/// A log message.
pub const MESSAGE: &str = "notifications/message";
/// The list of tools changed.
pub const TOOLS_LIST_CHANGED: &str = "notifications/tools/list_changed";
/// The list of prompts changed.
pub const PROMPTS_LIST_CHANGED: &str = "notifications/prompts/list_changed";
/// The list of resources changed.
pub const RESOURCES_LIST_CHANGED: &str = "notifications/resources/list_changed";
/// A resource changed.
pub const RESOURCES_UPDATED: &str = "notifications/resources/updated";
/// The client's roots changed (before 2026-07-28).
pub const ROOTS_LIST_CHANGED: &str = "notifications/roots/list_changed";
/// A stream of change notices stands, with what it will carry (2026-07-28).
pub const SUBSCRIPTIONS_ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";
/// A URL elicitation was completed out of band (2025-11-25).
pub const ELICITATION_COMPLETE: &str = "notifications/elicitation/complete";
