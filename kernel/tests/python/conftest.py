"""The kernel under test, installed into a folder of its own."""

import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("CONVAC_KERNEL", str(ROOT / "target" / "debug" / "convac-kernel"))

# Before anything of Jupyter is imported: nothing of the user's own is read or written.
_home = tempfile.TemporaryDirectory(prefix="convac-tests-")
HOME = pathlib.Path(_home.name)
os.environ["JUPYTER_PATH"] = str(HOME / "share" / "jupyter")
os.environ["JUPYTER_DATA_DIR"] = str(HOME / "data")
os.environ["JUPYTER_RUNTIME_DIR"] = str(HOME / "runtime")
os.environ["JUPYTER_CONFIG_DIR"] = str(HOME / "config")
os.environ["JUPYTER_PLATFORM_DIRS"] = "0"
os.environ["IPYTHONDIR"] = str(HOME / "ipython")
os.environ["XDG_DATA_HOME"] = str(HOME / "xdg")
os.environ.pop("CONVAC_HISTORY", None)
subprocess.run([PROGRAM, "install", "--prefix", str(HOME)], check=True, stdout=subprocess.DEVNULL)
