"""A process of channels_redis that does what it is told: `peer.py OPTIONS`, then one JSON object a line.

OPTIONS is a JSON object: `backend` (core or pubsub), and what the layer takes beside it, such as `hosts` and `prefix`.
A line names a method of the layer under `do` and its arguments beside it. The answer is a line as well: what the method
returned under `ok`, or the name and the text of its exception under `error`. A message that is no JSON object but a
string is Python, for what JSON has no words for. `receive` waits for `seconds`, and answers with null if nothing came.
"""

import ast
import asyncio
import json
import sys

from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

BETWEEN_LOOKS = 0.01  # seconds


class Core:
    """The layer that stores: what it did is in Redis when its methods return."""

    def __init__(self, **options):
        self.layer = RedisChannelLayer(**options)
        self.queues, self.readers = {}, []

    async def new_channel(self):
        channel = await self.layer.new_channel()
        self.read(channel)
        return channel

    def read(self, channel):
        """Reads a channel for as long as the process lives, as a consumer does."""
        self.queues[channel] = queue = asyncio.Queue()
        self.readers.append(asyncio.create_task(self.keep_reading(channel, queue)))

    async def keep_reading(self, channel, queue):
        while True:
            try:
                await queue.put(await self.layer.receive(channel))
            except Exception as error:
                # A consumer would die of it; the tests want to know.
                await queue.put({"reading failed": f"{type(error).__name__}: {error}"})
                await asyncio.sleep(BETWEEN_LOOKS)

    async def receive(self, channel, seconds):
        try:
            return await asyncio.wait_for(self.queues[channel].get(), seconds)
        except TimeoutError:
            return None

    async def group_add(self, group, channel):
        await self.layer.group_add(group, channel)

    async def group_discard(self, group, channel):
        await self.layer.group_discard(group, channel)

    async def group_send(self, group, message):
        await self.layer.group_send(group, literal(message))

    async def send(self, channel, message):
        await self.layer.send(channel, literal(message))


class PubSub(Core):
    """The layer that stores nothing. Its methods return when Redis has been told, not when Redis has listened."""

    def __init__(self, **options):
        super().__init__()
        self.layer = RedisPubSubChannelLayer(**options)

    async def new_channel(self):
        channel = await self.layer.new_channel()
        await self.until_it_hears(channel, 1)
        self.read(channel)
        return channel

    async def group_add(self, group, channel):
        name = self.layer._get_group_channel_name(group)
        before = await self.subscribers(name)
        is_first = name not in self.layer.groups
        await super().group_add(group, channel)
        await self.until_it_hears(name, before + is_first)

    async def group_discard(self, group, channel):
        name = self.layer._get_group_channel_name(group)
        before = await self.subscribers(name)
        was_member = name in self.layer.groups
        await super().group_discard(group, channel)
        was_last = was_member and name not in self.layer.groups
        await self.until_it_hears(name, before - was_last)

    async def until_it_hears(self, name, subscribers):
        while await self.subscribers(name) != subscribers:
            await asyncio.sleep(BETWEEN_LOOKS)

    async def subscribers(self, name):
        shard = self.layer._get_shard(name)
        shard._ensure_redis()
        [(_, number)] = await shard._redis.pubsub_numsub(name)
        return number


BACKENDS = {"core": Core, "pubsub": PubSub}


def literal(message):
    return ast.literal_eval(message) if isinstance(message, str) else message


async def answer(peer, order):
    method = order.pop("do")
    try:
        return {"ok": await getattr(peer, method)(**order)}
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)}


async def main(options):
    peer = BACKENDS[options.pop("backend")](**options)
    # Whoever started this process ends it by closing its input.
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await answer(peer, json.loads(line)), default=repr), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
