"""Trained networks compute what PyTorch computes: scores, losses, gradients and steps.

    python -m pytest tests/python/test_training.py

needs numpy, safetensors and PyTorch (any build for the CPU; the tests are skipped without it).
CONVAC is the program, target/debug/convac without it; NETWORKS is the number of random networks.
Everything goes through the language: weights are loaded and saved, gradients are the differences that
one step of "sgd" makes.
"""
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
from safetensors.numpy import load_file, save_file  # noqa: E402

from torch_networks import Network, cross_entropy  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CONVAC = os.environ.get("CONVAC", str(ROOT / "target" / "debug" / "convac"))
SEEDS = range(int(os.environ.get("NETWORKS", "60")))
SAMPLES = 11


def run(folder, program):
    path = Path(folder) / "program.cac"
    path.write_text(program)
    done = subprocess.run([CONVAC, "run", "--json", str(path)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line)["value"] for line in done.stdout.splitlines()]


def doubles(arrays):
    return {name: torch.tensor(array, dtype=torch.float64) for name, array in arrays.items()}


class Case:
    """A network with weights and samples, in a folder."""

    def __init__(self, folder, network, seed, positive=False):
        self.folder, self.network = folder, network
        self.weights = network.random_weights(seed, positive)
        self.values, self.labels = network.random_samples(seed, SAMPLES)
        save_file(self.weights, folder / "start.safetensors")
        self.head = f"""let net = {network.program()}
let m = load("start.safetensors", net)
let values = {json.dumps(self.values.tolist())}
let data = dataset(values, labels = {self.labels.tolist()})
"""

    def run(self, program):
        return run(self.folder, self.head + program)

    def x(self):
        return torch.tensor(self.values, dtype=torch.float64)

    def gradient(self, loss, start, positive=False):
        """Gradients by the parameters `start`, in doubles, and what their rounding costs PyTorch in
        floats: where large terms cancel, no arithmetic in single precision is better."""
        found = []
        for kind in (torch.float64, torch.float32):
            parameters = {name: torch.tensor(array, dtype=kind).requires_grad_() for name, array in start.items()}
            weights = {name: torch.softmax(array, -1) if positive and not name.startswith("input") else
                       torch.exp(array) if name == "input.deviation" else array
                       for name, array in parameters.items()}
            scores = self.network.scores(weights, torch.tensor(self.values, dtype=kind))
            cross_entropy(loss, scores, self.labels).backward()
            found.append({name: array.grad.double().numpy() for name, array in parameters.items()})
        doubles, floats = found
        rounding = {name: np.abs(floats[name] - doubles[name]).max() for name in start}
        # Where the products of all sites leave the range of floats, the bound is that of the whole gradient.
        largest = max(np.abs(array).max() for array in doubles.values())
        return doubles, {name: value if np.isfinite(value) else largest * 2.5e-5 for name, value in rounding.items()}

    def trained(self, settings):
        """The weights after training from the given ones."""
        self.run(f"""save(train(m, data, batch = {SAMPLES}, {settings}), "end.safetensors")\n""")
        return load_file(self.folder / "end.safetensors")


@pytest.mark.parametrize("seed", SEEDS)
def test_scores(tmp_path, seed):
    network = Network(seed)
    case = Case(tmp_path, network, seed)
    sites = len(case.values[0]) // network.dim
    given = f"[[x[{network.dim}*site + d] for d in 0..<{network.dim}] for site in 0..<{sites}]"
    x = given if network.features == "given" else "x"
    scores, classes, loss = case.run(f"[evaluate(m, {x}) for x in values]\npredict(m, data)\ncross_entropy(m, data)\n")
    with torch.no_grad():
        wanted = network.scores(doubles(case.weights), case.x())
    scale = wanted.abs().max().item()
    assert np.abs(np.array(scores) - wanted.numpy()).max() <= 1e-5 * scale
    # Classes and losses are those of the single precision that training uses.
    order = wanted.sort(dim=1, descending=True)
    for row, found in enumerate(classes):
        gap = order.values[row, 0] - wanted[row, found]
        assert gap <= 1e-5 * wanted[row].abs().max(), (row, found)
    kind = "direction" if network.products else "softmax"
    wanted = cross_entropy(kind, wanted, case.labels).item()
    assert abs(loss - wanted) <= 1e-5 * max(1, abs(wanted), scale if kind == "softmax" else 0)


def step_of(network, gradient):
    """A rate whose step is neither lost in the digits of a float nor out of the range of an exponential."""
    largest = largest_of(gradient)
    # A network of one class, or one channel before the output, has no gradient but rounding errors.
    return float(3 / largest) if largest > 1e-6 else 1.0


def largest_of(gradient):
    return max(np.abs(array).max() for array in gradient.values())


def compare(name, found, wanted, digits, largest):
    """Gradients of one weight: `digits` is what its floats cannot tell."""
    error = np.abs(found.reshape(wanted.shape) - wanted).max()
    allowed = 1e-4 * np.abs(wanted).max() + digits + 1e-6 * largest
    assert error <= allowed, f"{name}: {error} off, {np.abs(wanted).max()} in {largest}"


def check_gradients(case, loss, positive=False):
    """One step down, compared with the gradient; deviations are learned as logarithms, positive rows as
    the softmax of their parameters."""
    logarithms = {name for name in case.weights if name == "input.deviation" or positive and not name.startswith("input")}
    read = lambda name, array: np.log(array.astype(np.float64)) if name in logarithms else array.astype(np.float64)
    start = {name: read(name, array) for name, array in case.weights.items()}
    gradient, rounding = case.gradient(loss, start, positive)
    largest = max(np.abs(array).max() for array in gradient.values())
    # The step is neither lost in the digits of a float nor out of the range of an exponential. Networks
    # of one class, or one channel before the output, have no gradient but rounding errors.
    rate = float(3 / largest) if largest > 1e-6 else 1.0
    weights = ', weights = "positive"' if positive else ""
    end = case.trained(f'epochs = 1, rate = {rate!r}, optimizer = "sgd", momentum = 0, loss = "{loss}"{weights}')
    for name, wanted in gradient.items():
        step = start[name] - read(name, end[name]).reshape(wanted.shape)
        if positive and not name.startswith("input"):
            # What all parameters of a row have in common is not seen in the weights; its gradient is 0.
            step = step - step.mean(-1, keepdims=True)
        digits = 2**-20 * max(1, np.abs(start[name]).max()) / rate
        error = np.abs(step / rate - wanted).max()
        allowed = 1e-4 * np.abs(wanted).max() + digits + 4 * rounding[name] + 1e-6 * largest
        assert error <= allowed, f"{name}: {error} off, {np.abs(wanted).max()} in {largest}"


@pytest.mark.parametrize("loss", ["softmax", "direction"])
@pytest.mark.parametrize("seed", SEEDS)
def test_gradients(tmp_path, seed, loss):
    check_gradients(Case(tmp_path, Network(seed), seed), loss)


@pytest.mark.parametrize("loss", ["softmax", "direction", "ratio"])
@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_of_positive_weights(tmp_path, seed, loss):
    network = Network(seed, convac=True, given=False)
    check_gradients(Case(tmp_path, network, seed, positive=True), loss, positive=True)


class Nadam:
    """Dozat's formula with a constant momentum. That of PyTorch halves the momentum even with
    `momentum_decay=0`."""

    def __init__(self, parameters, lr, betas):
        self.parameters, self.rate, self.betas, self.steps = parameters, lr, betas, 0
        self.state = [(torch.zeros_like(x), torch.zeros_like(x)) for x in parameters]

    def zero_grad(self):
        for x in self.parameters:
            x.grad = None

    def step(self):
        self.steps += 1
        one, two = self.betas
        for x, (mean, square) in zip(self.parameters, self.state):
            with torch.no_grad():
                mean.mul_(one).add_((1 - one) * x.grad)
                square.mul_(two).add_((1 - two) * x.grad**2)
                ahead = one * mean / (1 - one ** (self.steps + 1)) + (1 - one) * x.grad / (1 - one**self.steps)
                x -= self.rate * ahead / (torch.sqrt(square / (1 - two**self.steps)) + 1e-8)


OPTIMIZERS = {
    "sgd": ('optimizer = "sgd", momentum = 0.8, rate = 0.02',
            lambda all: torch.optim.SGD(all, lr=0.02, momentum=0.8)),
    "adam": ('optimizer = "adam", beta1 = 0.8, beta2 = 0.95, rate = 0.01',
             lambda all: torch.optim.Adam(all, lr=0.01, betas=(0.8, 0.95))),
    "adamw": ('optimizer = "adam", weight_decay = 0.5, rate = 0.01',
              lambda all: torch.optim.AdamW(all, lr=0.01, weight_decay=0.5)),
    "nadam": ('optimizer = "nadam", beta1 = 0.8, beta2 = 0.95, rate = 0.01',
              lambda all: Nadam(all, lr=0.01, betas=(0.8, 0.95))),
}


@pytest.mark.parametrize("seed", [3, 8, 13, 23])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps(tmp_path, name, seed):
    # Affine features: the signs of tiny gradients, which "adam" would make whole steps of, are rare.
    network = Network(seed)
    assert network.features == "affine"
    case = Case(tmp_path, network, seed)
    settings, optimizer = OPTIMIZERS[name]
    end = case.trained(f'epochs = 5, loss = "direction", {settings}')
    weights = {name: array.requires_grad_() for name, array in doubles(case.weights).items()}
    optimizer = optimizer(list(weights.values()))
    for _ in range(5):
        optimizer.zero_grad()
        cross_entropy("direction", network.scores(weights, case.x()), case.labels).backward()
        optimizer.step()
    for name, wanted in weights.items():
        wanted = wanted.detach().numpy()
        moved = np.abs(wanted - case.weights[name]).max()
        assert np.abs(end[name].reshape(wanted.shape) - wanted).max() <= 1e-3 * moved + 1e-6, name
