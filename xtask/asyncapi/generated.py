"""Imports every module of generated clients, each of which has to speak to one channel at least."""

import importlib
import pkgutil
import sys
from pathlib import Path


def channels(package: str) -> int:
    client = importlib.import_module(package)
    modules = [importlib.import_module(it.name) for it in pkgutil.walk_packages(client.__path__, f"{package}.")]
    return sum(hasattr(it, "IncomingMessage") and hasattr(it, "OutgoingMessage") for it in modules)


def main(folder: Path, *packages: str) -> None:
    sys.path.insert(0, str(folder))
    for package in packages:
        number = channels(package)
        if not number:
            sys.exit(f"the client of {package} has no channel")
        print(f"{package}: {number} modules with messages")


main(Path(sys.argv[1]), *sys.argv[2:])
