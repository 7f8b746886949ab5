"""A site with one real Chanx consumer at /ws/chat/: `chat.py OPTIONS`, with the options of peer.py.

Prints its port when it listens, and ends with its input. Whoever sends the header `X-User: 7` is the user whose key is 7;
there is no database. The consumers on chanx's side do the same, see chat.rs.
"""

import json
import logging
import os
import socket
import sys
import threading
from typing import Any, Literal

import django
import structlog
import uvicorn
from django.conf import settings

BACKENDS = {
    "core": "channels_redis.core.RedisChannelLayer",
    "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
}

options = json.loads(sys.argv[1])
settings.configure(
    SECRET_KEY="made up",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": BACKENDS[options.pop("backend")], "CONFIG": options}},
    CHANX={"SEND_COMPLETION": True},
)
django.setup()
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from chanx.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from chanx.messages.base import BaseChannelEvent, BaseGroupMessage, BaseMessage  # noqa: E402
from chanx.routing import path  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from pydantic import BaseModel  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402

GROUP = "chat.room-1"


class Say(BaseMessage):
    """To the group, without this connection."""

    action: Literal["say"] = "say"
    payload: str


class SayAll(BaseMessage):
    """To the group, with this connection."""

    action: Literal["say_all"] = "say_all"
    payload: str


class SayJson(BaseMessage):
    """To the group, without a schema."""

    action: Literal["say_json"] = "say_json"
    payload: Any


class Announce(BaseMessage):
    """An event for the group."""

    action: Literal["announce"] = "announce"
    payload: str


class Letter(BaseModel):
    channel: str
    text: str


class Tell(BaseMessage):
    """An event for one channel."""

    action: Literal["tell"] = "tell"
    payload: Letter


class Where(BaseMessage):
    """Asks for the channel of this connection."""

    action: Literal["where"] = "where"
    payload: None = None


class Leave(BaseMessage):
    """Leaves the group."""

    action: Literal["leave"] = "leave"
    payload: None = None


class Said(BaseGroupMessage):
    action: Literal["said"] = "said"
    payload: str


class Result(BaseMessage):
    action: Literal["result"] = "result"
    payload: Any = None


class Announced(BaseChannelEvent):
    handler: Literal["announced"] = "announced"
    payload: str


class Nothing(BaseChannelEvent):
    """Chanx needs two events to tell them apart."""

    handler: Literal["nothing"] = "nothing"
    payload: None = None


class NotSaid(BaseGroupMessage):
    """As with events."""

    action: Literal["not_said"] = "not_said"
    payload: None = None


class HeaderAuthentication(BaseAuthentication):
    def authenticate(self, request):
        key = request.headers.get("X-User")
        return (User(pk=int(key), username=f"user{key}"), None) if key else None


Incoming = Say | SayAll | SayJson | Announce | Tell | Where | Leave


class Chat(AsyncJsonWebsocketConsumer[Incoming, Announced | Nothing, Said | NotSaid]):
    authentication_classes = [HeaderAuthentication]
    permission_classes = []

    async def build_groups(self):
        return [GROUP]

    async def post_authentication(self):
        # Tells the client that the connection has joined.
        await self.send_message(Result(payload="ready"))

    async def receive_message(self, message, **_):
        match message:
            case Say(payload=text):
                await self.send_group_message(Said(payload=text))
            case SayAll(payload=text):
                await self.send_group_message(Said(payload=text), exclude_current=False)
            case SayJson(payload=value):
                await self.send_group_message(Result(payload=value), kind="json", exclude_current=False)
            case Announce(payload=text):
                await self.asend_channel_event(GROUP, Announced(payload=text))
            case Tell(payload=letter):
                event = Announced(payload=letter.text).model_dump()
                await self.channel_layer.send(letter.channel, {"type": "handle_channel_event", "event_data": event})
            case Where():
                await self.send_message(Result(payload=self.channel_name))
            case Leave():
                await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def receive_event(self, event):
        await self.send_message(Result(payload=event.payload))


def end_with_input():
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_input, daemon=True).start()
    application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/chat/", Chat.as_asgi())])})
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    # Nobody reads on; what Chanx has to complain about goes where people see it.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server = uvicorn.Server(uvicorn.Config(application, lifespan="off", log_level="warning"))
    server.run(sockets=[listener])
