"""The folder of a job that can be resumed: settings that never change, a lock, leftovers, checksums of its inputs."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from elmo.errors import OutputError, TrainingError, reason_of
from elmo.storage.atomic import PART_PREFIX, atomic_write, refuse_existing, remove_leftovers
from elmo.storage.checksums import checksum_of
from elmo.storage.file_lock import file_lock
from elmo.storage.json_files import no_such_file, read_json

Settings = TypeVar("Settings", bound=BaseModel)
NEXT = "next"  # in the folder of a job that has ended: the job that will replace it
_CHECKSUM = "checksum"  # of all else in a sealed file


@dataclass(frozen=True)
class JobFolder(Generic[Settings]):
    """The folder of a job that has begun or will begin.

    Attributes:
        folder: where it is.
        settings_file: the name of the JSON file with the settings that it began with; `kind`: their type.
        known_by: files by which such a folder is known; `holds`: patterns of all that it holds (see `refuse_existing`).
        parts_in: folders within in which a killed process may leave parts, beside the folder itself.
        sealed: the settings file has a checksum of itself, so that a change by hand is noticed.
        whole_by: files of which one is there once a job has ended. What it wrote is then kept until a job that replaces it has
            ended too; that one is in the folder `NEXT` until then.
    """

    folder: Path
    settings_file: str
    kind: type[Settings]
    known_by: Sequence[str] = ()
    holds: Sequence[str] | None = None
    parts_in: Sequence[str] = ()
    sealed: bool = False
    whole_by: Sequence[str] = ()

    def refuse_existing(self, force: bool | None, inputs: Sequence[str | Path] = ()) -> None:
        """Refuse an existing folder before any work is done; see `storage.atomic.refuse_existing`."""
        refuse_existing(self.folder, force, self.known_by, self.holds, inputs)

    @contextmanager
    def begin(
        self, settings: Settings, force: bool = False, fill: Callable[[Path], object] = lambda part: None
    ) -> Iterator[Path]:
        """Create the folder, whole or not at all, and lock it until the block ends; it is never there without the lock.

        Args:
            force: replace a folder that is there and that no other process holds. fill: writes what else it holds at first.
        Yields:
            where the job writes: the folder, or `NEXT` in it; that one takes its place when the block has ended.
        Raises:
            OutputError: another process has begun there, or it cannot be written.
        """
        there = self.folder.exists()
        with ExitStack() as stack:
            if there and force:
                self._lock(stack, self.folder)
            own = self.folder / NEXT if there and force and self._is_whole(self.folder) else self.folder
            with atomic_write(own, replace=there and force) as part:
                part.mkdir()
                fill(part)
                self.write_settings(settings, part)
                self._lock(stack, part)  # a lock stays with the folder when it is renamed
            yield own
            self._finish(own, stack)

    @contextmanager
    def hold(self, lock: Path | None = None, who: str = "another process") -> Iterator[Path]:
        """Lock the folder until the block ends, and remove what killed processes left.

        Args:
            lock: the path to lock instead, for jobs that share a folder; leftovers of others then stay. who: names the holder.
        Yields:
            where the job writes, see `begin`.
        Raises:
            OutputError: another process has it.
        """
        with ExitStack() as stack:
            self._lock(stack, self.folder if lock is None else lock, who)
            own = self.unfinished
            if lock is None:
                for folder in {self.folder, own, *(own / name for name in self.parts_in)}:
                    remove_leftovers(folder, alone=True)
            yield own
            self._finish(own, stack)

    @property
    def unfinished(self) -> Path:
        """Where the job that began last writes, or has written."""
        try:
            replacing = (self.folder / NEXT / self.settings_file).is_file()
        except OSError:  # a name that no folder can have
            replacing = False
        return self.folder / NEXT if replacing else self.folder

    def _is_whole(self, folder: Path) -> bool:
        return any((folder / name).is_file() for name in self.whole_by)

    def _finish(self, own: Path, stack: ExitStack) -> None:
        """Put a job that has ended in the place of the one before it, in one step; a process killed before has lost nothing."""
        if own != self.folder:
            with atomic_write(self.folder) as part:
                leftovers = shutil.ignore_patterns(f"{PART_PREFIX}*")  # of processes that were killed
                shutil.copytree(own, part, copy_function=_link_or_copy, ignore=leftovers)
                self._lock(stack, part)

    def _lock(self, stack: ExitStack, path: Path, who: str = "another process") -> None:
        if not stack.enter_context(file_lock(path)):
            raise OutputError(f"{self.folder}: {who} is writing to it; wait until it ends, or stop it")

    def is_begun(self) -> bool:
        """Whether the folder has settings."""
        try:
            return (self.unfinished / self.settings_file).is_file()
        except OSError:  # a name that no folder can have
            return False

    def is_stopped(self) -> bool:
        """Whether a job has begun and not ended."""
        return self.is_begun() and not self._is_whole(self.unfinished)

    def write_settings(self, settings: Settings, folder: Path) -> None:
        """Write the settings into a folder that is being made."""
        facts = settings.model_dump(mode="json")
        if self.sealed:
            facts[_CHECKSUM] = seal_of(facts)
        text = json.dumps(facts, indent=2 if self.sealed else 1, ensure_ascii=self.sealed)
        (folder / self.settings_file).write_text(text + "\n", encoding="utf-8")

    def read_settings(self) -> Settings:
        """The settings that the job began with, to resume it.

        Raises:
            TrainingError: there are none, or they are damaged or altered.
        """
        path = self.unfinished / self.settings_file
        try:
            facts = read_json(path)
            found = facts.pop(_CHECKSUM, None) if self.sealed and isinstance(facts, dict) else None
            settings = self.kind.model_validate(facts)
        except (FileNotFoundError, NotADirectoryError):
            raise TrainingError(
                f"{self.folder}: no run to continue ({no_such_file(path)}; --resume needs the folder of a run, its -o DIR)"
            ) from None
        except (OSError, ValueError) as error:
            raise TrainingError(
                f"{path}: cannot be read ({reason_of(error)}); it was written when the run began: "
                "restore a copy, or start a new run"
            ) from error
        if found is not None and found != seal_of(facts):
            raise TrainingError(
                f"{path} was changed: its checksum is {seal_of(facts)}, the file says {found}; the settings of a run "
                "cannot change: undo the change, or start a new run"
            )
        return settings


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copyfile(source, target)


def seal_of(facts: dict[str, Any]) -> str:
    """The checksum of settings."""
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode("utf-8"), digest_size=16).hexdigest()


def refuse_changed_files(checksums: dict[str, str]) -> None:
    """Refuse to continue if files differ from those the job began with; files that are gone are not needed any more.

    Args:
        checksums: by path.
    Raises:
        TrainingError: a file has changed.
    """
    for path, checksum in checksums.items():
        if Path(path).is_file() and checksum != checksum_of(Path(path)):
            raise TrainingError(f"{path} has changed since the run started; start again with --force")


def differences(found: BaseModel, wanted: BaseModel) -> list[str]:
    """The differences between the settings of a folder and those of a call, for a message."""
    pairs = zip(found, wanted, strict=True)
    return [f"{name} {old!r}, now {new!r}" for (name, old), (_, new) in pairs if old != new]
