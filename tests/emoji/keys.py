"""Checks that two spellings have one key exactly if they are spellings of one emoji.

usage: keys.py <emoji_keys binary>

Unicode lists an emoji fully qualified (with every U+FE0F), minimally qualified and unqualified
(without some or all of them). The spellings of one emoji share its name in the package's table.
"""

import itertools
import subprocess
import sys
from collections import defaultdict

from emoji import EMOJI_DATA

SPELLINGS = 5244


def pairs(groups):
    """Every pair of two members of one group."""
    for members in groups.values():
        yield from itertools.combinations(members, 2)


def main():
    table = list(EMOJI_DATA)
    assert len(table) == SPELLINGS, f"{len(table)} spellings"
    lines = "".join(f"{spelling}\n" for spelling in table)
    ran = subprocess.run([sys.argv[1]], input=lines, capture_output=True, text=True, check=True)
    keys = dict(zip(table, ran.stdout.splitlines(), strict=True))
    refused = {spelling: key for spelling, key in keys.items() if key == "EMOJI_INVALID"}
    by_name, by_key = defaultdict(list), defaultdict(list)
    for spelling, facts in EMOJI_DATA.items():
        by_name[facts["en"]].append(spelling)
        if spelling not in refused:
            by_key[keys[spelling]].append(spelling)
    apart = [pair for pair in pairs(by_name) if keys[pair[0]] != keys[pair[1]]]
    name = {spelling: facts["en"] for spelling, facts in EMOJI_DATA.items()}
    collided = [pair for pair in pairs(by_key) if name[pair[0]] != name[pair[1]]]
    selected = [key for key in by_key if "\ufe0f" in key]
    for fault, found in [
        ("is refused", refused),
        ("are one emoji with two keys", apart),
        ("are two emoji with one key", collided),
        ("is a key with U+FE0F", selected),
    ]:
        for example in list(found)[:5]:
            print(f"emoji: {example!r} {fault}", file=sys.stderr)
    wrong = len(refused) + len(apart) + len(collided) + len(selected)
    print(f"emoji: {len(table)} spellings of {len(by_name)} emoji, {wrong} wrong pairs")
    sys.exit(wrong > 0)


main()
