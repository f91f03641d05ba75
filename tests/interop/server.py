"""The Python SDK 1.x's own servers, with tools that show what has to travel. Prints the port.

server.py websocket | stateful | stateless | json | sse    (json: stateful, answers as JSON where they can be)
server.py stdio                                            (on its own streams; prints nothing else)
"""

import contextlib
import socket
import sys
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)

import anyio
import mcp.types as types
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.websocket import websocket_server
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route

server = Server("python-peer", version="1.30.0")


def schema(**properties):
    return {"type": "object", "properties": properties, "required": sorted(properties)}


@server.list_tools()
async def list_tools() -> list[types.Tool]:
    return [
        types.Tool(name="echo", description="Gives the text back.", inputSchema=schema(text={"type": "string"})),
        types.Tool(name="change", description="Says that the tools changed.", inputSchema={"type": "object"}),
        types.Tool(name="ask", description="Asks for a name.", inputSchema={"type": "object"}),
        types.Tool(name="ask_aside", description="Asks on the other stream.", inputSchema={"type": "object"}),
        types.Tool(name="steps", description="Reports its progress.", inputSchema={"type": "object"}),
        types.Tool(name="never", description="Ends when it is cancelled.", inputSchema={"type": "object"}),
        types.Tool(name="fail", description="Fails.", inputSchema={"type": "object"}),
    ]


@server.call_tool()
async def call_tool(name: str, arguments: dict) -> list[types.TextContent]:
    context = server.request_context
    if name == "echo":
        text = arguments["text"]
    elif name in ("ask", "ask_aside"):
        # Without the id of the request the question goes out on the stream of what nobody asked for.
        of = context.request_id if name == "ask" else None
        answer = await context.session.elicit("What is your name?", schema(name={"type": "string"}), of)
        text = f"{answer.action}: {(answer.content or {}).get('name')}"
    elif name == "steps":
        for step in (1, 2, 3):
            token, message = context.meta.progressToken, f"step {step}"
            await context.session.send_progress_notification(token, step, 3, message, str(context.request_id))
        text = "done"
    elif name == "never":
        try:
            await context.session.send_progress_notification(context.meta.progressToken, 1)
            await anyio.sleep_forever()
        finally:
            print("never ended", file=sys.stderr, flush=True)
    elif name == "change":
        await context.session.send_tool_list_changed()
        text = "told"
    else:
        raise ValueError("as asked")
    return [types.TextContent(type="text", text=text)]


async def websocket(scope, receive, send):
    if scope["type"] != "websocket":
        return
    async with websocket_server(scope, receive, send) as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


def streamable(mode: str) -> Starlette:
    manager = StreamableHTTPSessionManager(server, json_response=mode == "json", stateless=mode == "stateless")

    @contextlib.asynccontextmanager
    async def lifespan(_app):
        async with manager.run():
            yield

    return Starlette(routes=[Mount("/mcp", manager.handle_request)], lifespan=lifespan)


def sse() -> Starlette:
    transport = SseServerTransport("/messages/")

    async def stream(request):
        async with transport.connect_sse(request.scope, request.receive, request._send) as (reader, writer):
            await server.run(reader, writer, server.create_initialization_options())
        return Response()

    return Starlette(routes=[Route("/sse", stream), Mount("/messages/", transport.handle_post_message)])


async def stdio():
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


if __name__ == "__main__":
    mode = sys.argv[1]
    if mode == "stdio":
        anyio.run(stdio)
        sys.exit(0)
    app = {"websocket": lambda: websocket, "sse": sse}.get(mode, lambda: streamable(mode))()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    lifespan = "off" if mode in ("websocket", "sse") else "on"
    uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan=lifespan)).run(sockets=[listener])
    sys.exit(0)
