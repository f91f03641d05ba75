use super::Builder;

impl Builder {
    /// A header for the handshake. A browser cannot send any, so this does not exist on wasm32.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.websocket(|socket| socket.header(name, value))
    }
}
