from pathlib import Path

import pytest

from cli.batch.ledger import FolderInUse, Ledger, held
from photochrom.photo.options import ColorizeOptions

SERVER = "http://127.0.0.1:8000"


def ledger(folder: Path, source: str = "album", server: str = SERVER, **options: object) -> Ledger:
    return Ledger(folder, Path(source), server, ColorizeOptions.model_validate(options))


def test_it_remembers_batches_in_their_order(tmp_path: Path) -> None:
    first = ledger(tmp_path)
    first.add("b1")
    first.add("b2")
    assert ledger(tmp_path).batches == ["b1", "b2"]
    first.forget()
    assert ledger(tmp_path).batches == []
    assert list(tmp_path.iterdir()) == []


def test_another_source_server_or_options_are_another_run(tmp_path: Path) -> None:
    ledger(tmp_path).add("b1")
    for other in (
        ledger(tmp_path, source="other"),
        ledger(tmp_path, server="http://elsewhere"),
        ledger(tmp_path, quality=5),
    ):
        assert other.batches == []


def test_the_key_of_a_batch_is_the_same_until_that_batch_is_known(tmp_path: Path) -> None:
    """Killed between asking for a batch and noting it, the next run asks for the same one."""
    first = ledger(tmp_path).next_key()
    assert ledger(tmp_path).next_key() == first
    ledger(tmp_path).add("b1")
    assert ledger(tmp_path).next_key() != first


def test_a_batch_that_is_gone_takes_its_key_along(tmp_path: Path) -> None:
    known = ledger(tmp_path)
    keys = {known.next_key()}
    known.add("b1")
    keys.add(known.next_key())
    known.drop("b1")
    assert ledger(tmp_path).batches == []
    assert ledger(tmp_path).next_key() not in keys


@pytest.mark.parametrize("left", [b"", b"{", b'{"batches": 7}', b"\xff"])
def test_a_damaged_file_is_none(tmp_path: Path, left: bytes) -> None:
    ledger(tmp_path).add("b1")
    (file,) = tmp_path.iterdir()
    file.write_bytes(left)
    assert ledger(tmp_path).batches == []
    ledger(tmp_path).add("b2")
    assert ledger(tmp_path).batches == ["b2"]


def test_a_folder_is_held_by_one_run_at_a_time(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(FolderInUse, match="Another"), held(tmp_path):
        pass
    with held(tmp_path):
        assert list(tmp_path.iterdir()) == []
