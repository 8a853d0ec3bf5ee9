#!/usr/bin/env python3
"""Checks that every header compiles by itself: headers_alone.py [ROOT] [--jobs N]

A header that some source file includes before anything else is left to the build, which shows the same. One that
compiled is not compiled again until it, or a header of ours that it includes, changes; what passed is remembered
in ROOT/build/check-cache.
"""

import argparse
import hashlib
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
ROOTS = ["libstream", "actors", "tests", "tools/bench", "apps/support", "apps/millrace"]
FLAGS = ["-std=c++20", "-fsyntax-only", "-x", "c++", "-Wall", "-Wextra"]
FOLDERS = ("libstream", "actors", "apps", "tests", "tools/bench")
NOT_BUILT = ("tests/compile_errors", "tests/install_consumer")


class Tree:
    def __init__(self, root):
        self.root = root
        self.include_roots = [root / r for r in ROOTS if (root / r).is_dir()]
        self.texts = {}

    def headers(self):
        return sorted(self.files("*.hpp"))

    def files(self, pattern):
        return {p for folder in FOLDERS for p in (self.root / folder).rglob(pattern) if p.is_file()}

    def included_first(self):
        """The headers that come first in a source file that is built."""
        found = set()
        for source in self.files("*.cpp"):
            if source.relative_to(self.root).as_posix().startswith(NOT_BUILT):
                continue
            first = INCLUDE.search(self.text(source))
            if first:
                found.update(self.places(source, first[1])[:1])
        return found

    def places(self, path, target):
        """The files of ours that `#include "target"` in `path` may mean, best first."""
        return [(f / target).resolve() for f in [path.parent, *self.include_roots] if (f / target).is_file()]

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = path.read_text(errors="replace")
        return self.texts[path]

    def closure(self, header):
        """The header and every header of ours that it includes, directly or not."""
        seen, todo = set(), [header]
        while todo:
            path = todo.pop()
            if path in seen:
                continue
            seen.add(path)
            for target in INCLUDE.findall(self.text(path)):
                todo.extend(self.places(path, target)[:1])
        return sorted(seen)

    def digest(self, header, command):
        state = hashlib.sha256(" ".join(command).encode())
        for path in self.closure(header):
            state.update(str(path).encode() + b"\0" + self.text(path).encode() + b"\0")
        return state.hexdigest()


def command_for(tree, compiler):
    return [*compiler, *FLAGS, *(f"-I{folder}" for folder in tree.include_roots)]


def check_header(tree, header, compiler, cache, built):
    if "#pragma once" not in tree.text(header):
        return "it has no #pragma once"
    if header in built:
        return None
    command = command_for(tree, compiler)
    stamp = cache / tree.digest(header, command)
    if stamp.exists():
        return None
    probe = f'#include "{header}"\n#include "{header}"\n'
    run = subprocess.run([*command, "-"], input=probe, capture_output=True, text=True)
    if run.returncode == 0:
        stamp.touch()
        return None
    return run.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", default=Path(__file__).parents[2], type=Path)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    tree = Tree(options.root.resolve())
    compiler = shlex.split(os.environ.get("CXX", "g++"))
    cache = tree.root / "build" / "check-cache"
    cache.mkdir(parents=True, exist_ok=True)

    headers = tree.headers()
    built = tree.included_first()
    with ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda h: (h, check_header(tree, h, compiler, cache, built)), headers)
        failed = [(h, text) for h, text in results if text is not None]
    for header, text in failed:
        print(f"{header.relative_to(tree.root)}: does not compile alone")
        print("  " + "\n  ".join(text.splitlines()[:8]))
    print(f"headers_alone: {len(headers)} header(s), {len(failed)} problem(s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
