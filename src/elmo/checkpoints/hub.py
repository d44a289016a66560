"""Models on the Hugging Face hub, by their ids: `owner/name`, or `owner/name@revision`.

Needs the extra `hub`; without network, or with HF_HUB_OFFLINE=1, what was fetched before is taken from its cache.
"""

import importlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from elmo.errors import CheckpointError, ElmoError, OutputError

_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?", re.ASCII)
_ALSO = ("*.json", "*.txt", "*.md", "*.zip", "*.tar*", "*.tgz")  # configs by other names, cards, archives of models


def is_hub_id(source: str) -> bool:
    """Whether a string looks like `owner/name`, with a revision or without."""
    return _ID.fullmatch(source) is not None and ".." not in source


def fetch_from_hub(source: str, patterns: Iterable[str]) -> Path:
    """The folder of a model of the hub, downloaded unless it is in the cache.

    Args:
        patterns: of the files to fetch, which are those of models; archives and files of text come along.
    Raises:
        CheckpointError: there is no such model, no network, or the extra is not installed.
    """
    repository, _, revision = source.partition("@")
    hub = _import_hub(
        CheckpointError, f"{Path(source).absolute()}: no such model folder; to look for {source} on the hub"
    )
    try:
        return Path(hub.snapshot_download(repository, revision=revision or None, allow_patterns=[*patterns, *_ALSO]))
    except Exception as error:  # of the network, its libraries, the cache: all mean the same to the caller
        raise CheckpointError(
            f"{source}: there is no folder of that name, and it could not be fetched from the hub ({_line(error)})"
        ) from error


def push_folder(folder: Path, repository: str, *, private: bool, token: str | None, message: str) -> str:
    """Upload a folder as a model of the hub, created if it does not exist; returns the URL of the commit.

    Raises:
        OutputError: it could not be uploaded, or the extra is not installed.
    """
    if not is_hub_id(repository) or "@" in repository:
        raise OutputError(f"{repository!r:.100}: not the id of a model on the hub; give owner/name")
    hub = _import_hub(OutputError, f"{repository}: to upload a model")
    try:
        api = hub.HfApi(token=token)
        api.create_repo(repository, private=private, exist_ok=True, repo_type="model")
        done = api.upload_folder(repo_id=repository, folder_path=folder, commit_message=message, repo_type="model")
    except Exception as error:  # see above
        raise OutputError(f"{repository}: the model could not be uploaded ({_line(error)})") from error
    return str(getattr(done, "commit_url", done))


def _import_hub(kind: type[ElmoError], wish: str) -> Any:
    try:
        return importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise kind(f"{wish}, install huggingface-hub: pip install 'elmo-lm[hub]'") from error


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
