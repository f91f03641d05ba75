//! Tools whose arguments and results are Rust types, on the standard streams of this program:
//! `everywire call add '{"a":1,"b":2}' -- cargo run -q --example typed_tools --features schemars`.

use everywire::server::schemars::JsonSchema;
use everywire::server::{Server, Structured, ToolError};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "everywire::server::schemars")]
struct Pair {
    /// The number to begin with.
    a: f64,
    b: f64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(crate = "everywire::server::schemars")]
struct Quotient {
    quotient: f64,
}

#[tokio::main]
async fn main() -> Result<(), everywire::Error> {
    let server = Server::builder("calculator", "1.0.0")
        .typed_tool("add", "Adds two numbers.", async |pair: Pair, _cx| Ok((pair.a + pair.b).to_string()))
        .typed_tool("divide", "Divides a by b.", async |Pair { a, b }: Pair, _cx| {
            if b == 0.0 {
                return Err(ToolError::message("b must not be 0"));
            }
            Ok(Structured(Quotient { quotient: a / b }))
        })
        .build();
    server.run_stdio().await
}
