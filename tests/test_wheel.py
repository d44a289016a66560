"""What users install: the wheel in an empty environment, outside the checkout, with the network blocked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NO_NETWORK = """
import socket

def refuse(*arguments, **names):
    raise AssertionError("the network was asked for")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
"""


@pytest.mark.slow
def test_the_wheel_shows_its_demo_in_an_empty_environment_without_network(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *os.environ.get("TORCH", "torch==2.13.0").split()], check=True)
    subprocess.run([*install, wheel], check=True)
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "sitecustomize.py").write_text(NO_NETWORK)
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environment["PYTHONPATH"] = str(tmp_path / "blocked")
    blocked = "import socket; socket.create_connection(('localhost', 1))"
    assert subprocess.run([python, "-c", blocked], env=environment, capture_output=True, check=False).returncode
    done = subprocess.run(
        [python.parent / "elmo", "demo"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Try next" in done.stdout
    assert {"vectors.npz", "table.json"} <= {p.name for p in (tmp_path / "elmo-demo").iterdir()}
    where = subprocess.run(
        [python, "-c", "import elmo; print(elmo.__file__)"], env=environment, capture_output=True, text=True
    )
    assert where.stdout.startswith(str(tmp_path / "venv"))
