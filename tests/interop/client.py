"""The Python SDK 1.x's client against the server at the URL given, WebSocket or HTTP, or against a program that it starts.

client.py URL | PROGRAM ARGUMENTS…

Prints what it saw as one JSON object.
"""

import asyncio
import json
import sys
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)

import mcp.types as types
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.websocket import websocket_client


async def elicited(_context, params: types.ElicitRequestParams) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": "Ada"})


def connect(server: str, arguments: list[str]):
    if server.startswith("ws://"):
        return websocket_client(server)
    if server.startswith("http://"):
        return streamable_http_client(server)
    return stdio_client(StdioServerParameters(command=server, args=arguments))


async def main(server: str, *arguments: str) -> None:
    progress = []

    async def on_progress(done: float, total: float | None, message: str | None) -> None:
        progress.append(done)

    async with connect(server, arguments) as (reader, writer, *_):
        async with ClientSession(reader, writer, elicitation_callback=elicited) as session:
            info = await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            echo = await session.call_tool("echo", {"text": "żółw"})
            asked = await session.call_tool("ask", {})
            steps = await session.call_tool("steps", {}, progress_callback=on_progress)
            failed = await session.call_tool("fail", {})
            await session.send_ping()
    print(
        json.dumps(
            {
                "server": info.serverInfo.name,
                "version": info.protocolVersion,
                "tools": sorted(tools),
                "echo": echo.content[0].text,
                "ask": asked.content[0].text,
                "steps": steps.content[0].text,
                "progress": progress,
                "failed": failed.isError,
            }
        )
    )


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 30))
