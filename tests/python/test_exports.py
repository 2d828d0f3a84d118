"""Networks that were exported compute what convac computes.

    python -m pytest tests/python

needs onnx, onnxruntime, numpy and safetensors; torch and quimb are used where they are installed.
CONVAC is the program, target/debug/convac without it.
"""
import importlib.util
import json
import os
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CONVAC = os.environ.get("CONVAC", str(ROOT / "target" / "debug" / "convac"))
SEEDS = range(int(os.environ.get("EXPORTS", "30")))


def source(seed, convac=False):
    """A random network as a program, with its local dimension and shape."""
    rng = random.Random(seed)
    grid = rng.random() < 0.5
    side = [rng.choice([2, 4, 6, 8]) for _ in range(2)] if grid else [rng.choice([2, 4, 8, 12, 9])]
    dim = rng.randint(1, 4)
    shape, layers = list(side), [f"input({'x'.join(map(str, side))}, dim = {dim})"]
    kinds = ["product"] if convac or rng.random() < 0.3 else ["product", "max", "mean"]
    while np.prod(shape) > 1 or rng.random() < 0.2:
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            sharing = rng.choice(["layer", "layer", "window", "none"])
            layers.append(f"conv({rng.randint(1, 5)}, sharing = \"{sharing}\")")
            if kinds != ["product"] and rng.random() < 0.6:
                layers.append("relu()")
        divisors = [[d for d in range(1, n + 1) if n % d == 0 and (d > 1 or n == 1)] for n in shape]
        window = [rng.choice(options) for options in divisors]
        geometry = rng.choice(['"contiguous"', '"contiguous"', '"mirror"', '"strided"', "KEY"])
        if geometry == "KEY":
            count = int(np.prod(shape) // np.prod(window))
            key = f"(row, col) -> (7*row + col) mod {count}" if grid else f"i -> i mod {count}"
            sizes = {}
            for row in range(shape[0] if grid else 1):
                for col in range(shape[-1]):
                    sizes.setdefault((7 * row + col) % count, []).append(col)
            geometry = key if all(len(s) == np.prod(window) for s in sizes.values()) else '"strided"'
        text = "x".join(map(str, window))
        layers.append(f"pool({text}, kind = \"{rng.choice(kinds)}\", geometry = {geometry})")
        shape = [n // w for n, w in zip(shape, window)]
    layers.append(f"output({rng.randint(1, 4)})")
    return "network {\n  " + "\n  ".join(layers) + "\n}", dim, side


def run(folder, program):
    path = Path(folder) / "program.cac"
    path.write_text(program)
    done = subprocess.run([CONVAC, "run", "--json", str(path)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, program + done.stdout + done.stderr
    return [json.loads(line)["value"] for line in done.stdout.splitlines()]


def inputs(seed, dim, side, count=3):
    """Values [count, dim, *side], and the same as lists of sites in the language."""
    x = np.random.default_rng(seed).uniform(0.2, 1.4, size=(count, dim, *side))
    flat = x.reshape(count, dim, -1).transpose(0, 2, 1)
    return x, json.dumps(flat.tolist())


def exported(folder, seed):
    net, dim, side = source(seed)
    x, listed = inputs(seed, dim, side)
    program = f"""let m = init({net}, seed = {seed}, kind = "gaussian")
save(m, "net.onnx")
save(m, "net.safetensors")
save(m, "net.py")
[evaluate(m, x) for x in {listed}]
"""
    return x, np.array(run(folder, program)[0])


def close(found, wanted, tolerance):
    scale = np.abs(wanted).max() + 1e-300
    assert found.shape == wanted.shape
    error = np.abs(found - wanted).max() / scale
    assert error < tolerance, error


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_onnxruntime(tmp_path, seed):
    import onnx
    import onnxruntime

    x, wanted = exported(tmp_path, seed)
    onnx.checker.check_model(str(tmp_path / "net.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    close(session.run(None, {"input": x.astype(np.float32)})[0], wanted, 1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_torch(tmp_path, seed):
    torch = pytest.importorskip("torch")
    x, wanted = exported(tmp_path, seed)
    torch.set_default_dtype(torch.float64)
    net = module(tmp_path / "net.py").load(tmp_path / "net.safetensors")
    with torch.no_grad():
        close(net(torch.tensor(x)).numpy(), wanted, 1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_quimb(tmp_path, seed):
    pytest.importorskip("quimb")
    net, dim, side = source(seed, convac=True)
    states = np.random.default_rng(seed).integers(0, dim, size=(3, int(np.prod(side))))
    program = f"""let m = init({net}, seed = {seed})
save(m, "net.safetensors")
save(code(m, "quimb"), "state.py")
[amplitude(m, x) for x in {json.dumps(states.tolist())}]
"""
    wanted = np.array(run(tmp_path, program)[0])
    made = module(tmp_path / "state.py")
    tn = made.network(made.weights(tmp_path / "net.safetensors"))
    found = np.array([float(made.amplitude(tn, list(map(int, row)))) for row in states])
    close(found, wanted, 1e-12)


def test_scripts_run_by_themselves(tmp_path):
    run(tmp_path, """let net = network { input(8, dim = 2), conv(3), pool(2), conv(2), pool(4), output(3) }
save(net, "net.py")
save(net, "net.jl")
save(net, "net.dot")
save(min_cut(net, left_right), "cut.dot")
save(min_cut(net, left_right), "cut.tex")
""")
    assert "ITensor" in (tmp_path / "net.jl").read_text()
    assert "color = red" not in (tmp_path / "net.dot").read_text()
    # All legs of the copy tensor that is cut: they are one bond.
    assert (tmp_path / "cut.dot").read_text().count("color = red") == 5
    assert (tmp_path / "cut.tex").read_text().startswith("$$W = ")
    compile((tmp_path / "net.py").read_text(), "net.py", "exec")
