#!/usr/bin/env python3
"""Checks who may include whom: layers.py [ROOT]

Rooms of libstream/millrace include only rooms of a lower level; rooms of one level do not know each other.
Only actors/ names CAF, and in it only actors/millrace/actors/system/ includes it; nothing outside tests/ includes a test, and heavy third-party headers stay in .cpp files.
"""

import re
import sys
from pathlib import Path

LEVELS = [
    ["base"],
    ["io", "codec"],
    ["config"],
    ["chunk"],
    ["block"],
    ["intake"],
    ["files", "state", "sketch", "persist"],
    ["window", "eventtime"],
    ["op"],
    ["stage"],
    ["plan"],
    ["engine"],
    ["flow"],
]
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}

HEAVY = {
    "msgpack": re.compile(r"^msgpack(\.hpp|/)"),
    "toml++": re.compile(r"^(toml\+\+/|toml\.hpp)"),
    "CLI11": re.compile(r"^CLI/"),
    "spdlog": re.compile(r"^spdlog/"),
    "Boost.Beast": re.compile(r"^boost/(beast|asio)"),
    "doctest": re.compile(r"^doctest/"),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CAF = re.compile(r"^caf(/|\.hpp$)")
DOOR_TO_CAF = Path("actors/millrace/actors/system")
SOURCE_SUFFIXES = {".hpp", ".cpp", ".h", ".ipp"}


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in SOURCE_SUFFIXES and p.is_file())


def includes(path):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(2)


def room_of_include(target):
    """The room of libstream or 'actors' that "millrace/<room>/..." names; None for what is not ours."""
    parts = target.split("/")
    if parts[0] != "millrace":
        return None
    return parts[1] if len(parts) > 2 else "umbrella"


def included_test(root, target):
    return (root / "tests" / target).is_file() and not target.startswith("millrace/")


def library_problems(path, target, library):
    if path.suffix != ".cpp":
        for name, pattern in HEAVY.items():
            if pattern.match(target):
                yield f"public header includes {name} ({target}); include it in a .cpp file only"
    if library == "libstream" and CAF.match(target):
        yield f"includes {target}; only actors/ may include CAF"


def room_problems(room, target):
    """Room order inside libstream."""
    other = room_of_include(target)
    if other is None or other == room:
        return
    if other not in LEVEL_OF:
        yield f"room '{room}' includes {target}, which is outside libstream's rooms"
    elif LEVEL_OF[other] > LEVEL_OF[room]:
        yield f"upward include: room '{room}' includes {target}; '{other}' lies above '{room}'"
    elif LEVEL_OF[other] == LEVEL_OF[room]:
        yield f"sideways include: rooms '{room}' and '{other}' are on one level ({target})"


def check_libstream(root):
    base = root / "libstream" / "millrace"
    for path in sources(base):
        parts = path.relative_to(base).parts
        room = parts[0] if len(parts) > 1 else None
        if room is not None and room not in LEVEL_OF:
            yield path, 1, f"room '{room}' has no place in the layer order; add it to LEVELS in layers.py"
        for number, target in includes(path):
            for problem in library_problems(path, target, "libstream"):
                yield path, number, problem
            if room in LEVEL_OF:
                for problem in room_problems(room, target):
                    yield path, number, problem


def check_others(root):
    for path in sources(root / "actors"):
        for number, target in includes(path):
            for problem in library_problems(path, target, "actors"):
                yield path, number, problem
            if CAF.match(target) and DOOR_TO_CAF not in path.relative_to(root).parents:
                yield path, number, f"includes {target}; in actors/ only {DOOR_TO_CAF}/ may include CAF"
    # The benchmarks measure CAF itself and tests look inside actors, so both may name it.
    for path in sources(root / "apps"):
        for number, target in includes(path):
            if CAF.match(target):
                yield path, number, f"includes {target}; only actors/ may include CAF"
    for folder in ("libstream", "actors", "apps", "tools"):
        for path in sources(root / folder):
            for number, target in includes(path):
                if "tests/" in target or included_test(root, target):
                    yield path, number, f"includes {target}; only tests may include tests"
                if "/../" in target or target.startswith("../"):
                    yield path, number, f"includes {target}; name headers from their include root"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    problems = [*check_libstream(root), *check_others(root)]
    for path, number, text in problems:
        print(f"{path.relative_to(root)}:{number}: {text}")
    print(f"layers: {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
