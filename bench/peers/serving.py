"""What the Python servers have in common: a Django of the least size, JSON without spaces, and uvicorn on uvloop."""

import json
import os
import socket
import sys
import threading

import django
import uvicorn
from django.conf import settings

GROUP = "room"


def configure(apps=(), **others):
    """Sets Django up without a project of its own."""
    settings.configure(
        SECRET_KEY="nothing here is a secret",
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", *apps],
        CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
        USE_TZ=True,
        **others,
    )
    django.setup()


def compact(content):
    """The bytes that every other server writes, too."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def serve(application):
    """Serves until standard input ends; the address goes to standard output."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    print(f"127.0.0.1:{listener.getsockname()[1]}", flush=True)
    threading.Thread(target=_end_with_input, daemon=True).start()
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        backlog=4096,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)
