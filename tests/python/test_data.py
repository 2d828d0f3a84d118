"""Data sets hold what NumPy wrote, and blobs have the scores that NumPy measures.

    python -m pytest tests/python/test_data.py

needs numpy. CONVAC is the program, target/debug/convac without it.
"""
import gzip
import json
import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CONVAC = os.environ.get("CONVAC", str(ROOT / "target" / "debug" / "convac"))


def run(folder, program):
    path = Path(folder) / "program.cac"
    path.write_text(program)
    done = subprocess.run([CONVAC, "run", "--json", str(path)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, program + done.stdout + done.stderr
    return [json.loads(line)["value"] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", ["?", "u1", "<i2", ">i4", "<u8", "<f2", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays(tmp_path, kind, order):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2 if kind == "?" else 100, (5, 3, 4)).astype(kind)
    if "f" in kind:
        x = (x / np.array(7, kind)).astype(kind)
    x = np.asarray(x, order=order)
    y = rng.integers(0, 9, 5)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    np.savez(tmp_path / "plain.npz", x=x, y=y)
    np.savez_compressed(tmp_path / "packed.npz", x_train=x, y_train=y, y=y + 1)
    np.savetxt(tmp_path / "x.csv", np.column_stack([y, x.reshape(5, -1).astype(float)]), delimiter=",", fmt="%.17g")
    sources = ['npy("x.npy", labels = "y.npy")', 'npz("plain.npz")', 'npz("packed.npz")', 'csv("x.csv", labels = 0, shape = 3x4)']
    for source, labels in zip(sources, [y, y, y, y]):
        found = run(tmp_path, f"let data = {source}\n[data.shape, data.labels, data.values]\n")[0]
        assert found[0] == [3, 4]
        assert found[1] == labels.tolist()
        np.testing.assert_array_equal(np.array(found[2]), x.reshape(5, -1).astype(float))


def test_idx(tmp_path):
    rng = np.random.default_rng(2)
    x = rng.integers(0, 256, (6, 5, 4), dtype=np.uint8)
    content = struct.pack(">HBBIII", 0, 8, 3, *x.shape) + x.tobytes()
    (tmp_path / "x.idx").write_bytes(content)
    with gzip.open(tmp_path / "x.idx.gz", "wb") as file:
        file.write(content)
    plain, packed = run(tmp_path, 'idx("x.idx").values\nidx("x.idx.gz").values\n')
    np.testing.assert_allclose(np.array(plain), x.reshape(6, -1) / 255, rtol=1e-15)
    assert plain == packed


def closing(image):
    """Dilation and erosion by a cross; one pixel of border holds all that comes back."""

    def shifted(image, fill):
        wide = np.pad(image, 1, constant_values=fill)
        return [wide[1:-1, 1:-1], wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]]

    dilated = np.logical_or.reduce(shifted(np.pad(image, 2), False))
    return np.logical_and.reduce(shifted(dilated, False))[2:-2, 2:-2]


SCORES = {
    "closedness": lambda image: image.sum() / closing(image).sum(),
    "symmetry": lambda image: (image & image[:, ::-1]).sum() / image.sum(),
}


@pytest.mark.parametrize("task", SCORES)
def test_blobs(tmp_path, task):
    program = f'let data = blobs("{task}", samples = 300, size = 32, seed = 4)\n[data.labels, data.values]\n'
    labels, values = run(tmp_path, program)[0]
    labels, images = np.array(labels), np.array(values).reshape(-1, 32, 32) == 1
    assert (labels == 1).sum() == (labels == 0).sum() == 150
    for image in images:
        assert (closing(image) >= image).all()
    scores = np.array([SCORES[task](image) for image in images])
    # The classes are the ends of one order, with a fifth of all candidates between them.
    assert scores[labels == 0].max() < scores[labels == 1].min()


def test_resize_keeps_the_mean_and_places_are_uniform(tmp_path):
    program = (
        "let data = resize(digits(), 4x4)\nmean([mean(row) for row in data.values])\n"
        "mean([mean(row) for row in digits().values])\n"
        "let small = local(take(digits(), 1), canvas = 12x12, copies = 3_000)\nsmall.values\n"
    )
    small, large, placed = run(tmp_path, program)
    assert abs(small - large) < 1e-12
    placed = np.array(placed).reshape(-1, 12, 12)
    digit = np.array(run(tmp_path, "digits().values[0]\n")[0]).reshape(8, 8)
    rows, columns = np.nonzero(digit)
    counts = np.zeros((5, 5), int)
    for image in placed:
        down, across = np.nonzero(image)
        top, left = down.min() - rows.min(), across.min() - columns.min()
        np.testing.assert_array_equal(image[top:top + 8, left:left + 8], digit)
        counts[top, left] += 1
    # Chi-squared with 24 degrees of freedom: 52 is passed once in a thousand seeds.
    assert ((counts - 120) ** 2 / 120).sum() < 52
