"""Ratios of the times of other programs and ours: `report.py OURS PEERS`, files of JSON lines."""

import json
import math
import statistics
import sys

# What a peer does is compared with what answers the same question here.
QUESTIONS = {
    "igraph value": ["value", "any tree"],
    "igraph cut": ["bonds"],
    "networkx": ["bonds"],
}


def rows(path, key):
    """All rows of a file, one per round, by key."""
    found = {}
    with open(path) as lines:
        for row in map(json.loads, lines):
            found.setdefault(key(row), []).append(row)
    return found


def main(ours, peers):
    ours = rows(ours, lambda row: (row["name"], row["sites"]))
    peers = rows(peers, lambda row: (row["peer"], row["name"], row["sites"]))
    median = lambda rows, field="median_ms": statistics.median(row[field] for row in rows)
    good = bool(ours) and bool(peers)
    head = "".join(f"{text:>10}" for text in ["build ms", "peer ms", "ours ms", "ratio"])
    print(f"{'peer':<28}{'sides':<13}{'sites':>6}{head}  ours is")
    groups = {}
    order = lambda item: (item[0][0], item[0][2], item[0][1])
    for (peer, sides, sites), found in sorted(peers.items(), key=order):
        question = next(question for question in QUESTIONS if peer.startswith(question))
        for way in QUESTIONS[question]:
            mine = ours.get((f"{sides}, {way}", sites))
            if mine is None:
                good = False
                print(f"nothing of ours for {sides}, {way}, {sites}")
                continue
            if any(abs(row["bits"] - mine[0]["bits"]) > 1e-6 for row in found + mine):
                good = False
                print("VALUES DISAGREE:")
            ratio = median(found) / median(mine)
            groups.setdefault((question, way), []).append(ratio)
            print(
                f"{peer:<28}{sides:<13}{sites:>6}{median(found, 'build_ms'):>10.2f}"
                f"{median(found):>10.3f}{median(mine):>10.4f}{ratio:>10.1f}  {way}"
            )
    print("geometric means, peer / ours:")
    for (question, way), ratios in groups.items():
        mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
        print(f"  {question:<14} / {way:<10}{mean:>9.1f}  ({len(ratios)} ratios)")
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} OURS PEERS")
    sys.exit(main(sys.argv[1], sys.argv[2]))
