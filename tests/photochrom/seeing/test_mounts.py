import numpy as np
import pytest
from PIL import Image

from photochrom.color import lightness
from photochrom.photo.hints import Hint
from photochrom.seeing import look
from photochrom.seeing.boxes import WHOLE, Box
from photochrom.seeing.look import Looks, choose_look
from photochrom.seeing.pages import find_photographs
from photochrom.seeing.resize import resized
from support.pictures.photographs import PHOTOS

NAMES = ("astronaut", "cat", "coffee", "camera", "rocket")
PAPERS = {"white": (94, 0.7), "dark": (8, 0.7), "grey": (38, 0.7), "textured": (80, 2.5)}


def photo(name: str, height: int, width: int) -> np.ndarray:
    with Image.open(PHOTOS / f"{name}.jpg") as image:
        rgb = np.asarray(image.convert("RGB"), np.float32) / 255
    return resized(np.asarray(lightness(rgb), np.float32), (height, width))


def paper(kind: str, height: int, width: int) -> np.ndarray:
    tone, texture = PAPERS[kind]
    noise = np.random.default_rng(1).normal(0, texture, (height, width))
    return np.asarray(tone + noise, np.float32)


def near(found: Box, top: float, bottom: float, left: float, right: float) -> bool:
    return np.allclose(
        (found.top, found.bottom, found.left, found.right), (top, bottom, left, right), atol=0.012
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_photograph_without_a_mount_stays_whole(name: str) -> None:
    assert find_photographs(photo(name, 384, 384)) == (WHOLE,)


@pytest.mark.parametrize("kind", PAPERS)
@pytest.mark.parametrize("name", ["cat", "coffee"])
def test_a_mount_is_left_out(name: str, kind: str) -> None:
    page = paper(kind, 400, 400)
    page[40:300, 60:350] = photo(name, 260, 290)
    (found,) = find_photographs(page)
    assert near(found, 0.1, 0.75, 0.15, 0.875)


def test_a_white_rim_on_a_dark_card_is_left_out_too() -> None:
    page = paper("dark", 400, 400)
    page[40:310, 50:360] = 97
    page[50:300, 60:350] = photo("astronaut", 250, 290)
    (found,) = find_photographs(page)
    assert near(found, 0.125, 0.75, 0.15, 0.875)


@pytest.mark.parametrize("kind", PAPERS)
def test_each_photograph_of_a_page_is_found_and_a_caption_is_none(kind: str) -> None:
    page = paper(kind, 320, 448)
    places = {"coffee": (20, 140, 20, 200), "cat": (30, 150, 240, 430), "rocket": (170, 290, 60, 240)}
    for name, (top, bottom, left, right) in places.items():
        page[top:bottom, left:right] = photo(name, bottom - top, right - left)
    page[200:206, 300:380:4] = 50 if kind != "grey" else 90
    found = find_photographs(page)
    assert len(found) == 3
    for top, bottom, left, right in places.values():
        assert any(near(box, top / 320, bottom / 320, left / 448, right / 448) for box in found)


def plain_sky() -> np.ndarray:
    scene = photo("rocket", 384, 384)
    scene[:200] = 92
    return scene


def calm_sea() -> np.ndarray:
    scene = np.full((384, 384), 88, np.float32)
    scene[80:] = 45 + photo("cat", 304, 384) / 20
    return scene


def night() -> np.ndarray:
    rows, columns = np.mgrid[-1:1:384j, -1:1:384j]
    lamps = np.exp(-((rows - 0.2) ** 2 + (columns + 0.1) ** 2) * 12)
    return np.asarray(3 + 80 * lamps, np.float32)


def vignette() -> np.ndarray:
    rows, columns = np.mgrid[-1:1:384j, -1:1:384j]
    return np.asarray(photo("coffee", 384, 384) / (1 + (rows**2 + columns**2) ** 3), np.float32)


def cup_on_white() -> np.ndarray:
    scene = np.full((384, 384), 97, np.float32)
    rows, columns = np.mgrid[:384, :384]
    cup = (rows - 200) ** 2 / 100**2 + (columns - 190) ** 2 / 80**2 < 1
    return np.where(cup, photo("coffee", 384, 384), scene)


@pytest.mark.parametrize("scene", [plain_sky, calm_sea, night, vignette, cup_on_white])
def test_what_only_looks_like_a_margin_stays(scene) -> None:
    assert find_photographs(scene()) == (WHOLE,)


def test_a_hint_on_what_seemed_a_mount_shows_that_it_is_none() -> None:
    page = paper("white", 400, 400)
    page[40:300, 60:350] = photo("coffee", 260, 290)
    inside, outside = (Hint(x=x, y=0.5, a=20, b=20) for x in (0.5, 0.95))
    assert "mount" in choose_look(page, page.shape, [inside]).notes[0]
    assert choose_look(page, page.shape, [inside, outside]).at_the_whole


def test_further_looks_at_a_photograph_are_like_the_first_without_another_search(monkeypatch) -> None:
    page = paper("white", 400, 400)
    page[40:300, 60:350] = photo("coffee", 260, 290)
    hints = [[Hint(x=x, y=0.5, a=20, b=20)] for x in (0.5, 0.95)]
    alone = [choose_look(page, page.shape, each) for each in ((), *hints)]
    searches = []
    monkeypatch.setattr(
        look, "find_photographs", lambda page: searches.append(page) or find_photographs(page)
    )
    choose = Looks().choose
    assert [choose(page, page.shape, each) for each in ((), *hints)] == alone
    assert len(searches) == 1
