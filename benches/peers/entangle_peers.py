"""quimb and numpy on the models that `cargo bench --bench entangle -- --dump DIR` wrote.

`entangle_peers.py DIR` prints one JSON line for every number: peer, name, sites, value, and the
median CPU time in milliseconds. One thread.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import quimb.tensor as qtn
from safetensors.numpy import load_file


def cpu(work, seconds=0.4, most=20):
    """The median CPU time of a piece of work in milliseconds, and what it gives."""
    begin = time.process_time()
    result = work()
    times = [time.process_time() - begin]
    if times[0] < 5:
        end = time.perf_counter() + seconds
        while len(times) < 4 or (time.perf_counter() < end and len(times) < most):
            begin = time.process_time()
            result = work()
            times.append(time.process_time() - begin)
        times = times[1:]
    return 1e3 * statistics.median(times), result


class Chain:
    """A chain with windows of two: a matrix for every position of every layer."""

    def __init__(self, path):
        weights = load_file(path)
        self.layers = [weights[f"conv{l}.weight"] for l in range(len(weights) - 1)]
        self.top = weights["output.weight"][0]
        self.sites = len(self.layers[0])


def entropy(values):
    p = values**2 / np.sum(values**2)
    p = p[p > 0]
    return float(-np.sum(p * np.log(p)))


def numpy_gram(net):
    """Left and right halves by Gram matrices, all nodes of a level in one call."""
    first = net.layers[0]
    gram = first @ first.transpose(0, 2, 1)
    for weight in net.layers[1:]:
        gram = weight @ (gram[0::2] * gram[1::2]) @ weight.transpose(0, 2, 1)
        gram /= np.abs(gram).reshape(len(gram), -1).max(axis=1)[:, None, None]

    def root(matrix):
        values, vectors = np.linalg.eigh(matrix)
        return np.sqrt(np.clip(values, 0, None))[:, None] * vectors.T

    return np.linalg.svd((root(gram[0]) * net.top) @ root(gram[1]).T, compute_uv=False)


def numpy_qr(net):
    """The same by QR factors."""
    factor = np.linalg.qr(net.layers[0].transpose(0, 2, 1), mode="r")
    for weight in net.layers[1:]:
        left, right = factor[0::2], factor[1::2]
        rows = (left[:, :, None, :] * right[:, None, :, :]).reshape(len(left), -1, left.shape[2])
        factor = np.linalg.qr(rows @ weight.transpose(0, 2, 1), mode="r")
        factor /= np.abs(factor).reshape(len(factor), -1).max(axis=1)[:, None, None]
    return np.linalg.svd((factor[0] * net.top) @ factor[1].T, compute_uv=False)


def numpy_amplitude(net, states):
    vector = net.layers[0][np.arange(net.sites), :, states]
    exponent = 0
    for weight in net.layers[1:]:
        vector = vector[0::2] * vector[1::2]
        shift = np.frexp(np.abs(vector).max(axis=1))[1]
        vector = np.ldexp(vector, -shift[:, None])
        exponent += int(shift.sum())
        vector = (weight @ vector[:, :, None])[:, :, 0]
    value = float(vector[0] * vector[1] @ net.top)
    return np.log(abs(value)) + exponent * np.log(2)


def hyper(net):
    """Copy tensors as indices of three tensors."""
    tensors = []
    for level, weight in enumerate(net.layers):
        for place, matrix in enumerate(weight):
            below = f"k{place}" if level == 0 else f"c{level - 1}_{place}"
            tensors.append(qtn.Tensor(matrix, inds=(f"c{level}_{place // 2}", below)))
    tensors.append(qtn.Tensor(net.top, inds=(f"c{len(net.layers) - 1}_0",)))
    return qtn.TensorNetwork(tensors)


def tree(net):
    """Copy tensors multiplied into three-legged tensors."""
    tensors = []
    for place, matrix in enumerate(net.layers[0]):
        tensors.append(qtn.Tensor(matrix, inds=(f"b0_{place}", f"k{place}"), tags=(f"S{place}",)))
    for level in range(len(net.layers)):
        count = net.sites >> (level + 1)
        for place in range(count):
            children = (f"b{level}_{2 * place}", f"b{level}_{2 * place + 1}")
            if count == 1:
                dense = np.diag(net.top)
                tensors.append(qtn.Tensor(dense, inds=children, tags=("ROOT",)))
                continue
            matrix = net.layers[level + 1][place]
            wide = np.arange(matrix.shape[1])
            dense = np.zeros((matrix.shape[0], len(wide), len(wide)))
            dense[:, wide, wide] = matrix
            inds = (f"b{level + 1}_{place}", *children)
            tensors.append(qtn.Tensor(dense, inds=inds, tags=(f"N{level}_{place}",)))
    return qtn.TensorNetwork(tensors)


def quimb_canonize(network):
    root = network.canonize_around("ROOT", which="any")["ROOT"]
    return root.singular_values(left_inds=[root.inds[0]])


def quimb_factors(network, net):
    """The factor of each half by `compute_reduced_factor`."""
    depth, half = len(net.layers), net.sites // 2
    factors = []
    for side in (0, 1):
        tags = [f"S{place}" for place in range(side * half, (side + 1) * half)]
        for level in range(depth - 1):
            count = net.sites >> (level + 1)
            tags += [f"N{level}_{p}" for p in range(side * count // 2, (side + 1) * count // 2)]
        sites = [f"k{place}" for place in range(side * half, (side + 1) * half)]
        part = network.select_any(tags)
        bond = [f"b{depth - 1}_{side}"]
        factors.append(part.compute_reduced_factor("right", sites, bond, optimize="greedy"))
    return np.linalg.svd((factors[0] * net.top) @ factors[1].T, compute_uv=False)


def quimb_amplitude(network, states):
    fixed = network.isel({f"k{site}": int(state) for site, state in enumerate(states)})
    value, exponent = fixed.contract(
        ..., optimize="greedy", output_inds=(), strip_exponent=True
    )
    return np.log(abs(float(value))) + exponent * np.log(10)


def say(peer, name, sites, time_and_value):
    milliseconds, value = time_and_value
    row = {"peer": peer, "name": name, "sites": sites, "median_ms": milliseconds, "value": value}
    print(json.dumps(row), flush=True)


def main(folder):
    for path in sorted(Path(folder).glob("*.safetensors")):
        net = Chain(path)
        states = np.array(json.loads(path.with_suffix(".json").read_text()))
        sites = net.sites

        def values(work):
            milliseconds, found = cpu(work)
            return milliseconds, entropy(found)

        say("numpy", "entropy", sites, values(lambda: numpy_gram(net)))
        say("numpy", "spectrum", sites, values(lambda: numpy_qr(net)))
        say("numpy", "amplitude", sites, cpu(lambda: numpy_amplitude(net, states)))
        network = tree(net)
        for name in ("entropy", "spectrum"):
            say("quimb factors", name, sites, values(lambda: quimb_factors(network, net)))
            say("quimb canonize", name, sites, values(lambda: quimb_canonize(network)))
        copies = hyper(net)
        say("quimb", "amplitude", sites, cpu(lambda: quimb_amplitude(copies, states)))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIR")
    sys.exit(main(sys.argv[1]))
