"""The Python SDK 2.x's own servers, with tools that show what has to travel. Prints the port.

server2.py stateful | stateless | json | sse    (json: stateful, answers as JSON where they can be)
server2.py stdio                                (on its own streams; prints nothing else)
"""

import socket
import sys

import anyio
import mcp_types as types
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

server = MCPServer("python-peer", version="2.3.0", log_level="ERROR")


class Name(BaseModel):
    name: str


@server.tool(description="Gives the text back.", structured_output=False)
async def echo(text: str) -> str:
    return text


@server.tool(description="Asks for a name.", structured_output=False)
async def ask(ctx: Context) -> types.InputRequiredResult | str:
    if ctx.protocol_version != "2026-07-28":
        answer = await ctx.elicit("What is your name?", Name)
        return f"{answer.action}: {answer.data.name}"
    given = (ctx.input_responses or {}).get("name")
    if given is None:
        question = types.ElicitRequest(
            params=types.ElicitRequestFormParams(message="What is your name?", requested_schema=Name.model_json_schema())
        )
        return types.InputRequiredResult(input_requests={"name": question}, request_state="asked")
    return f"{given.action}: {(given.content or {}).get('name')}"


@server.tool(description="Reports its progress.", structured_output=False)
async def steps(ctx: Context) -> str:
    for step in (1, 2, 3):
        await ctx.report_progress(step, 3, f"step {step}")
    return "done"


@server.tool(description="Says that the tools changed.", structured_output=False)
async def change(ctx: Context) -> str:
    if ctx.protocol_version == "2026-07-28":
        await ctx.notify_tools_changed()
    else:
        await ctx.session.send_tool_list_changed()
    return "told"


@server.tool(description="Ends when it is cancelled.", structured_output=False)
async def never(ctx: Context) -> str:
    try:
        await ctx.report_progress(1)
        await anyio.sleep_forever()
    finally:
        print("never ended", file=sys.stderr, flush=True)


@server.tool(description="Fails.", structured_output=False)
async def fail() -> str:
    raise ValueError("as asked")


if __name__ == "__main__":
    mode = sys.argv[1]
    if mode == "stdio":
        server.run("stdio")
        sys.exit(0)
    app = server.sse_app() if mode == "sse" else server.streamable_http_app(
        json_response=mode == "json", stateless_http=mode == "stateless"
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
    sys.exit(0)
