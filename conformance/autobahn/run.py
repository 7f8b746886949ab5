"""Runs the Autobahn cases against a WebSocket echo, and says how they ended.

    run.py URL REPORTS [CASE ...]

Prints a line for each case that is not as it should be, then a line with the counts. Ends with 1 if there was such a case.
"""

import asyncio
import collections
import sys

from kosoku import FailureError, run_fuzzingclient
from kosoku._report import write_reports

# All cases of the suite: 1 to 7, 9, 10, 12 and 13.
ALL = 517
AT_A_TIME = 4

PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}
CLOSED_WELL = {"OK", "INFORMATIONAL"}

# Cases that fail by themselves before they send anything: kosoku 0.1.0 hashes a text as if it were bytes.
BROKEN = {f"13.{group}.{case}" for group in (2, 5, 6, 7) for case in (1, 2)}
BROKEN_BY = "Strings must be encoded before hashing"


def verdict(result):
    """OK or what is wrong, in a few words."""
    behavior, close = result.behavior.value, result.behavior_close.value
    if result.case_id in BROKEN and behavior == "ERROR" and BROKEN_BY in result.result:
        return "BROKEN CASE"
    if behavior not in PASSED:
        return f"{behavior}: {result.result}"
    if close not in CLOSED_WELL:
        return f"close {close}: {result.result_close}"
    return behavior


async def run(url, cases):
    try:
        return await run_fuzzingclient(url, cases or None, concurrency=AT_A_TIME)
    except FailureError as failure:
        return failure.results


def main(url, reports, *cases):
    results = asyncio.run(run(url, cases))
    write_reports(results, reports)
    verdicts = {result.case_id: verdict(result) for result in results}
    good = PASSED | {"BROKEN CASE"}
    wrong = {case: verdict for case, verdict in verdicts.items() if verdict not in good}
    for case, verdict_ in wrong.items():
        print(f"{case}: {verdict_}")
    if not cases and len(results) != ALL:
        print(f"{len(results)} cases ran, not {ALL}")
        return 1
    counts = collections.Counter(verdict for verdict in verdicts.values() if verdict in good)
    counts["failed"] = len(wrong)
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return 1 if wrong or not results else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
