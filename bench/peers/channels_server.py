"""Channels alone: consumers that read and write JSON by hand."""

from serving import GROUP, compact, configure, serve

configure(apps=["channels"])

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Echo(AsyncJsonWebsocketConsumer):
    """Sends a message back, and may send a second one after it."""

    completes = False

    async def receive_json(self, content, **kwargs):
        if content["action"] == "echo":
            await self.send_json({"action": "echo", "payload": content["payload"]})
            if self.completes:
                await self.send_json({"action": "complete", "payload": None})

    @classmethod
    async def encode_json(cls, content):
        return compact(content)


class Complete(Echo):
    """The same, with the second message."""

    completes = True


class Member(Echo):
    """One of the group, which hears what any of them says."""

    groups = [GROUP]

    async def connect(self):
        await self.accept()
        await self.send_json({"action": "ready", "payload": None})

    async def receive_json(self, content, **kwargs):
        if content["action"] == "say":
            await self.channel_layer.group_send(GROUP, {"type": "hear", "payload": content["payload"]})
        else:
            await super().receive_json(content, **kwargs)

    async def hear(self, event):
        flags = {"is_mine": False, "is_current": False}
        await self.send_json({"action": "said", "payload": event["payload"], **flags})


serve(
    URLRouter(
        [
            path("echo/", Echo.as_asgi()),
            path("completed/", Complete.as_asgi()),
            path("room/", Member.as_asgi()),
        ]
    )
)
