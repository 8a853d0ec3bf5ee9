#!/usr/bin/env python3
"""Runs every benchmark with small inputs: check_quick.py BENCH

Fails when the program does (an answer differs from the yardstick's) or when a line of its output is not what the README
promises. Times are not looked at.
"""

import json
import subprocess
import sys

KEYS = ["name", "ours", "yardstick", "ratio", "unit"]
FAMILIES = {"b1", "b2", "b3", "b4", "b5", "b6", "b7", "b12", "b13", "b14", "b20", "start"}


def check_line(line, number):
    figure = json.loads(line)
    if list(figure) != KEYS:
        return f"line {number}: keys {list(figure)}, expected {KEYS}"
    texts = isinstance(figure["name"], str) and isinstance(figure["unit"], str)
    numbers = all(isinstance(figure[k], (int, float)) for k in ("ours", "yardstick", "ratio"))
    return None if texts and numbers else f"line {number}: wrong types: {line}"


def main():
    done = subprocess.run([sys.argv[1], "--quick", "all"], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    problems = [p for n, line in enumerate(lines, 1) if (p := check_line(line, n))]
    missing = FAMILIES - {json.loads(line)["name"].split("/")[0] for line in lines}
    if missing:
        problems.append(f"no figure of {', '.join(sorted(missing))}")
    if done.returncode != 0:
        problems.append(f"bench ended with {done.returncode}: {done.stderr.strip()}")
    print("\n".join(problems) or f"{len(lines)} figures, all well formed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
