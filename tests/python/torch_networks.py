"""Random networks of every kind that is trained, as programs of convac and as functions of PyTorch.

The functions are written from the manual alone: they gather windows by lists of sites and multiply
by dense matrices, in doubles.
"""
import math
import random

import numpy as np
import torch

TAU = 2 * math.pi


class Pool:
    """Which sites a window joins: `members[target, place]` and `place_of[site]`, row-major."""

    def __init__(self, shape, window, geometry, keys=None):
        size = int(np.prod(window))
        sites = np.arange(int(np.prod(shape))).reshape(shape)
        if keys is not None:
            # Targets are numbered as their keys appear, places inside a window as the sites appear.
            order = {}
            for site, key in enumerate(keys):
                order.setdefault(key, []).append(site)
            self.members = np.array(list(order.values()))
        else:
            for axis, (length, width) in enumerate(zip(shape, window)):
                sites = np.take(sites, self.along(length, width, geometry), axis=axis)
            # Now windows are contiguous blocks along every axis.
            split = [n for length, width in zip(shape, window) for n in (length // width, width)]
            blocks = sites.reshape(split)
            axes = list(range(0, len(split), 2)) + list(range(1, len(split), 2))
            self.members = blocks.transpose(axes).reshape(-1, size)
        self.place_of = np.empty(int(np.prod(shape)), dtype=int)
        for place in range(size):
            self.place_of[self.members[:, place]] = place

    @staticmethod
    def along(length, width, geometry):
        """The sites of one axis in the order in which neighbours are pooled."""
        if geometry == "mirror":
            return [h // 2 if h % 2 == 0 else length - (h - 1) // 2 - 1 for h in range(length)]
        if geometry == "strided":
            stride = length // width
            return [place * stride + target for target in range(stride) for place in range(width)]
        return list(range(length))


class Network:
    """A random network; `convac` leaves out rectifiers and all pooling but products."""

    def __init__(self, seed, convac=False, given=True):
        rng = random.Random(seed)
        grid = rng.random() < 0.5
        self.shape = rng.choice([[4, 4], [2, 6], [8, 8], [3, 4]] if grid else [[4], [6], [7], [16], [5]])
        self.dim = rng.choice([2, 3, 5, 10])
        kinds = ["cos_sin", "one_hot", "gaussian", "affine"] + ["given"] * given
        self.features = kinds[seed % len(kinds)]
        patches = [[1, 1], [3, 3], [2, 1], [2, 3]] if grid else [[1], [2], [3]]
        patches = [patch for patch in patches if all(p <= n for p, n in zip(patch, self.shape))]
        self.patch = rng.choice(patches) if self.features == "affine" else None
        self.layers, self.shapes = [], {}
        self.text = [f"input({text(self.shape)}, dim = {self.dim}, features = \"{self.features}\""
                     + (f", patch = {text(self.patch)})" if self.patch else ")")]
        shape, channels = list(self.shape), self.dim
        rectifies = not convac and rng.random() < 0.7
        while math.prod(shape) > 1:
            channels = self.convolutions(rng, shape, channels, rectifies)
            if rectifies and rng.random() < 0.5:
                self.add("relu()", ("relu",))
            options = [[d for d in range(1, n + 1) if n % d == 0] for n in shape]
            window = [rng.choice(option) for option in options]
            if math.prod(window) == 1:
                window = [option[-1] for option in options]
            kind = "product" if convac else rng.choice(["product", "max", "mean"])
            self.pool(rng, shape, window, kind)
            shape = [n // w for n, w in zip(shape, window)]
            if rectifies and rng.random() < 0.3:
                self.add("relu()", ("relu",))
        self.classes = rng.choice([1, 2, 3, 10])
        self.add(f"output({self.classes})", ("matrix", "output.weight", "layer"))
        self.shapes["output.weight"] = (self.classes, channels)
        if self.features == "affine":
            self.shapes["input.weight"] = (self.dim, math.prod(self.patch))
        if self.features == "gaussian":
            self.shapes["input.mean"] = self.shapes["input.deviation"] = (self.dim, 1)
        if self.features == "affine":
            self.shapes["input.bias"] = (self.dim, 1)
        self.products = any(layer[0] == "pool" and layer[1] == "product" for layer in self.layers)

    def add(self, line, layer):
        self.text.append(line)
        self.layers.append(layer)

    def convolutions(self, rng, shape, channels, rectifies):
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            width = rng.choice([1, 2, 3, 4, 7, 9, 17])
            sharing = rng.choice(["layer", "layer", "window", "none"])
            name = f"conv{sum(layer[0] == 'matrix' for layer in self.layers)}.weight"
            self.add(f"conv({width}, sharing = \"{sharing}\")", ("matrix", name, sharing))
            # How many positions "window" has is known at the next pooling.
            positions = math.prod(shape) if sharing == "none" else 1
            self.shapes[name] = (positions, width, channels)
            channels = width
            if rectifies and rng.random() < 0.3:
                self.add("relu()", ("relu",))
        return channels

    def pool(self, rng, shape, window, kind):
        geometry = rng.choice(["contiguous", "contiguous", "mirror", "strided", "keys"])
        keys, written = None, f'"{geometry}"'
        if geometry == "keys":
            count = math.prod(shape) // math.prod(window)
            every = range(shape[0]), range(shape[-1])
            keys = [(5 * row + col) % count for row in every[0] for col in every[1]] \
                if len(shape) == 2 else [(3 * site) % count for site in range(shape[0])]
            if len(set(keys)) == count and len({keys.count(key) for key in keys}) == 1:
                written = f"(row, col) -> (5*row + col) mod {count}" if len(shape) == 2 \
                    else f"i -> (3*i) mod {count}"
            else:
                keys, geometry, written = None, "strided", '"strided"'
        pool = Pool(shape, window, geometry, keys)
        for layer in reversed(self.layers):
            if layer[0] == "pool":
                break
            if layer[0] == "matrix" and layer[2] == "window":
                _, rows, cols = self.shapes[layer[1]]
                self.shapes[layer[1]] = (math.prod(window), rows, cols)
        self.add(f'pool({text(window)}, kind = "{kind}", geometry = {written})', ("pool", kind, pool))

    def program(self):
        return "network {\n  " + "\n  ".join(self.text) + "\n}"

    def random_weights(self, seed, positive=False):
        """Weights that single precision can hold, of sizes that keep products near 1."""
        rng = np.random.default_rng(seed)
        made = {}
        for name, shape in self.shapes.items():
            noise = rng.normal(size=shape)
            if name == "input.mean":
                values = rng.uniform(0, 1, size=shape)
            elif name == "input.deviation":
                values = rng.uniform(0.3, 1, size=shape)
            elif name.startswith("input"):
                values = 0.4 + 0.5 * noise
            elif positive:
                values = np.exp(noise)
                values /= values.sum(-1, keepdims=True)
            elif self.products:
                values = (1 + 0.8 * noise) / shape[-1]
            else:
                values = noise / math.sqrt(shape[-1])
            made[name] = values.astype(np.float32)
        return made

    def random_samples(self, seed, count):
        """Values that single precision can hold, and labels that cover all classes."""
        rng = np.random.default_rng(seed)
        per_site = self.dim if self.features == "given" else 1
        values = rng.uniform(0, 1, size=(count, math.prod(self.shape) * per_site)).astype(np.float32)
        return values, np.arange(count) % self.classes

    def lifted(self, weights, x):
        """The vectors of the sites: `[samples, sites, dim]`."""
        sites, d = math.prod(self.shape), torch.arange(self.dim, dtype=x.dtype)
        if self.features == "given":
            return x.reshape(-1, sites, self.dim)
        if self.features == "cos_sin":
            roots = torch.tensor([math.sqrt(math.comb(self.dim - 1, k)) for k in range(self.dim)], dtype=x.dtype)
            angle = (x * math.pi / 2)[..., None]
            return roots * torch.cos(angle) ** (self.dim - 1 - d) * torch.sin(angle) ** d
        if self.features == "one_hot":
            level = torch.floor(x * (self.dim - 1) + 0.5).long()
            return torch.nn.functional.one_hot(level, self.dim).to(x.dtype)
        if self.features == "gaussian":
            mean, deviation = weights["input.mean"][:, 0], weights["input.deviation"][:, 0]
            z = (x[..., None] - mean) / deviation
            return torch.exp(-z * z / 2) / (deviation * math.sqrt(TAU))
        image = x.reshape(-1, 1, *(self.shape if len(self.shape) == 2 else [1, *self.shape]))
        rows, cols = self.patch if len(self.patch) == 2 else [1, *self.patch]
        up, left = (rows - 1) // 2, (cols - 1) // 2
        image = torch.nn.functional.pad(image, (left, cols - 1 - left, up, rows - 1 - up))
        kernel = weights["input.weight"].reshape(self.dim, 1, rows, cols)
        found = torch.nn.functional.conv2d(image, kernel, weights["input.bias"][:, 0])
        return torch.relu(found).flatten(2).transpose(1, 2)

    def scores(self, weights, x):
        """`[samples, classes]`, differentiable in the weights."""
        x = self.lifted(weights, x)
        for number, layer in enumerate(self.layers):
            if layer[0] == "relu":
                x = torch.relu(x)
            elif layer[0] == "matrix":
                w, sites = weights[layer[1]], x.shape[1]
                w = w[None] if w.dim() == 2 else w
                at = np.zeros(sites, dtype=int)
                if layer[2] == "none":
                    at = np.arange(sites)
                elif layer[2] == "window":
                    pools = [later[2] for later in self.layers[number:] if later[0] == "pool"]
                    at = pools[0].place_of
                x = torch.einsum("nsc,src->nsr", x, w[torch.as_tensor(at)])
            else:
                members = x[:, torch.as_tensor(layer[2].members)]
                x = {"product": lambda m: m.prod(2), "mean": lambda m: m.mean(2),
                     "max": lambda m: m.amax(2)}[layer[1]](members)
        return x[:, 0]


def text(shape):
    return "x".join(map(str, shape))


def cross_entropy(loss, scores, labels):
    """The losses of the manual, as means over the samples."""
    labels = torch.as_tensor(labels)
    if loss == "direction":
        # Scores that are all 0 have no direction: all classes are equal, whatever the weights.
        there = (scores != 0).any(1, keepdim=True)
        scores = torch.where(there, scores, 1)
        scores = torch.where(there, 8 * scores / scores.norm(dim=1, keepdim=True), 0)
    if loss == "ratio":
        # An input that no class can have says nothing of them.
        there = scores.sum(1, keepdim=True) > 0
        scores = torch.where(there, scores, 1)
        return -torch.log(scores[torch.arange(len(labels)), labels] / scores.sum(1)).mean()
    return torch.nn.functional.cross_entropy(scores, labels)
