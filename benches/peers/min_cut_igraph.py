"""The min-cuts of `cargo bench --bench min_cut -- --dump DIR` by max-flow in igraph and networkx.

Prints one JSON object for every time; exits with 1 if a value differs from ours.
An index is an entrance and an exit with an edge of log2 of its dimension in between; a weight
matrix is a pair of edges without limit. Building the graph and cutting it are timed apart.
"""

import gc
import json
import math
import statistics
import sys
import time
from pathlib import Path

import igraph
import networkx

TOLERANCE = 1e-6
NETWORKX_MOST = 1024
ALGORITHMS = ["boykov_kolmogorov", "dinitz", "shortest_augmenting_path", "preflow_push"]


class Case:
    def __init__(self, path):
        fields = dict(line.split(" ", 1) for line in path.read_text().splitlines())
        self.name, self.sites = fields["name"], int(fields["sites"])
        self.capacities = [math.log2(int(dim)) for dim in fields["dims"].split()]
        self.parents = [int(parent) for parent in fields["parents"].split()]
        self.sides = fields["sides"]
        self.bits = float(fields["bits"])
        self.source, self.sink = 2 * len(self.parents), 2 * len(self.parents) + 1

    def edges(self):
        """(from, to, capacity or None) of the graph of entrances 2i and exits 2i + 1."""
        for index, capacity in enumerate(self.capacities):
            yield 2 * index, 2 * index + 1, capacity
        for child, parent in enumerate(self.parents):
            if parent >= 0:
                yield 2 * child + 1, 2 * parent, None
                yield 2 * parent + 1, 2 * child, None
        for index, side in enumerate(self.sides):
            if side == "A":
                yield self.source, 2 * index, None
            elif side == "B":
                yield 2 * index + 1, self.sink, None


def build_igraph(case):
    # More than any cut, but no more than that: a huge number would cost digits.
    unlimited = 1.0 + sum(case.capacities)
    edges, capacities = [], []
    for start, end, capacity in case.edges():
        edges.append((start, end))
        capacities.append(unlimited if capacity is None else capacity)
    return igraph.Graph(n=case.sink + 1, edges=edges, directed=True), capacities


def build_networkx(case):
    graph = networkx.DiGraph()
    for start, end, capacity in case.edges():
        if capacity is None:
            graph.add_edge(start, end)
        else:
            graph.add_edge(start, end, capacity=capacity)
    return graph


def measure(work):
    """The result and the times in ms: one run if it is slow, else up to nine within a second."""
    gc.collect()
    gc.disable()
    times = []
    begin = time.perf_counter()
    while not times or (len(times) < 9 and time.perf_counter() - begin < 1.0):
        start = time.perf_counter()
        result = work()
        times.append(1e3 * (time.perf_counter() - start))
    gc.enable()
    return result, times


def main(folder):
    versions = f"igraph {igraph.__version__}, networkx {networkx.__version__}"
    print(versions, "Python", sys.version.split()[0], file=sys.stderr)
    good, fastest = True, None

    def row(case, peer, value, times, build):
        nonlocal good
        agrees = abs(value - case.bits) <= TOLERANCE
        good = good and agrees
        if not agrees:
            print(f"{case.name} {case.sites}: {peer} {value}, ours {case.bits}", file=sys.stderr)
        fields = {"peer": peer, "name": case.name, "sites": case.sites, "bits": value}
        fields |= {"median_ms": statistics.median(times), "min_ms": min(times)}
        fields |= {"runs": len(times), "build_ms": statistics.median(build)}
        print(json.dumps(fields), flush=True)

    cases = sorted((Case(path) for path in Path(folder).glob("*.txt")), key=lambda case: case.sites)
    for case in cases:
        (graph, capacities), build = measure(lambda: build_igraph(case))
        ends = case.source, case.sink
        value, times = measure(lambda: graph.mincut_value(*ends, capacity=capacities))
        row(case, "igraph value", value, times, build)
        cut, times = measure(lambda: graph.mincut(*ends, capacity=capacities))
        row(case, "igraph cut", cut.value, times, build)
        # Not what igraph says it is, but what its sides cost.
        first = set(cut.partition[0])
        pairs = enumerate(case.capacities)
        paid = math.fsum(c for i, c in pairs if 2 * i in first and 2 * i + 1 not in first)
        if abs(paid - case.bits) > TOLERANCE:
            good = False
            print(f"{case.name} {case.sites}: the sides of igraph cost {paid}", file=sys.stderr)
        if case.sites > NETWORKX_MOST:
            continue
        graph, build = measure(lambda: build_networkx(case))
        results = {}
        for name in [fastest] if fastest else ALGORITHMS:
            flow = getattr(networkx.algorithms.flow, name)
            cut, times = measure(lambda: networkx.minimum_cut(graph, *ends, flow_func=flow))
            results[name] = cut[0], times
        best = min(results, key=lambda name: statistics.median(results[name][1]))
        fastest = best if case.name == "random" else fastest
        row(case, f"networkx {best}", *results[best], build)
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    sys.exit(main(sys.argv[1]))
