"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

VocabularyFile = Annotated[
    Path | None, typer.Option("--vocabulary", help="Vocabulary file of a TensorFlow checkpoint that lies elsewhere.")
]
