"""Starting is quick: `import elmo` and the command's help load no torch."""

import subprocess
import sys
import time

import pytest


def seconds(*command: str) -> float:
    """The best of five runs of a process."""
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    return min(times)


@pytest.mark.parametrize("module", ["elmo", "elmo.cli.main"])
def test_importing_loads_no_torch(module):
    code = f"import sys, {module}; print([m for m in ('torch', 'pydantic', 'numpy', 'h5py') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_loading_a_model_loads_no_compiler():
    code = "import sys, elmo; elmo.Elmo.from_pretrained().embed(['a']); print({'torch._dynamo', 'sympy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_the_public_names_are_loaded_on_first_use():
    import elmo

    assert {"Elmo", "ElmoError", "ScalarMix", "Token"} <= set(elmo.__all__)
    assert all(getattr(elmo, name) is not None for name in elmo.__all__)
    with pytest.raises(AttributeError, match="Elmoo"):
        elmo.Elmoo  # noqa: B018


@pytest.mark.slow
def test_import_takes_under_300_ms_and_help_under_500_ms():
    assert seconds("-c", "import elmo") < 0.3
    assert seconds("-m", "elmo", "--help") < 0.5
