"""What the guides to albums, scans and restoration show is run as it stands."""

from pathlib import Path

import pytest

from support.examples import examples, put_commands, run_example
from support.networks.tiny_model import tiny_model
from support.pictures.photographs import album_page, grey_jpeg
from support.servers.running import service
from workers.network.onnx_file import shipped

STARTS = {".jpg": b"\xff\xd8\xff", ".png": b"\x89PNG"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the examples find their photographs."""
    put_commands(tmp_path)
    small = grey_jpeg(size=(96, 64))
    for name in ("grey.jpg", "print.jpg", "slides/1.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(small)
    (tmp_path / "album").mkdir()
    for name in ("page.jpg", "album/page.jpg"):
        (tmp_path / name).write_bytes(album_page(quality=50))
    return tmp_path


def test_guides_are_right_and_name_their_files_by_what_is_in_them(folder: Path, tiny: dict[str, str]) -> None:
    # Photographs that show the same are told by the recognizer, which is there for who has two models.
    (folder / "film.onnx").write_bytes(tiny_model())
    networks = {**tiny, "PHOTOCHROM_RECOGNIZER_PATH": str(shipped("recognizer.onnx"))}
    with service(folder / "data", **networks) as started:
        for page in ("album.md", "scans.md", "restoration.md"):
            shown = [script for language, script in examples(page) if language == "bash"]
            assert shown
            # As one, for later commands use what earlier ones found.
            run_example("bash", "\n".join(shown), folder, URL=started.url, **networks)
    made = [path for path in folder.rglob("*") if path.suffix in STARTS and "data" not in path.parts]
    assert {"upright.jpg", "mask.png", "restored.jpg", "out.jpg"} <= {path.name for path in made}
    for path in made:
        assert path.read_bytes().startswith(STARTS[path.suffix]), path
