"""What every test process would otherwise make for itself at the same time, made once before they start."""

import sys
from contextlib import suppress
from pathlib import Path

import pytest
from _pytest.assertion import rewrite
from hypothesis import strategies

TESTS = Path(__file__).parents[1]


def prepare(config: pytest.Config) -> None:
    """Write what the processes of this run then find: their tests with asserts that explain themselves, and tables."""
    if sys.dont_write_bytecode:
        return
    for file in (*TESTS.rglob("test_*.py"), *TESTS.rglob("conftest.py")):
        # A test file that is no Python is told of where it is collected.
        with suppress(SyntaxError):
            _rewritten(file, config)
    # A table of the million characters: seconds for each process, and in `.hypothesis` from then on.
    strategies.characters(codec="utf-8").validate()


def _rewritten(file: Path, config: pytest.Config) -> None:
    folder = rewrite.get_cache_dir(file)
    kept = folder / (file.stem + rewrite.PYC_TAIL)
    if rewrite._read_pyc(file, kept) is None and rewrite.try_makedirs(folder):
        digest, code = rewrite._rewrite_test(file, config)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, digest, kept)
