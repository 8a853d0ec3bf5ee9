#!/usr/bin/env python3
"""Lists what a build has spent its time on: build_times.py [BUILD_DIR] [--most N]

Reads the log of ninja of a build with an empty ccache (what came from the cache took no time). The first table has the
folders, the second the slowest units and links. Seconds are wall time of each step; a unit over 40 s is marked, because
it keeps the other core waiting at the end. This lists and never fails: times are the machine's.
"""

import argparse
import collections
import re
import sys
from pathlib import Path

SLOW_UNIT_S = 40
OBJECT = re.compile(r"^(?P<folder>.*?)/?CMakeFiles/[^/]+\.dir/(?P<source>.+)\.(o|gch)$")


def steps(log):
    """(output, seconds) of the last time that each output was made."""
    last = {}
    for line in log.read_text().splitlines():
        fields = line.split("\t")
        if len(fields) >= 5 and not line.startswith("#"):
            last[fields[3]] = (int(fields[1]) - int(fields[0])) / 1000
    return {name: seconds for name, seconds in last.items() if "verify_globs" not in name}


def source_of(output):
    """`tests/state/memory_test.cpp` for its object file; None for a link."""
    match = OBJECT.match(output)
    return f"{match['folder']}/{match['source']}" if match else None


def folder_of(output):
    source = source_of(output)
    if source is None:
        return "links and the rest"
    parts = source.split("/")
    return "/".join(parts[: 2 if parts[0] in ("tests", "tools") else 1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", nargs="?", default="build/ci", type=Path)
    parser.add_argument("--most", type=int, default=20, help="how many units are listed (default 20)")
    options = parser.parse_args()
    log = options.build / ".ninja_log"
    if not log.is_file():
        sys.exit(f"build_times: {log} does not exist; build with ninja first, or name another build folder")
    times = steps(log)
    folders = collections.Counter()
    for output, seconds in times.items():
        folders[folder_of(output)] += seconds
    for folder, seconds in folders.most_common():
        print(f"{seconds:8.1f} s  {folder}")
    print(f"{sum(times.values()):8.1f} s  in all, {len(times)} step(s)\n")
    for output, seconds in sorted(times.items(), key=lambda step: -step[1])[: options.most]:
        mark = "  over 40 s" if seconds > SLOW_UNIT_S else ""
        print(f"{seconds:8.1f} s  {source_of(output) or output}{mark}")


if __name__ == "__main__":
    main()
