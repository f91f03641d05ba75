"""The Python SDK's own WebSocket server, with tools that show what has to travel. Prints its port."""

import socket
import sys
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)

import mcp.types as types
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.websocket import websocket_server

server = Server("python-peer", version="1.30.0")


def schema(**properties):
    return {"type": "object", "properties": properties, "required": sorted(properties)}


@server.list_tools()
async def list_tools() -> list[types.Tool]:
    return [
        types.Tool(name="echo", description="Gives the text back.", inputSchema=schema(text={"type": "string"})),
        types.Tool(name="ask", description="Asks for a name.", inputSchema={"type": "object"}),
        types.Tool(name="steps", description="Reports its progress.", inputSchema={"type": "object"}),
        types.Tool(name="fail", description="Fails.", inputSchema={"type": "object"}),
    ]


@server.call_tool()
async def call_tool(name: str, arguments: dict) -> list[types.TextContent]:
    context = server.request_context
    if name == "echo":
        text = arguments["text"]
    elif name == "ask":
        answer = await context.session.elicit("What is your name?", schema(name={"type": "string"}))
        text = f"{answer.action}: {(answer.content or {}).get('name')}"
    elif name == "steps":
        for step in (1, 2, 3):
            await context.session.send_progress_notification(context.meta.progressToken, step, 3, f"step {step}")
        text = "done"
    else:
        raise ValueError("as asked")
    return [types.TextContent(type="text", text=text)]


async def app(scope, receive, send):
    if scope["type"] != "websocket":
        return
    async with websocket_server(scope, receive, send) as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off")).run(sockets=[listener])
    sys.exit(0)
