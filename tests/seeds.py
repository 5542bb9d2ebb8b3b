#!/usr/bin/env python3
"""Counts the examples of the source documents and compares each with its file in tests/examples/.

usage: tests/seeds.py <folder of the documents> [--missing]

An example is, by the text alone (drawn frames around it count for nothing):
  curl          a line that begins with `$ curl`, up to its closing quote, and the object after it
  request       a line that begins with a method and a path, and the drawing or object it is in
  json          any other object that begins on a line of its own
  event         a row of the table "Event Types", which names an event
  push          an arrow that names an event: <==== message_created ====
  conversation  a frame, or the lines up to "Result:", in which `[somebody] "says something"`
  emoji         a row of the table "Common Reactions", which shows an emoji
  step          a line "- Reactions: …" or "- Thread: …"
  type          a line of one lower-case word: the type of a chat or a message

Each file names its document, lines and kind in its head and quotes the text after the first blank
line. With --missing the examples without a file are printed as files.
"""

import re
import sys
from pathlib import Path

FILES = Path(__file__).parent / "examples"
HEADINGS = {"Event Types", "Common Reactions", "Message Types", "Common Scenarios"}
BORDER = re.compile(r"\+-+\+")


def bare(line):
    """The line without indentation and frame."""
    return line.strip().strip("|").strip()


def object_end(lines, i):
    """The index after the object that begins at i."""
    depth = 0
    for j in range(i, len(lines)):
        depth += lines[j].count("{") + lines[j].count("[")
        depth -= lines[j].count("}") + lines[j].count("]")
        if depth == 0:
            return j + 1
    raise ValueError(f"line {i + 1}: the object does not end")


def curl_end(lines, i):
    """The index after the command that begins at i, and after the object it answers."""
    quotes, j = 0, i
    while True:
        line = lines[j].replace("'\\''", "")
        quotes += line.count("'")
        j += 1
        if quotes % 2 == 0 and not line.endswith("\\"):
            break
    answer = next((k for k in range(j, len(lines)) if lines[k].strip()), j)
    if answer < len(lines) and lines[answer].strip() == "{":
        return object_end(lines, answer)
    return j


def request_end(lines, i):
    """The index after the drawing, or the object, around the request at i."""
    j = i + 1
    while j < len(lines) and (line := lines[j]).strip():
        if not line.startswith((" ", "|", "+", "v", "{")):
            break
        j += 1
    return j


def frame_end(lines, i):
    """The index after the frame that begins at i."""
    j = i + 1
    while not BORDER.fullmatch(lines[j].strip()) or lines[j + 1].strip().startswith("|"):
        j += 1
    return j + 1


def kind_at(lines, i, section):
    """The kind of the example that begins at line i and the index after it, if one does."""
    line, text = lines[i].strip(), bare(lines[i])
    if line.startswith("$ curl "):
        return "curl", curl_end(lines, i)
    if re.match(r"(GET|POST|PUT|DELETE) /", text):
        return "request", request_end(lines, i)
    if line == "{":
        return "json", object_end(lines, i)
    if section == "Event Types" and re.match(r"[a-z]+(_[a-z]+)+( *\||$)", text):
        return "event", i + 1
    if re.search(r"<=+ [a-z_]+ =", text):
        return "push", i + 1
    if BORDER.fullmatch(line):
        end = frame_end(lines, i)
        if any(re.match(r'\[[^]]+\] "', bare(inner)) for inner in lines[i:end]):
            return "conversation", end
    if text.startswith("[Agent "):
        end = next(j for j in range(i, len(lines)) if bare(lines[j]).startswith("Result:"))
        return "conversation", end + 1
    if section == "Common Reactions" and re.match(r"[^\x00-\x7f]+( *\||$)", text):
        return "emoji", i + 1
    if re.match(r"- (Reactions|Thread): ", text):
        return "step", i + 1
    if re.fullmatch(r"[a-z]{3,}", text):
        return "type", i + 1
    return None


def examples(text):
    """The examples of a document: {(first line, last line): (kind, quoted text)}."""
    lines, found, section, i = text.splitlines(), {}, "", 0
    while i < len(lines):
        heading = lines[i].strip().strip("*")
        section = heading if heading in HEADINGS else section
        kind = kind_at(lines, i, section)
        if kind is None:
            i += 1
            continue
        name, end = kind
        quoted = [line.rstrip() for line in lines[i:end]]
        found[i + 1, end] = (name, "\n".join(quoted))
        i = end
    return found


def head_of(path):
    """A file's document, lines and kind, and what it quotes."""
    head, _, quoted = path.read_text(encoding="utf-8").partition("\n\n")
    head = dict(line.split(": ", 1) for line in head.splitlines())
    first, _, last = head["lines"].partition("-")
    return head["seed"], (int(first), int(last or first)), head["kind"], quoted.rstrip("\n")


def as_file(seed, lines, kind, quoted):
    """An example as the file it could be."""
    first, last = lines
    span = str(first) if first == last else f"{first}-{last}"
    return f"seed: {seed}\nlines: {span}\nkind: {kind}\n\n{quoted}\n"


def main(folder, *options):
    documents = {path.name[:3]: path.read_text(encoding="utf-8") for path in Path(folder).glob("*.txt")}
    wanted = {
        (seed, lines): example
        for seed, text in sorted(documents.items())
        for lines, example in examples(text).items()
    }
    faults, quoted_by = [], {}
    for path in sorted(FILES.rglob("*.txt")):
        seed, lines, kind, quoted = head_of(path)
        name = path.relative_to(FILES)
        if (seed, lines) not in wanted:
            faults.append(f"{name}: no example begins and ends at {seed} {lines}")
        elif (kind, quoted) != wanted[seed, lines]:
            faults.append(f"{name}: {seed} {lines} is another {kind}")
        if other := quoted_by.get((seed, lines)):
            faults.append(f"{name}: {other} has the same example")
        quoted_by[seed, lines] = name
    for (seed, lines), (kind, quoted) in wanted.items():
        if (seed, lines) not in quoted_by:
            faults.append(f"no file for the {kind} at {seed} {lines}")
            if "--missing" in options:
                print(as_file(seed, lines, kind, quoted))
    for seed in sorted(documents):
        print(f"seed {seed}: {sum(key[0] == seed for key in wanted)} examples")
    print(f"{len(wanted)} examples in {len(documents)} seeds, {len(quoted_by)} files")
    if faults or not documents:
        sys.exit("\n".join(faults or ["no documents"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
