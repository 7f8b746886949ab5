"""Random payloads with what a validator of JSON Schema and Pydantic say of them.

Reads a line of JSON: `count` payloads for each type, the `seed`, and the `schemas` of whole frames by their action. Writes a
line of JSON for each payload: its `kind` and `text`, whether the `schema` takes it, and Pydantic's `faults` in strict JSON
mode. Pydantic sees whole numbers as integers; what it says of the text itself is in `plain`, where that is something else.
"""

import json
import re
import sys
from random import Random

from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from generate import Values, as_integer, write
from models import ADAPTERS

# Left open by the table of differences in types.md.
OPEN = {
    "uuid": r"(urn:uuid:)?\{?[0-9a-fA-F-]*\}?",
    "datetime": r"[-+]?\d+(\.\d*)?|.*\d\d[Tt _]\d\d:\d\d(:\d\d([.,]\d*)?)?([Zz]|[-+]\d\d:?\d\d)?",
    "date": r"[-+]?\d+(\.\d*)?|.*[Tt _].*",
    "time": r"[-+]?\d+(\.\d*)?|\d\d:\d\d(:\d\d([.,]\d*)?)?([Zz]|[-+]\d\d:?\d\d)?",
    "ip": r".*%.*|.*:.*\..*",
    "base64": r"[\s\S]*",
}


def for_python(schema):
    """The schema with patterns whose end is the end of the text, as in ECMAScript; to Python it may be a line's."""
    if isinstance(schema, dict):
        return {key: end(value) if key == "pattern" else for_python(value) for key, value in schema.items()}
    return [for_python(item) for item in schema] if isinstance(schema, list) else schema


def end(pattern):
    return pattern[:-1] + r"\Z" if isinstance(pattern, str) and pattern.endswith("$") else for_python(pattern)


def judge(kind, text):
    try:
        ADAPTERS[kind].validate_json(text, strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        return [[fault["type"], list(fault["loc"]), fault["msg"]] for fault in faults]
    return []


def is_open(kind, text):
    value = json.loads(text)
    is_number = isinstance(value, (int, float))
    if kind in ("enum_int", "int_multiple", "int_or_str") and is_number:
        return isinstance(value, bool) and kind == "enum_int" or abs(value) >= 2**63 - 1
    if kind == "ip" and is_number:
        return True
    return kind in OPEN and isinstance(value, str) and re.fullmatch(OPEN[kind], value) is not None


def main():
    order = json.loads(sys.stdin.readline())
    formats = FormatChecker()
    for action, schema in order["schemas"].items():
        kind = action.removeprefix("t_")
        schema = Draft202012Validator(for_python(schema), format_checker=formats)
        values = Values(Random(f"{order['seed']} {kind}"))
        for _ in range(order["count"]):
            value = values.payload(kind)
            text = write(value)
            said = {
                "kind": kind,
                "text": text,
                "schema": schema.is_valid({"action": action, "payload": json.loads(text)}),
                "faults": judge(kind, write(value, as_integer)),
                "plain": judge(kind, text),
                "open": is_open(kind, text),
            }
            print(json.dumps(said))


main()
