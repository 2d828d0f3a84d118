"""Ratios of CPU times of other programs and ours: `entangle_report.py OURS PEERS`, JSON lines."""

import json
import statistics
import sys


def rows(path):
    found = {}
    with open(path) as lines:
        for row in map(json.loads, lines):
            key = (row.get("peer", "ours"), row["name"], row["sites"])
            found.setdefault(key, []).append(row)
    return found


def main(ours, peers):
    ours, peers = rows(ours), rows(peers)
    good = bool(ours) and bool(peers)
    median = lambda rows: statistics.median(row["median_ms"] for row in rows)
    print(f"{'peer':<18}{'question':<12}{'sites':>6}{'peer ms':>11}{'ours ms':>11}{'ratio':>9}")
    for (peer, name, sites), found in sorted(peers.items(), key=lambda item: item[0][1:] + item[0][:1]):
        mine = ours.get(("ours", name, sites))
        if mine is None:
            good = False
            print(f"nothing of ours for {name}, {sites}")
            continue
        for row in found + mine:
            if abs(row["value"] - mine[0]["value"]) > 1e-7 * max(1.0, abs(mine[0]["value"])):
                good = False
                print(f"VALUES DISAGREE: {row['value']} {mine[0]['value']}")
        ratio = median(found) / median(mine)
        print(f"{peer:<18}{name:<12}{sites:>6}{median(found):>11.3f}{median(mine):>11.4f}{ratio:>9.1f}")
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} OURS PEERS")
    sys.exit(main(sys.argv[1], sys.argv[2]))
