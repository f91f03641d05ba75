//! The shapes of the Model Context Protocol.
