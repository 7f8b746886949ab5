"""A client of Python's websockets: `client.py ADDRESS CONTEXTS`. It ends with a traceback where the server is not as it expects.

The server compresses, and has CONTEXTS contexts to keep. What is sent and received lies in the hands of websockets.
"""

import json
import random
import string
import sys
from contextlib import ExitStack, contextmanager

from websockets.exceptions import ConnectionClosedError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import connect

OFFERS = [
    {},
    {"client_max_window_bits": True},
    {"client_max_window_bits": 12, "server_max_window_bits": 12},
    {"client_no_context_takeover": True},
    {"server_no_context_takeover": True},
    {"client_no_context_takeover": True, "server_no_context_takeover": True},
    *({"server_max_window_bits": bits, "client_max_window_bits": bits} for bits in range(9, 16)),
]

#: The largest text whose message the server takes.
MAX_TEXT = 65_536 - len('{"action": "echo", "payload": ""}')


def texts():
    """Texts that can be compressed well, badly, and not at all."""
    generator = random.Random(7692)
    for size in [0, 1, 100, 300, 1000, 5000, 40_000, MAX_TEXT]:
        yield "x" * size
        yield "".join(generator.choices(string.ascii_letters, k=size))
        yield ("The quick brown fox. " * (size // 21 + 1))[:size]
    yield "\u20ac\U0001f600" * 2000


def tell(client, action, text):
    client.send(json.dumps({"action": action, "payload": text}, ensure_ascii=False))


def tell_in_pieces(client, action, text):
    message = json.dumps({"action": action, "payload": text}, ensure_ascii=False)
    client.send(message[at : at + 1000] for at in range(0, len(message), 1000))


def told(client):
    return json.loads(client.recv(timeout=10))["payload"]


@contextmanager
def enter(address, offer):
    with connect(f"ws://{address}/room/", compression=None, extensions=offer, max_size=None) as client:
        told(client)
        yield client


def has_conversation(address, offer, contexts):
    """Echoes and group messages, in turns, one and two times each."""
    with enter(address, [ClientPerMessageDeflateFactory(**offer)]) as client:
        (extension,) = client.protocol.extensions
        takeover = contexts > 0
        wanted_by_client = takeover and not offer.get("client_no_context_takeover", False)
        wanted_by_server = takeover and not offer.get("server_no_context_takeover", False)
        assert extension.local_no_context_takeover is not wanted_by_client, extension
        assert extension.remote_no_context_takeover is not wanted_by_server, extension
        assert extension.remote_max_window_bits == offer.get("server_max_window_bits", 15), extension
        for text in texts():
            for action, how in [("echo", tell), ("say", tell), ("echo", tell), ("echo", tell_in_pieces)]:
                how(client, action, text)
                assert told(client) == text, (offer, action, text[:50])


def shares_room(address):
    """Clients of every kind get the same group messages, sent by each in turn."""
    offers = [None, *([ClientPerMessageDeflateFactory(**offer)] for offer in OFFERS)]
    with ExitStack() as stack:
        clients = [stack.enter_context(enter(address, offer)) for offer in offers]
        for client in clients:
            tell(client, "echo", "here")
            assert told(client) == "here"
        for speaker in clients:
            for text in ["short", "The quick brown fox. " * 50]:
                tell(speaker, "say", text)
                for client in clients:
                    assert told(client) == text


def throws_bomb(address):
    with enter(address, [ClientPerMessageDeflateFactory()]) as client:
        try:
            tell(client, "echo", "x" * 20_000_000)
            client.recv(timeout=10)
        except ConnectionClosedError as closed:
            assert closed.rcvd.code == 1009, closed
        else:
            raise AssertionError("a bomb went through")


def main(address, contexts):
    for offer in OFFERS:
        has_conversation(address, offer, contexts)
    shares_room(address)
    throws_bomb(address)


main(sys.argv[1], int(sys.argv[2]))
