"""The notebooks of the project, run again: their outputs are what is stored, byte by byte."""

import pathlib
import subprocess
import sys

import nbformat
import pytest
from conftest import HOME, ROOT
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient


def of_kernel(name):
    """The notebooks that are written for a kernel."""
    found = sorted((ROOT / "notebooks").glob("*.ipynb"))
    return [path for path in found if nbformat.read(path, 4).metadata.kernelspec.name == name]


def has_rust_cells(path):
    return any(cell.source.startswith("%%rust") for cell in nbformat.read(path, 4).cells)


# Those with Rust cells need the helper: see test_rust_cells.py.
NOTEBOOKS = [path for path in of_kernel("convac") if not has_rust_cells(path)]
RUST_NOTEBOOKS = of_kernel("rust")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_those_that_are_stored(path):
    """CONVAC_STORE=1 stores them anew."""
    import os
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    # Records of experiments are found from the folder of the notebook, as in JupyterLab.
    NotebookClient(notebook, kernel_name="convac", allow_errors=True, record_timing=False,
                   resources={"metadata": {"path": str(path.parent)}}).execute()
    nbformat.validate(notebook)
    text = nbformat.writes(notebook) + "\n"
    if os.environ.get("CONVAC_STORE"):
        path.write_text(text)
    assert text == path.read_text(), f"CONVAC_STORE=1 pytest {pathlib.Path(__file__).name}"
    failed = [output["ename"] for cell in notebook.cells if cell.cell_type == "code"
              for output in cell.outputs if output.output_type == "error"]
    assert failed == (["E05 Shape"] if path.stem == "01-first-tour" else []), "one error is meant"


def test_there_are_six_and_one_in_rust():
    assert len(NOTEBOOKS) == 6
    assert len(RUST_NOTEBOOKS) == 1


@pytest.mark.skipif("rust" not in KernelSpecManager().find_kernel_specs(), reason="no evcxr here")
@pytest.mark.parametrize("path", RUST_NOTEBOOKS, ids=lambda path: path.stem)
def test_rust_notebooks_show_what_is_stored(path):
    """evcxr compiles the library first, which takes minutes. CONVAC_STORE=1 stores the outputs anew."""
    import os
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, kernel_name="rust", allow_errors=True, record_timing=False, timeout=1200,
                   resources={"metadata": {"path": str(path.parent)}}).execute()
    nbformat.validate(notebook)
    if os.environ.get("CONVAC_STORE"):
        path.write_text(nbformat.writes(notebook) + "\n")

    def shown(of):
        """What the cells show; what evcxr says of itself (versions, times) is left out."""
        return [[output.get("data", {}) for output in cell.outputs if output.output_type == "execute_result"]
                for cell in of.cells if cell.cell_type == "code"]

    failed = ["\n".join(output["traceback"]) for cell in notebook.cells if cell.cell_type == "code"
              for output in cell.outputs if output.output_type == "error"]
    assert failed == []
    assert shown(notebook) == shown(nbformat.read(path, as_version=4))


def test_a_notebook_keeps_the_last_state_of_what_changes():
    """Progress is one output, in its last state; what was cleared is gone."""
    cells = ["[sum([j mod 3 for j in 1..(20000 + i)]) for i in 1..400] |> sum",
             'print("first")\nclear()\nprint("second")']
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="convac").execute()
    nbformat.validate(notebook)
    shown = notebook.cells[0].outputs
    assert shown[-1].output_type == "execute_result"
    if len(shown) > 1:  # a machine that needs more than half a second
        assert len(shown) == 2 and shown[0].data["text/plain"].startswith("400 of 400 in")
    assert [output.text for output in notebook.cells[1].outputs] == ["second\n"]


def run(*args):
    done = subprocess.run([sys.executable, "-m", *args], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nbconvert_and_papermill(path, tmp_path):
    run("nbconvert", "--to", "html", "--output-dir", str(tmp_path), str(path))
    html = (tmp_path / f"{path.stem}.html").read_text()
    assert "<svg" in html or "data:image/svg+xml" in html
    run("nbconvert", "--to", "markdown", "--output-dir", str(tmp_path), str(path))
    run("nbconvert", "--to", "script", "--output-dir", str(tmp_path), str(path))
    assert (tmp_path / f"{path.stem}.cac").exists(), "a script has the language's own ending"
    if path.stem != "01-first-tour":  # papermill stops at the error that is meant
        out = tmp_path / "out.ipynb"
        run("papermill", str(path), str(out), "--kernel", "convac", "--no-progress-bar",
            "--cwd", str(path.parent))
        nbformat.validate(nbformat.read(out, as_version=4))


def test_the_console_runs_cells():
    """jupyter console, which shows plain text and follows no updates of displays."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_console", "--kernel", "convac", "--simple-prompt"],
        input="6 * 7\nlet net = network { input(4, dim = 2), pool(4), output(1) }\nnet.sites + 100\nexit\n",
        capture_output=True, text=True, timeout=60, env={**__import__("os").environ, "TERM": "dumb"})
    assert "42" in done.stdout and "104" in done.stdout, done.stdout + done.stderr


def test_the_lexer_knows_every_example():
    sys.path.insert(0, str(ROOT / "packaging" / "wheel" / "data" / "purelib"))
    from convac_highlight import ConvacLexer
    from pygments.token import Error, Keyword, Name
    files = sorted((ROOT / "examples").glob("*.cac"))
    assert len(files) > 15
    for path in files:
        text = path.read_text()
        tokens = list(ConvacLexer(stripnl=False, ensurenl=False).get_tokens(text))
        assert "".join(value for _, value in tokens) == text
        assert not [value for kind, value in tokens if kind is Error], path.name
    kinds = {value: kind for kind, value in ConvacLexer().get_tokens("let f(x) = min_cut(net, left_right)")}
    assert kinds["let"] is Keyword and kinds["min_cut"] is Name.Builtin
    assert HOME.exists()
