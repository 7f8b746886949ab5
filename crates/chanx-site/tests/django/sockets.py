"""What a socket says to a client that has just connected, through the client of the conformance cases."""

import asyncio
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[4] / "conformance"))

from replay import Client  # noqa: E402

LIMIT = 60  # seconds between two frames; a password may be hashed meanwhile, by code that is not optimized


def greeting(server, path="/ws/echo/", **headers):
    """The first status message, such as `Welcome, alice!`, or the status and text of the refusal.

    Headers are written with an underscore for a hyphen.
    """
    named = [[name.replace("_", "-"), value] for name, value in headers.items()]
    frames = asyncio.run(first_frames(server, path, [["Origin", server.origin], *named]))
    for frame in frames:
        if frame["action"] == "status":
            return frame["payload"]
    authentication = frames[0]["payload"]
    return f"{authentication['status_code']} {authentication['data']['detail']}"


async def first_frames(server, path, headers):
    """The frames up to the first status message, or up to the end of the connection."""
    client = Client(server.host, server.port)
    try:
        answer = await client.connect(path, headers, host=f"{server.host}:{server.port}")
        if answer["status"] != 101:
            raise AssertionError(f"{path} answered with {answer['status']}\n{server.logged()}")
        await client.wait_for(lambda: client.eof or any(frame["action"] == "status" for frame in frames(client)), LIMIT)
        return frames(client)
    finally:
        await client.shutdown()


def frames(client):
    return [json.loads(item[1]) for item in client.items if item[0] == "text"]
