#!/usr/bin/env python3
"""Replays conformance cases against a running server. Python 3.11, standard library only. See README.md."""

import argparse
import asyncio
import base64
import fnmatch
import hashlib
import json
import os
import re
import struct
import sys
import zlib
from datetime import datetime, time as dtime, timezone

BOUND = 2.0  # seconds to wait for an expected frame
SILENCE = 0.15  # seconds that a case's silence lasts unless it says otherwise
SETTLE = 0.05  # seconds to join the groups where no `complete` ends the connection phase
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = base64.b64encode(b"chanx-conformanc").decode()
HERE = os.path.dirname(os.path.abspath(__file__))


# ------------------------------------------------------------------ WebSocket client
def frame(opcode, payload=b"", fin=True, mask=True, rsv=0, key=b"\x01\x02\x03\x04"):
    b0 = (0x80 if fin else 0) | (rsv << 4) | opcode
    n, m = len(payload), 0x80 if mask else 0
    if n < 126:
        head = bytes([b0, m | n])
    elif n < 65536:
        head = bytes([b0, m | 126]) + struct.pack("!H", n)
    else:
        head = bytes([b0, m | 127]) + struct.pack("!Q", n)
    if not mask:
        return head + payload
    if n == 0:
        return head + key
    full = (key * (n // 4 + 1))[:n]
    return head + key + (int.from_bytes(payload, "big") ^ int.from_bytes(full, "big")).to_bytes(n, "big")


class Client:
    """One connection. `items` holds what arrived: ("text", str), ("binary", hex), ("pong", hex), ("close", code, reason),
    ("eof",). Pings of the server are answered and not shown."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.items, self.eof, self.sent_close, self.got_close = [], False, False, False
        self.news = asyncio.Event()
        self.task = self.w = None
        self.inflate = None
        self.frag = None
        self.deaf = self.settled = False

    async def connect(self, path, headers, method="GET", http="1.1", ws_headers=None, host="localhost:8000", early=b""):
        self.r, self.w = await asyncio.open_connection(self.host, self.port, limit=2**26)
        if ws_headers is None:
            ws_headers = [["Upgrade", "websocket"], ["Connection", "Upgrade"], ["Sec-WebSocket-Key", KEY], ["Sec-WebSocket-Version", "13"]]
        lines = [f"{method} ".encode() + path.encode("utf-8") + f" HTTP/{http}".encode()]
        if host is not None:
            lines.append(b"Host: " + host.encode())
        for k, v in list(ws_headers) + list(headers):
            lines.append(k.encode("latin-1") + b": " + (v if isinstance(v, bytes) else v.encode("utf-8")))
        self.w.write(b"\r\n".join(lines) + b"\r\n\r\n" + early)
        try:
            head = await asyncio.wait_for(self.r.readuntil(b"\r\n\r\n"), 5)
        except (asyncio.IncompleteReadError, ConnectionError):
            return {"status": None, "headers": {}}
        except asyncio.TimeoutError:
            return {"status": "no answer", "headers": {}}
        rows = head.decode("latin-1").split("\r\n")
        hdrs = {}
        for row in rows[1:]:
            if ":" in row:
                k, _, v = row.partition(":")
                hdrs[k.strip().lower()] = v.strip()
        status = int(rows[0].split(" ")[1])
        if status == 101:
            key = dict((k.lower(), v) for k, v in ws_headers).get("sec-websocket-key", "")
            want = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
            if hdrs.get("sec-websocket-accept") != want:
                return {"status": "101 with a wrong Sec-WebSocket-Accept", "headers": hdrs}
            if "permessage-deflate" in hdrs.get("sec-websocket-extensions", ""):
                self.inflate = zlib.decompressobj(-15)
            self.task = asyncio.create_task(self._read())
        return {"status": status, "headers": hdrs}

    def _add(self, *item):
        self.items.append(item)
        self.news.set()

    async def _read(self):
        try:
            while True:
                h = await self.r.readexactly(2)
                fin, rsv, op, n = h[0] >> 7, (h[0] >> 4) & 7, h[0] & 15, h[1] & 127
                if h[1] & 128:
                    self._add("violation", "a masked frame from the server")
                if n == 126:
                    n = struct.unpack("!H", await self.r.readexactly(2))[0]
                elif n == 127:
                    n = struct.unpack("!Q", await self.r.readexactly(8))[0]
                p = await self.r.readexactly(n) if n else b""
                if op in (0, 1, 2):
                    if op:
                        self.frag = [op, bool(rsv & 4), b""]
                    if self.frag is None:
                        self._add("violation", "a continuation frame without a start")
                        continue
                    self.frag[2] += p
                    if not fin:
                        continue
                    op, deflated, p = self.frag
                    self.frag = None
                    if deflated and self.inflate:
                        p = self.inflate.decompress(p + b"\0\0\xff\xff")
                    if self.got_close:
                        self._add("violation", "a data frame after the close frame")
                    if op == 1:
                        try:
                            self._add("text", p.decode("utf-8"))
                        except UnicodeDecodeError:
                            self._add("violation", "a text frame that is not UTF-8")
                    else:
                        self._add("binary", p.hex())
                elif op == 8:
                    self.got_close = True
                    code = struct.unpack("!H", p[:2])[0] if len(p) >= 2 else None
                    self._add("close", code, p[2:].decode("utf-8", "replace"))
                    if not self.sent_close:
                        self.sent_close = True
                        if not self.deaf:
                            self.write(frame(8, p[:2]))
                elif op == 9:
                    self.write(frame(10, p))
                elif op == 10:
                    self._add("pong", p.hex())
                else:
                    self._add("violation", f"reserved opcode {op}")
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            pass
        self.eof = True
        self._add("eof")

    def write(self, data):
        try:
            self.w.write(data)
        except Exception:
            pass

    async def wait_for(self, cond, bound):
        """Waits until cond() holds; `bound` seconds without news end the wait."""
        while not cond():
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), bound)
            except asyncio.TimeoutError:
                return cond()
        return True

    async def shutdown(self):
        if self.task:
            self.task.cancel()
            try:
                await self.task
            except BaseException:
                pass
        if self.w:
            try:
                self.w.close()
            except Exception:
                pass


async def http_request(host, port, method, path, body):
    r, w = await asyncio.open_connection(host, port)
    b = json.dumps(body).encode() if body is not None else b""
    w.write(f"{method} {path} HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(b)}\r\n\r\n".encode() + b)
    data = await asyncio.wait_for(r.read(-1), 10)
    w.close()
    head, _, body = data.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        out = b""
        while body:
            n, _, rest = body.partition(b"\r\n")
            n = int(n, 16)
            if n == 0:
                break
            out, body = out + rest[:n], rest[n + 2 :]
        body = out
    return int(head.split(b" ")[1]), body.decode("utf-8", "replace")


# ------------------------------------------------------------------ values
def build(x):
    """Expands {"$repeat": [string, n]} and {"$concat": [...]} inside values to send."""
    if isinstance(x, dict):
        if set(x) == {"$repeat"}:
            return build(x["$repeat"][0]) * x["$repeat"][1]
        if set(x) == {"$concat"}:
            return "".join(build(i) for i in x["$concat"])
        return {k: build(v) for k, v in x.items()}
    if isinstance(x, list):
        return [build(i) for i in x]
    return x


def short(x, n=160):
    t = x if isinstance(x, str) and x.startswith("<") else json.dumps(x, ensure_ascii=False)
    return t if len(t) <= n else t[: n - 20] + f"…({len(t)} chars)"


KINDS = {"string": str, "object": dict, "array": list, "null": type(None), "boolean": bool}


def instant(s):
    d = datetime.fromisoformat(s.replace("Z", "+00:00").replace("z", "+00:00"))
    return d.astimezone(timezone.utc) if d.tzinfo else d


def diff(exp, act, path=""):
    """Differences between an expectation and a JSON value, as strings; [] when it fits."""
    if isinstance(exp, dict) and len(exp) == 1 and next(iter(exp)).startswith("$"):
        (op, arg), = exp.items()
        bad = [f"{path or '.'}: expected {short(exp)}, got {short(act)}"]
        if op == "$any":
            if arg is True or arg is None:
                return []
            if arg == "number":
                return [] if isinstance(act, (int, float)) and not isinstance(act, bool) else bad
            return [] if isinstance(act, KINDS[arg]) and act != "" else bad
        if op in ("$repeat", "$concat"):
            return [] if act == build(exp) else bad
        if not isinstance(act, str):
            return bad
        if op == "$prefix":
            return [] if act.startswith(arg) else bad
        if op == "$re":
            return [] if re.fullmatch(arg, act, re.S) else bad
        try:
            if op == "$json":
                return diff(arg, json.loads(act), path + "<json>")
            if op == "$datetime":
                return [] if instant(arg) == instant(act) else bad
            if op == "$time":
                return [] if dtime.fromisoformat(arg) == dtime.fromisoformat(act) else bad
        except ValueError:
            return bad
        raise SystemExit(f"unknown matcher {op}")
    if isinstance(exp, dict) and isinstance(act, dict):
        out = []
        for k in exp:
            out += diff(exp[k], act[k], f"{path}.{k}") if k in act else [f"{path}.{k}: missing"]
        out += [f"{path}.{k}: unexpected {short(act[k])}" for k in act if k not in exp]
        return out
    if isinstance(exp, list) and isinstance(act, list):
        out = []
        for i in range(max(len(exp), len(act))):
            if i >= len(act):
                out.append(f"{path}[{i}]: missing, expected {short(exp[i])}")
            elif i >= len(exp):
                out.append(f"{path}[{i}]: unexpected {short(act[i])}")
            else:
                out += diff(exp[i], act[i], f"{path}[{i}]")
        return out
    same = exp == act and isinstance(exp, bool) == isinstance(act, bool)
    if isinstance(exp, (dict, list)) != isinstance(act, (dict, list)) or not same:
        return [f"{path or '.'}: expected {short(exp)}, got {short(act)}"]
    return []


STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u([0-9a-fA-F]{4})")


def wire_form(text, key):
    """Our frames are compact JSON, UTF-8 without needless escapes, `action` and `payload` first."""
    if re.search(r"\s", STRING.sub('""', text)):
        return ["the JSON is not compact"]
    for s in STRING.findall(text):
        for h in ESCAPE.findall(s):
            c = int(h, 16)
            if c >= 0xA0 and c not in (0x2028, 0x2029, 0xFEFF):
                return [f"\\u{h} is escaped needlessly"]
    try:
        keys = [k for k, _ in json.loads(text, object_pairs_hook=lambda p: p)]
    except (ValueError, TypeError):
        return []
    if key in keys and keys[0] != key:
        return [f"`{key}` is not the first key"]
    if key in keys and "payload" in keys and keys[1] != "payload":
        return ["`payload` is not the second key"]
    return []


def show(item):
    return f"<{' '.join(str(i) for i in item)}>" if item[0] != "text" else item[1]


def item_diff(exp, item):
    if isinstance(exp, dict) and "$close" in exp:
        if item[0] != "close":
            return [f"expected close {exp['$close']}, got {short(show(item))}"]
        codes = exp["$close"] if isinstance(exp["$close"], list) else [exp["$close"]]
        out = [] if item[1] in codes else [f"close code: expected {exp['$close']}, got {item[1]}"]
        return out + (diff(exp["reason"], item[2], "reason") if "reason" in exp else [])
    for op, kind in (("$binary", "binary"), ("$pong", "pong"), ("$text", "text")):
        if isinstance(exp, dict) and op in exp:
            return [] if item[0] == kind and item[1] == exp[op] else [f"expected {short(exp)}, got {short(show(item))}"]
    if isinstance(exp, dict) and "$eof" in exp:
        return [] if item[0] == "eof" else [f"expected the end of the connection, got {short(show(item))}"]
    if item[0] != "text":
        return [f"expected {short(exp)}, got {short(show(item))}"]
    try:
        value = json.loads(item[1])
    except ValueError:
        return [f"expected {short(exp)}, got text that is not JSON: {short(item[1])}"]
    return diff(exp, value)


def count(frames):
    return sum(sum(count(s) for s in f["$interleaved"]) if isinstance(f, dict) and "$interleaved" in f else 1 for f in frames)


def interleave(seqs, items):
    """Matches the sequences, each in its own order, mixed freely. [] or the differences of the deepest attempt."""
    best = [0, ["nothing matched"]]

    def go(seqs, i):
        if i == len(items):
            return True
        for n, s in enumerate(seqs):
            if s:
                d = item_diff(s[0], items[i])
                if not d:
                    if go(seqs[:n] + [s[1:]] + seqs[n + 1 :], i + 1):
                        return True
                elif i >= best[0]:
                    best[:] = [i, d if i > best[0] or best[1] == ["nothing matched"] else best[1]]
        return False

    return [] if go([list(s) for s in seqs], 0) else best[1]


class Failed(Exception):
    pass


# ------------------------------------------------------------------ cases
class Runner:
    def __init__(self, host, port, fixture, side, wire=True):
        self.host, self.port, self.fx, self.side = host, port, fixture, side
        self.wire = wire and side == "ours"
        self.key = "action"
        self.clients = {}

    def fill(self, v):
        if isinstance(v, dict) and set(v) == {"hex"}:
            return bytes.fromhex(v["hex"])
        v = build(v)
        if isinstance(v, str):
            v = re.sub(r"\{session:([^}]*)\}", lambda m: self.fx["sessions"][m[1]]["session_key"], v)
            v = re.sub(r"\{token:([^}]*)\}", lambda m: self.fx["tokens"][m[1]], v)
            v = re.sub(r"\{TOKEN:([^}]*)\}", lambda m: self.fx["tokens"][m[1]].upper(), v)
        return v

    def payload(self, s, cl=None):
        """The bytes of one payload specification."""
        if "frames" in s:
            return b"".join(self.payload(f, cl) for f in s["frames"])
        if "json" in s:
            return frame(1, json.dumps(build(s["json"]), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
        if "text" in s:
            return frame(1, build(s["text"]).encode("utf-8", "surrogatepass"), key=os.urandom(4))
        if "binary" in s:
            return frame(2, bytes.fromhex(s["binary"]))
        if "ping" in s:
            return frame(9, bytes.fromhex(s["ping"]))
        if "raw" in s:
            if cl and s["raw"].startswith("88"):
                cl.sent_close = True
            return bytes.fromhex(s["raw"])
        if "fragments" in s:
            parts = [bytes.fromhex(p) if isinstance(p, str) else build(p["text"]).encode() for p in s["fragments"]]
            return b"".join(frame(0 if i else 1, p, fin=i == len(parts) - 1) for i, p in enumerate(parts))
        if "close" in s:
            if cl:
                cl.sent_close = True
            return frame(8, b"" if s["close"] is None else struct.pack("!H", s["close"]) + s.get("reason", "").encode())
        raise SystemExit(f"no payload in {s}")

    def resolve(self, step):
        """The step as this side sees it, or None."""
        if step.get("only") not in (None, self.side):
            return None
        if self.side == "chanx" and "chanx" in step:
            if step["chanx"] == "skip":
                return None
            step = {**step, **step["chanx"]}
        return step

    async def run(self, case):
        self.clients = {}
        self.key = case.get("action_key", "action")
        steps = case["steps"]
        n, what = 0, ""
        try:
            for n, step in enumerate(steps):
                step = self.resolve(step)
                if step is None:
                    continue
                what = next((f"{k} {step[k]}" for k in ("connect", "send", "expect", "silence", "http", "pause", "abort") if k in step), "?")
                await self.step(step)
            n, what = n + 1, "end"
            for name, c in self.clients.items():
                await self.end(name, c)
            return None
        except Failed as e:
            return f"step {n + 1} ({what}): {e}"
        except (ConnectionError, asyncio.TimeoutError) as e:
            return f"step {n + 1} ({what}): {type(e).__name__} {e}"
        finally:
            await shut(self.clients)

    async def end(self, name, c):
        """The closing handshake shows that nothing else was under way."""
        if c.task is None:
            return
        if not c.eof and not c.got_close and not c.sent_close:
            c.write(self.payload({"close": 1000}, c))
            if not await c.wait_for(lambda: c.got_close or c.eof, BOUND):
                raise Failed(f"client {name}: the closing handshake is not answered")
            if c.items and c.items[-1][0] == "eof":
                c.items.pop()
            if c.items and c.items[-1][0] == "close" and c.items[-1][1] in (1000, None):
                c.items.pop()
        elif c.sent_close:
            await c.wait_for(lambda: c.got_close or c.eof, BOUND)
        rest = [i for i in c.items if i[0] != "eof"]
        if rest:
            raise Failed(f"client {name}: {len(rest)} unexpected: {short(show(rest[0]))}")

    async def step(self, s):
        if "connect" in s:
            c = self.clients[s["connect"]] = Client(self.host, self.port)
            c.deaf = s.get("deaf", False)
            early = b"".join(self.payload(f, c) for f in s.get("early", []))
            kw = {k: s[k] for k in ("method", "http", "ws_headers", "host") if k in s}
            res = await c.connect(self.fill(s["path"]), [[k, self.fill(v)] for k, v in s.get("headers", [])], early=early, **kw)
            want = s.get("status", 101)
            if res["status"] not in (want if isinstance(want, list) else [want]):
                raise Failed(f"handshake status: expected {want}, got {res['status']}")
            for k, v in s.get("answer_headers", {}).items():
                if res["headers"].get(k) != v:
                    raise Failed(f"header {k}: expected {v}, got {res['headers'].get(k)}")
            for k in s.get("absent_headers", []):
                if k in res["headers"]:
                    raise Failed(f"unexpected header {k}: {res['headers'][k]}")
            return
        if "send" in s:
            c = self.clients[s["send"]]
            data = self.payload(s, c)
            if s.get("bytewise"):
                for i in range(len(data)):
                    c.write(data[i : i + 1])
                    await asyncio.sleep(0.002)
            else:
                c.write(data)
            return
        if "abort" in s:
            c = self.clients.pop(s["abort"])
            c.w.transport.abort()
            await c.shutdown()
            return
        if "pause" in s:
            await asyncio.sleep(s["pause"])
            return
        if "silence" in s:
            await asyncio.sleep(s.get("ms", SILENCE * 1000) / 1000)
            for name in s["silence"] if isinstance(s["silence"], list) else [s["silence"]]:
                c = self.clients[name]
                if c.items:
                    raise Failed(f"client {name}: silence expected, got {short(show(c.items[0]))}")
            return
        if "http" in s:
            method, path = s["http"].split(" ", 1)
            status, body = await http_request(self.host, self.port, method, path, s.get("body"))
            if "status" in s and status != s["status"]:
                raise Failed(f"status: expected {s['status']}, got {status}")
            if "json" in s:
                d = diff(s["json"], json.loads(body))
                if d:
                    raise Failed("; ".join(d))
            return
        if "expect" in s:
            c = self.clients[s["expect"]]
            await self.expect(c, s["frames"])
            if not c.settled:
                c.settled = True
                last = s["frames"][-1] if s["frames"] else {}
                if "$close" not in last and last.get(self.key) != "complete":
                    await asyncio.sleep(SETTLE)
            return
        raise SystemExit(f"unknown step {s}")

    async def expect(self, c, frames):
        for i, f in enumerate(frames):
            if isinstance(f, dict) and "$skip" in f:  # anything up to the close frame
                await c.wait_for(lambda: c.got_close or c.eof, BOUND)
                while c.items and c.items[0][0] not in ("close", "eof"):
                    c.items.pop(0)
                continue
            n = count([f])
            await c.wait_for(lambda: len(c.items) >= n or c.eof, BOUND)
            if len(c.items) < n:
                missing = frames[i:] if n == 1 else [f]
                raise Failed(f"frame {i + 1}: nothing arrived, expected {short(missing[0])}" + (f" and {len(missing) - 1} more" if len(missing) > 1 else ""))
            got, c.items[:n] = c.items[:n], []
            if isinstance(f, dict) and "$interleaved" in f:
                d = interleave(f["$interleaved"], got)
            else:
                d = item_diff(f, got[0])
            if not d and self.wire:
                for g in got:
                    if g[0] == "text" and not (isinstance(f, dict) and "$text" in f):
                        d += wire_form(g[1], self.key)
            if d:
                more = f" (+{len(d) - 2} more)" if len(d) > 2 else ""
                raise Failed(f"frame {i + 1}: " + "; ".join(d[:2]) + more)
            if isinstance(f, dict) and "$close" in f and not c.deaf:
                if not await c.wait_for(lambda: c.eof, BOUND):
                    raise Failed("the TCP connection stays open after the close frame")


# ------------------------------------------------------------------ the type matrix (errors.json)
AUTH = {"action": "authentication", "payload": {"status_code": 200, "status_text": "OK", "data": {"detail": "OK"}}}
COMPLETE = {"action": "complete", "payload": None}


async def open_matrix(r):
    """A fresh connection to /ws/typed/, past its connection phase."""
    await shut(r.clients)
    r.clients = {}
    await r.step({"connect": "A", "path": "/ws/typed/", "headers": [["Origin", "http://localhost:8000"]]})
    await r.expect(r.clients["A"], [AUTH] + ([COMPLETE] if r.side == "ours" else []))
    return r.clients["A"]


async def run_row(r, c, row):
    """One row on an open connection."""
    want = {**row, **row["chanx"]} if r.side == "chanx" and "chanx" in row else row
    action = "t_" + row["type"]
    if want["valid"]:
        reply = {"action": "result", "payload": want["output"]}
    else:
        reply = {"action": "error", "payload": [{**e, "loc": [action, "payload"] + e["loc"]} for e in want["errors"]]}
    c.write(r.payload({"text": '{"action":"%s","payload":%s}' % (action, row["input"])}))
    await r.expect(c, [reply, COMPLETE])
    if c.items:
        raise Failed(f"unexpected {short(show(c.items[0]))}")


async def run_matrix(r, rows, report):
    """All rows, on one connection for as long as it lives."""
    c = None
    for row in rows:
        try:
            if c is None or c.eof or c.got_close:
                c = await open_matrix(r)
            await run_row(r, c, row)
            report(row, None)
        except (Failed, ConnectionError, asyncio.TimeoutError) as e:
            kind = "" if isinstance(e, Failed) else f"{type(e).__name__} "
            report(row, f"input {short(row['input'], 80)}: {kind}{e}")
            await shut(r.clients)
            c = None
    await shut(r.clients)


async def shut(clients):
    for c in clients.values():
        await c.shutdown()


def load(where):
    """The cases and the rows of the type matrix in files and folders."""
    files = []
    for w in where:
        if os.path.isdir(w):
            for d, _, names in sorted(os.walk(w)):
                files += [os.path.join(d, n) for n in sorted(names) if n.endswith(".json")]
        else:
            files.append(w)
    cases, rows = [], []
    for f in files:
        data = json.load(open(f, encoding="utf-8"))
        if isinstance(data, list) and data and isinstance(data[0], dict) and "steps" in data[0]:
            cases += data
        elif isinstance(data, dict) and data.get("kind") == "type matrix":
            rows += data["rows"]
    return cases, rows


class NotYet:
    """The list of cases that are known to fail. Each has to fail, so that the list never outlives its reasons."""

    def __init__(self, path, cases):
        lines = open(path, encoding="utf-8").read().splitlines() if path else []
        self.globs = [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
        for glob in self.globs:
            if not any(fnmatch.fnmatchcase(full_name(c), glob) for c in cases):
                raise SystemExit(f"{path}: no case is called {glob}")

    def __contains__(self, case):
        return any(fnmatch.fnmatchcase(full_name(case), glob) for glob in self.globs)


def full_name(case):
    return f"{case['profile']}/{case['name']}"


def environment(profile, fixture):
    """The settings of a profile as environment variables, one NAME=value each."""
    known = json.load(open(os.path.join(HERE, "profiles.json"), encoding="utf-8"))
    if profile not in known["profiles"]:
        raise SystemExit(f"unknown profile {profile}: one of {', '.join(known['profiles'])}")

    def text(value):
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list):
            return ",".join(map(text, value))
        return re.sub(r"\{(\w+)\}", lambda m: fixture[m[1]], str(value))

    settings = {**known["every"], **known["profiles"][profile]}
    return [f"CHANX_{key.upper()}={text(value)}" for key, value in settings.items()]


async def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--base", default="ws://127.0.0.1:8000")
    ap.add_argument("--cases", action="append", help="directory or file; may be repeated (default: all cases beside this program)")
    ap.add_argument("--profile", help="the profile that the server runs with; other cases are skipped")
    ap.add_argument("--as", dest="side", choices=("ours", "chanx"), default="ours")
    ap.add_argument("--only", help="glob on case names")
    ap.add_argument("--differs", help="only cases that differ by this rule")
    ap.add_argument("--fixture", default=os.path.join(HERE, "fixture", "fixture.json"))
    ap.add_argument("--not-yet", metavar="FILE", help="list of cases that must still fail")
    ap.add_argument("--list-profiles", action="store_true", help="print the profiles with their numbers of cases, listed ones apart, and stop")
    ap.add_argument("--environment", action="store_true", help="print the environment that the profile's server needs and stop")
    ap.add_argument("--no-wire-form", action="store_true", help="do not ask for compact JSON and the order of the keys")
    ap.add_argument("--bound", type=float, default=BOUND, help="seconds to wait for an expected frame (default 2)")
    ap.add_argument("-v", action="store_true", help="also print the cases that pass")
    a = ap.parse_args()
    globals()["BOUND"] = a.bound
    cases, rows = load(a.cases or [os.path.join(HERE, "cases"), os.path.join(HERE, "errors.json")])
    not_yet = NotYet(a.not_yet, cases + rows)
    if a.list_profiles:
        n = {}
        for c in cases + rows:
            n.setdefault(c["profile"], [0, 0])[c in not_yet] += 1
        for p in sorted(n):
            print(p, *n[p])
        return 0
    if not a.profile:
        ap.error("--profile is needed: a server runs with one profile")
    fixture = json.load(open(a.fixture, encoding="utf-8"))
    if a.environment:
        print("\n".join(environment(a.profile, fixture)))
        return 0
    m = re.fullmatch(r"wss?://([^:/]+):(\d+)/?", a.base)
    if not m:
        ap.error("--base must look like ws://127.0.0.1:8000")
    runner = Runner(m[1], int(m[2]), fixture, a.side, not a.no_wire_form)
    stats = {"passed": 0, "failed": 0, "not yet": 0, "skipped": 0}

    def report(case, error):
        name = case["name"]
        if case in not_yet:
            if error:
                stats["not yet"] += 1
                if a.v:
                    print(f"not yet {name}", flush=True)
                return
            error = f"passes now: take it off {a.not_yet}"
        stats["failed" if error else "passed"] += 1
        if error:
            print(f"FAIL {name}: {error}", flush=True)
        elif a.v:
            print(f"ok   {name}", flush=True)

    def wanted(c):
        return c["profile"] == a.profile and (not a.only or fnmatch.fnmatch(c["name"], a.only)) and (not a.differs or a.differs in c.get("differs", []))

    for c in cases:
        if not wanted(c):
            stats["skipped"] += 1
            continue
        report(c, await runner.run(c))
    chosen = [r for r in rows if wanted(r)]
    stats["skipped"] += len(rows) - len(chosen)
    if chosen:
        await run_matrix(runner, chosen, report)
    print(", ".join(f"{n} {what}" for what, n in stats.items()))
    return 1 if stats["failed"] else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
