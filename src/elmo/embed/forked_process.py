"""Refuse to compute in a forked process with the PyTorch threads of its parent: it would wait for them for ever.

`fork` copies memory, not threads, and OpenMP does not notice. `multiprocessing` forks by default on Linux before Python 3.14.
"""

import os

import torch

from elmo.errors import ConfigError


class _Process:
    """The state of PyTorch's threads in this process."""

    uses_threads = False
    lost_them = False  # a parent used them before it forked

    def forked(self) -> None:
        self.lost_them |= self.uses_threads
        self.uses_threads = False


_process = _Process()
if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_process.forked)


def claim_threads() -> None:
    """Register that this process is about to compute.

    Raises:
        ConfigError: it would wait for ever.
    """
    if torch.get_num_threads() == 1:
        return
    if _process.lost_them:
        raise ConfigError(
            f"this process was forked from one that had used PyTorch's {torch.get_num_threads()} threads, which do not exist "
            'here; call torch.set_num_threads(1) in it first, or start it by multiprocessing.get_context("spawn")'
        )
    _process.uses_threads = True
