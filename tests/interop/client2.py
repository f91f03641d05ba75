"""The Python SDK 2.x's client against the HTTP server at the URL given, or a program that it starts. Prints what it saw as one
JSON object.

client2.py auto | legacy URL                     whether it asks the server for its era, or starts with initialize
client2.py auto | legacy PROGRAM ARGUMENTS…
"""

import asyncio
import json
import sys

import mcp_types as types
from mcp import Client, StdioServerParameters


async def elicited(_context, params: types.ElicitRequestParams) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def main(mode: str, server: str, *arguments: str) -> None:
    if not server.startswith("http://"):
        server = StdioServerParameters(command=server, args=arguments)
    progress = []

    async def on_progress(done: float, total: float | None, message: str | None) -> None:
        progress.append(done)

    async with Client(server, mode=mode, elicitation_callback=elicited) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        echo = await client.call_tool("echo", {"text": "żółw"})
        asked = await client.call_tool("ask", {})
        steps = await client.call_tool("steps", {}, progress_callback=on_progress)
        failed = await client.call_tool("fail", {})
        print(
            json.dumps(
                {
                    "server": client.server_info.name,
                    "version": client.protocol_version,
                    "tools": sorted(tools),
                    "echo": echo.content[0].text,
                    "ask": asked.content[0].text,
                    "steps": steps.content[0].text,
                    "progress": progress,
                    "failed": failed.is_error,
                }
            )
        )


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 30))
