"""Time of a training step of `benches/training.rs` and of PyTorch, in turn on the same cores.

    cargo build --release --bench training
    python benches/training.py [PROGRAM]

PROGRAM is the bench that cargo built (the newest target/release/deps/training-* without it). Needs PyTorch.
ROUNDS (5) rounds are measured, each of STEPS (20) steps of each side, on THREADS threads (all cores);
COMPILE=1 adds torch.compile. Every line is a JSON object: the median over the rounds of the medians of their
steps, in ms, the least step, and the ratios of both to ours. On a machine that does other work too the
threads of PyTorch wait for each other: then THREADS=1 and the ratio of the least tell more.
"""
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
ROUNDS, STEPS = int(os.environ.get("ROUNDS", "5")), int(os.environ.get("STEPS", "20"))
CORES = int(os.environ.get("THREADS", len(os.sched_getaffinity(0))))
CHANNELS = [32, 32, 16, 16, 8, 8]


def pooled(x):
    """Products of 2x2 sites."""
    x = x[:, :, 0::2, :] * x[:, :, 1::2, :]
    return x[:, :, :, 0::2] * x[:, :, :, 1::2]


class ConvNet(nn.Module):
    """64x64 sites, 3x3 patches to 10 channels, six 1x1 convolutions with 2x2 maxima."""

    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(1, 10, 3, padding=1)
        sizes = zip([10] + CHANNELS, CHANNELS)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 1, bias=False) for a, b in sizes)
        self.output = nn.Linear(CHANNELS[-1], 10, bias=False)
        self.relu, self.pool = nn.ReLU(inplace=True), nn.MaxPool2d(2)

    def forward(self, x):
        x = self.relu(self.features(x))
        for layer in self.layers:
            # Of equal result: the rectifier is monotonic, and after the maximum it has a quarter of the work.
            x = self.relu(self.pool(layer(x)))
        return self.output(x.flatten(1))

    def loss(self, x, labels):
        return nn.functional.cross_entropy(self(x), labels)


class ConvAC(ConvNet):
    """The same with products, whose positions are divided by their largest channel: 4,096 factors leave
    the range of floats. The direction of the scores does not know those divisors."""

    def __init__(self):
        super().__init__()
        for layer in self.layers:
            nn.init.normal_(layer.weight, 1 / layer.in_channels, 0.5 / math.sqrt(layer.in_channels))
        nn.init.ones_(self.features.bias)

    def forward(self, x):
        x = self.relu(self.features(x))
        for layer in self.layers:
            x = pooled(layer(x))
            # The divisor is a constant to the gradient: what only changes the size changes no direction.
            with torch.no_grad():
                size = x.abs().amax(1, keepdim=True).clamp_(min=1e-30)
            x = x / size
        return self.output(x.flatten(1))

    def loss(self, x, labels):
        scores = self(x)
        scores = 8 * scores / scores.norm(dim=1, keepdim=True).clamp(min=1e-30)
        return nn.functional.cross_entropy(scores, labels)


class Peer:
    """Steps of a network by PyTorch."""

    def __init__(self, network, compiled):
        torch.manual_seed(0)
        self.network = network().to(memory_format=torch.channels_last)
        self.loss = torch.compile(self.network.loss) if compiled else self.network.loss
        self.adam = torch.optim.Adam(self.network.parameters(), lr=1e-3, fused=True)
        self.x = torch.rand(64, 1, 64, 64).to(memory_format=torch.channels_last)
        self.labels = torch.arange(64) % 10
        for _ in range(3):
            self.step()

    def step(self):
        begin = time.perf_counter()
        self.adam.zero_grad(set_to_none=True)
        self.loss(self.x, self.labels).backward()
        self.adam.step()
        return 1e3 * (time.perf_counter() - begin)

    def steps(self):
        times = [self.step() for _ in range(STEPS)]
        return statistics.median(times), min(times)


def program():
    if len(sys.argv) > 1:
        return sys.argv[1]
    built = [path for path in (ROOT / "target" / "release" / "deps").glob("training-*") if not path.suffix]
    if not built:
        sys.exit("cargo build --release --bench training")
    return max(built, key=lambda path: path.stat().st_mtime)


def ours():
    environment = dict(os.environ, STEPS=str(STEPS), RAYON_NUM_THREADS=str(CORES))
    done = subprocess.run([program()], env=environment, capture_output=True, text=True, check=True)
    lines = map(json.loads, done.stdout.splitlines())
    return {line["name"]: (line["median_ms"], line["least_ms"]) for line in lines}


def main():
    torch.set_num_threads(CORES)
    peers = {("convnet", "pytorch"): Peer(ConvNet, False), ("convac", "pytorch"): Peer(ConvAC, False)}
    if os.environ.get("COMPILE") == "1":
        peers["convnet", "pytorch, compiled"] = Peer(ConvNet, True)
        peers["convac", "pytorch, compiled"] = Peer(ConvAC, True)
    times = {key: [] for key in [("convnet", "convac"), ("convac", "convac"), *peers]}
    for _ in range(ROUNDS):
        for name, value in ours().items():
            times[name, "convac"].append(value)
        for key, peer in peers.items():
            times[key].append(peer.steps())
    for (name, by), values in times.items():
        own = times[name, "convac"]
        least = min(value for _, value in values)
        line = {
            "network": name,
            "by": by,
            "median_ms": statistics.median(value for value, _ in values),
            "least_ms": least,
            "ratio": statistics.median(value / mine for (value, _), (mine, _) in zip(values, own)),
            "least_ratio": least / min(value for _, value in own),
        }
        print(json.dumps({key: round(v, 3) if isinstance(v, float) else v for key, v in line.items()}))
    print(json.dumps({"threads": CORES, "rounds": ROUNDS, "steps": STEPS, "torch": torch.__version__, "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main()
