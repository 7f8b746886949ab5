"""The programs that are built with chanx: their management commands, and a running server of them."""

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

START_LIMIT = 30  # seconds until a server says that it serves
STOP_LIMIT = 30  # seconds until a server has ended its connections and itself


class Program:
    """A program with chanx's management commands, such as the echo example, and the settings that it is given.

    It sees nothing else: settings of the developer must not change what is tested.
    """

    def __init__(self, path, folder, **settings):
        self.path, self.folder, self.settings = path, folder, settings

    def with_settings(self, **settings):
        """The same program with other settings."""
        return Program(self.path, self.folder, **{**self.settings, **settings})

    def run(self, *arguments, input="", **settings):
        """Runs a command that has to succeed, and returns what it prints."""
        environment = self.with_settings(**settings).environment()
        done = subprocess.run(
            [self.path, *arguments], cwd=self.folder, env=environment, input=input, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def environment(self):
        return {f"CHANX_{name.upper()}": str(value) for name, value in self.settings.items()}

    def serve(self):
        return Server(self)


class Server:
    """A running server on a port of its own; a context manager that ends it."""

    def __init__(self, program):
        self.log = open(Path(program.folder) / "server.log", "a+b")
        self.process = subprocess.Popen(
            [program.path, "runserver", "127.0.0.1:0"],
            cwd=program.folder,
            env=program.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        try:
            self.host, self.port = self.address()
        except BaseException:
            self.stop()
            raise

    def address(self):
        """Where it serves, once it says so. A server that never does is ended, which ends its output as well."""
        limit = threading.Timer(START_LIMIT, self.process.kill)
        limit.start()
        try:
            line = self.process.stdout.readline()
        finally:
            limit.cancel()
        serving = re.match(r"Serving on http://([^:/]+):(\d+)/", line)
        if not serving:
            raise AssertionError(f"the server did not start: {line}\n{self.logged()}")
        return serving[1], int(serving[2])

    @property
    def origin(self):
        return f"http://{self.host}:{self.port}"

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def stop(self):
        """Ends the server as a terminal would; one that does not go is a fault."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_LIMIT)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def program(name, folder, **settings):
    """The program of this name, where the build has put it."""
    return Program(os.path.join(os.environ["CHANX_PROGRAMS"], name), folder, **settings)
