"""Runs one scenario: `run.py SCENARIO FOLDER PROGRAMS`.

FOLDER is empty and takes the database and the servers' log; PROGRAMS is where the build puts its programs. One process
runs one scenario, because Django knows one database for as long as it lives. `cargo xtask test --only django` runs all.
"""

import os
import sys
import unittest
from pathlib import Path


def main(scenario, folder, programs):
    os.environ["CHANX_PROGRAMS"] = programs
    os.environ["SCENARIO_FOLDER"] = folder
    os.environ["SHARED_DATABASE"] = str(Path(folder) / "shared.sqlite3")
    os.environ["DJANGO_SETTINGS_MODULE"] = "neighbor.settings"
    import django

    django.setup()
    tests = unittest.main(module=scenario, argv=[scenario], verbosity=2, exit=False)
    if not tests.result.wasSuccessful():
        sys.exit(f"The servers' log is {Path(folder) / 'server.log'}.")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
