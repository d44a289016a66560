"""The processes that train one model together (`torchrun`), and the one process that trains alone.

Every rank reads the same shared position of the text and the same random numbers, trains its own rows of each window and adds
up the gradients; so N ranks do what one process does with all rows, up to the order of floating-point sums.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed

from elmo.errors import ConfigError

CPU = torch.device("cpu")
_SET_PARENT_DEATH_SIGNAL = 1  # of prctl(2)
_LAUNCHER = ("RANK", "MASTER_ADDR", "MASTER_PORT")  # what torchrun sets beside WORLD_SIZE
_PATIENCE = timedelta(hours=6)  # the others wait while one writes a checkpoint or reads a corpus


@dataclass(frozen=True)
class Ranks:
    """The rank of this process and the number of ranks."""

    rank: int = 0
    n_ranks: int = 1
    device: torch.device = CPU

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def own_rows(self, n_rows: int) -> slice:
        """The rows of a window that this rank trains.

        Raises:
            ConfigError: a rank would have none.
        """
        if n_rows < self.n_ranks:
            raise ConfigError(
                f"{n_rows} rows for {self.n_ranks} ranks; each rank needs a row: give more rows or fewer processes"
            )
        return slice(self.rank * n_rows // self.n_ranks, (self.rank + 1) * n_rows // self.n_ranks)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all ranks, all of them in one message."""
        if self.n_ranks == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        distributed.all_reduce(flat)
        for tensor, total in zip(tensors, torch.split(flat, [t.numel() for t in tensors]), strict=True):
            tensor.copy_(total.view_as(tensor))

    def gather_rows(self, own: Tensor, n_rows: int) -> Tensor:
        """The rows of all ranks: (layers, own rows, width) -> (layers, n_rows, width), on every rank."""
        if self.n_ranks == 1:
            return own
        whole = own.new_zeros(own.shape[0], n_rows, own.shape[2])
        whole[:, self.own_rows(n_rows)] = own
        distributed.all_reduce(whole)
        return whole

    def agree(self, wish: bool) -> bool:
        """Whether any rank wishes it; every rank gets the same answer."""
        wishes = torch.tensor([float(wish)], device=self.device)
        self.add_up([wishes])
        return bool(wishes > 0)

    def first_says(self, number: int) -> int:
        """A number of the first rank, on every rank."""
        if self.n_ranks == 1:
            return number
        sent = torch.tensor([float(number * self.is_first)], dtype=torch.float64, device=self.device)
        self.add_up([sent])
        return int(sent)

    def wait(self) -> None:
        """Wait until every rank is here."""
        if self.n_ranks > 1:
            distributed.barrier()


ALONE = Ranks()


def join_ranks(device: str = "cpu") -> Ranks:
    """Join the processes that `torchrun` started; alone if it started none.

    Args:
        device: "cpu", "cuda" (each rank takes the one of its local number), or "cuda:N".
    Raises:
        ConfigError: there is no such device; `WORLD_SIZE` is set, and nothing else that `torchrun` sets.
    """
    n_ranks, local = _number_in("WORLD_SIZE", 1), _number_in("LOCAL_RANK", 0)
    if device.startswith("cuda"):
        if not torch.cuda.is_available():
            raise ConfigError("--device cuda: PyTorch finds no CUDA device here; leave it out to train on the CPU")
        chosen = torch.device(f"cuda:{local}" if device == "cuda" else device)
        torch.cuda.set_device(chosen)
    else:
        chosen = CPU
    if n_ranks == 1:
        return Ranks(0, 1, chosen)
    _refuse_without_launcher(n_ranks)
    _die_with_parent()
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo", timeout=_PATIENCE)
    return Ranks(distributed.get_rank(), distributed.get_world_size(), chosen)


def _number_in(name: str, default: int) -> int:
    """A number in the environment.

    Raises:
        ConfigError: it is none.
    """
    text = os.environ.get(name, str(default))
    if not text.strip().isdecimal():
        raise ConfigError(f"{name}={text!r} in the environment is not a number; unset it, or start with torchrun")
    return int(text)


def _refuse_without_launcher(n_ranks: int) -> None:
    """Refuse to wait for processes that nobody started.

    Raises:
        ConfigError: the environment lacks what `torchrun` sets.
    """
    missing = [name for name in _LAUNCHER if not os.environ.get(name)]
    if missing:
        raise ConfigError(
            f"WORLD_SIZE={n_ranks} in the environment means that {n_ranks} processes train together, but {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not set; start with torchrun --nproc-per-node {n_ranks} -m elmo ..., "
            "or unset WORLD_SIZE to train with one"
        )


def _die_with_parent() -> None:
    """Have the kernel send SIGTERM when the launcher dies, even by SIGKILL: a remaining rank would still write to the run."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def end_rank(ranks: Ranks, status: int) -> None:
    """End this process with a status, once all is written and every rank has waited for the others.

    Of several ranks, each leaves at once, without the interpreter's own farewell: a thread of gloo that is still there then
    aborts the process now and then ("terminate called without an active exception"), and torchrun calls the run failed.
    """
    if ranks.n_ranks > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    if status:
        sys.exit(status)
