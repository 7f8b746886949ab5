"""Writes a document again without the channels that declare no messages: endpoints that take raw messages.

Chanx's generator of clients makes a class of messages for each channel, and gives up at a channel that has none.
"""

import json
import sys

source, target = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    document = json.load(file)
channels = document["channels"]
document["channels"] = {key: channel for key, channel in channels.items() if channel.get("messages")}
with open(target, "w", encoding="utf-8") as file:
    json.dump(document, file)
