from pathlib import Path

import numpy as np
import pytest
import torch

from model.album.draw import draw_one
from model.album.export import Answers, Both
from model.album.network import Pages, Sides
from model.album.views import views
from model.album.weights import read
from photochrom.errors import ModelRejected
from workers.network.album import OnnxAlbum
from workers.network.onnx_file import shipped

PHOTOGRAPHS = np.random.default_rng(1).integers(0, 256, (4, 256, 256, 3)).astype(np.uint8)


def test_networks_read_from_the_shipped_file_answer_as_the_workers_get_it() -> None:
    seen = views(draw_one(PHOTOGRAPHS, 1), np.random.default_rng(1))
    shown = OnnxAlbum(shipped("album.onnx"), threads=1)
    pages, sides = read(shipped("album.onnx"))
    with torch.inference_mode():
        answers = Answers(Both(pages.eval(), sides.eval()))(
            torch.from_numpy(seen.seen[None]), torch.from_numpy(seen.around)
        )
    votes, is_page, crossed, is_one = (each.numpy() for each in answers)
    told, odds = shown.votes(seen.seen)
    np.testing.assert_allclose(votes[0], told, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(is_page[0], odds, atol=1e-3)
    for ours, theirs in zip((crossed, is_one), shown.sides(seen.around), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_a_folder_of_training_is_read_as_it_was_written(tmp_path: Path) -> None:
    torch.manual_seed(1)
    written = Pages().state_dict(), Sides().state_dict()
    for weights, name in zip(written, ("pages", "sides"), strict=True):
        torch.save(weights, tmp_path / f"{name}.pt")
    for weights, network in zip(written, read(tmp_path), strict=True):
        torch.testing.assert_close(dict(network.state_dict()), dict(weights))


@pytest.mark.parametrize("what", ["nothing", "an empty folder", "text", "another network", "a text as .pt"])
def test_what_are_no_album_networks_is_refused_in_a_sentence(what: str, tmp_path: Path) -> None:
    path = tmp_path / "album.onnx"
    if what == "text":
        path.write_text("The weights are on the other disk.")
    elif what == "another network":
        path = shipped("turner.onnx")
    elif what == "an empty folder":
        path.mkdir()
    elif what == "a text as .pt":
        path.mkdir()
        (path / "pages.pt").write_text("The weights are on the other disk.")
    with pytest.raises(ModelRejected, match=r"are not those of album networks"):
        read(path)
