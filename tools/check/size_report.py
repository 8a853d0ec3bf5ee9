#!/usr/bin/env python3
"""Checks sizes and prints how they are spread: size_report.py [ROOT]

Fails on files over 500 lines and functions over 70 lines (signature to closing brace; what is nested counts for the
outermost function). A folder with over 24 ideas (a header and its source count once) gets a hint, which does not
fail.
"""

import re
import sys
from pathlib import Path

FILE_LINES = 500
FUNCTION_LINES = 70
FOLDER_IDEAS = 24
FOLDERS = ("libstream", "actors", "apps", "tests", "tools")

TOKEN = re.compile(
    r"""
    //[^\n]*                                   # line comment
  | /\*.*?\*/                                  # block comment
  | (?:u8|[uUL])?R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)"   # raw string
  | "(?:\\.|[^"\\\n])*"                        # string
  | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'        # character, but not a digit separator
  | ^[ \t]*\#(?:\\\n|[^\n])*                   # preprocessor line
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
TYPE_HEAD = re.compile(r"^(?:typedef\s+|static\s+|inline\s+)*(?:class|struct|union|enum)\b")
SCOPE_HEAD = re.compile(r'^(?:inline\s+)?(?:namespace\b|extern\s*"")')
ACCESS = re.compile(r"^\s*(?:public|private|protected)\s*:(?!:)")


def blank(match):
    text = match.group(0)
    keep = '""' if '"' in text[:3] and not text.startswith(("/", "#")) else ""
    return keep + "\n" * text.count("\n")


def without_template(head):
    """The declaration behind `template <...>`."""
    while head.startswith("template"):
        depth, position = 0, head.find("<")
        if position < 0:
            break
        while position < len(head):
            if head[position] == "<":
                depth += 1
            elif head[position] == ">" and head[position - 1] != "-":
                depth -= 1
                if depth == 0:
                    break
            position += 1
        head = head[position + 1 :].lstrip()
    return head


def kind_of(head, before):
    """What the brace after `head` opens: 'scope', 'function' or 'value'."""
    text = without_template(ACCESS.sub("", head).strip())
    if SCOPE_HEAD.match(text) or TYPE_HEAD.match(text):
        return "scope"
    if re.match(r"requires\b", text) and re.search(r"\b(?:class|struct)\s+\w+[^()]*$", text):
        return "scope"
    # The format puts a space before a body and none before a braced value.
    if not before.isspace() or re.search(r"(?:=|,|\(|\{|\breturn)$", text):
        return "value"
    return "function" if "(" in text else "scope"


def functions(source):
    """Yields (first line, last line, signature) of every outermost function; raises on unbalanced braces."""
    code = TOKEN.sub(blank, source)
    opened, head, head_line, line = [], "", 1, 1
    for position, char in enumerate(code):
        inside = any(kind in ("function", "value") for kind, *_ in opened)
        if char == "\n":
            line += 1
        if char == "{":
            kind = "value" if inside else kind_of(head, code[position - 1] if position else " ")
            opened.append((kind, head_line, head))
            if kind != "value":
                head = ""
        elif char == "}":
            if not opened:
                raise ValueError(f"line {line}: '}}' without '{{'")
            kind, first, signature = opened.pop()
            if kind == "function":
                yield first, line, " ".join(signature.split())
            if kind != "value":
                head = ""
        elif not inside:
            if char == ";" and head.count("(") == head.count(")"):
                head = ""
            elif not (char.isspace() and not head):
                if not head:
                    head_line = line
                head += char
                if ACCESS.fullmatch(head) and code[position + 1 : position + 2] != ":":
                    head = ""
    if opened:
        raise ValueError(f"line {opened[-1][1]}: '{{' is never closed")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0


def spread(name, values):
    print(f"  {name}: {len(values)}, median {percentile(values, 0.5)}, p90 {percentile(values, 0.9)},"
          f" largest {max(values, default=0)} lines")


def check_file(path, name, problems, function_sizes):
    source = path.read_text(errors="replace")
    count = len(source.splitlines())
    if count > FILE_LINES:
        problems.append(f"{name}:1: file has {count} lines, at most {FILE_LINES} are allowed")
    try:
        for first, last, signature in functions(source):
            size = last - first + 1
            function_sizes.append(size)
            if size > FUNCTION_LINES:
                problems.append(f"{name}:{first}: function has {size} lines, at most {FUNCTION_LINES}"
                                f" are allowed: {signature[:60]}")
    except ValueError as error:
        problems.append(f"{name}: cannot follow the braces, {error}")
    return count


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    problems, hints, file_sizes, function_sizes, folders = [], [], [], [], {}
    for top in FOLDERS:
        for path in sorted(p for p in (root / top).rglob("*") if p.suffix in (".hpp", ".cpp")):
            folders.setdefault(path.parent, []).append(path)
            file_sizes.append(check_file(path, path.relative_to(root), problems, function_sizes))
    for folder, members in folders.items():
        ideas = len({path.stem for path in members})
        if ideas > FOLDER_IDEAS:
            hints.append(f"{folder.relative_to(root)}: hint: folder has {ideas} ideas, over {FOLDER_IDEAS};"
                         " part of them may make a folder of their own")
    for line in problems + hints:
        print(line)
    spread("files", file_sizes)
    spread("functions", function_sizes)
    print(f"size_report: {len(problems)} problem(s), {len(hints)} hint(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
