"""Chanx, the Python library: typed messages, validated by Pydantic, without authentication and without a log."""

import logging
from typing import Literal

import structlog

from serving import GROUP, compact, configure, serve

configure(
    apps=["channels", "rest_framework"],
    CHANX={
        "SEND_AUTHENTICATION_MESSAGE": False,
        "LOG_RECEIVED_MESSAGE": False,
        "LOG_SENT_MESSAGE": False,
    },
)
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

from channels.routing import URLRouter  # noqa: E402
from chanx.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from chanx.messages.base import BaseGroupMessage, BaseMessage  # noqa: E402
from django.urls import path  # noqa: E402
from pydantic import Field  # noqa: E402


class EchoMessage(BaseMessage):
    action: Literal["echo"] = "echo"
    payload: str = Field(max_length=1000)


class SayMessage(BaseMessage):
    action: Literal["say"] = "say"
    payload: str = Field(max_length=1000)


class ReadyMessage(BaseMessage):
    action: Literal["ready"] = "ready"
    payload: None = None


class SaidMessage(BaseGroupMessage):
    action: Literal["said"] = "said"
    payload: str


class Echo(AsyncJsonWebsocketConsumer[EchoMessage | SayMessage, None, SaidMessage]):
    """Sends a message back."""

    authentication_classes = []
    permission_classes = []

    async def receive_message(self, message, **kwargs):
        match message:
            case EchoMessage(payload=payload):
                await self.send_message(EchoMessage(payload=payload))
            case SayMessage(payload=payload):
                await self.send_group_message(SaidMessage(payload=payload), exclude_current=False)

    @classmethod
    async def encode_json(cls, content):
        return compact(content)


class Complete(Echo):
    """The same, with a second message that says that the first is dealt with."""

    send_completion = True


class Member(Echo):
    """One of the group, which hears what any of them says."""

    async def build_groups(self):
        return [GROUP]

    async def post_authentication(self):
        await self.send_message(ReadyMessage())


serve(
    URLRouter(
        [
            path("echo/", Echo.as_asgi()),
            path("completed/", Complete.as_asgi()),
            path("room/", Member.as_asgi()),
        ]
    )
)
