"""Laws of old film as augmentation."""

import pytest
import torch
from torch import Tensor

from model.training import ageing, emulsion
from model.training.augment import augment, generator
from model.training.draws import Draws
from model.training.film import Film, on_film
from model.training.stored import Stored
from photochrom.seeing.stretch import find_stretch

NOTHING = dict.fromkeys(Film.model_fields, 0.0)


def only(**shares: float) -> Film:
    return Film(**(NOTHING | {"share": 1.0} | shares))


@pytest.fixture(scope="module")
def stored() -> Stored:
    """Soft scenes of many colours, well inside of sRGB."""
    coarse = 0.3 + 0.4 * torch.rand(12, 3, 8, 8, generator=generator(5))
    smooth = torch.nn.functional.interpolate(coarse, (64, 64), mode="bicubic").clamp(0, 1)
    return Stored.of_rgb((smooth * 255).byte())


@pytest.fixture(scope="module")
def ramp() -> Tensor:
    return torch.linspace(0.01, 1, 64).expand(32, 1, 64, 64)


def seen(stored: Stored, film: Film | None, seed: int = 1) -> Tensor:
    return augment(stored, 64, generator(seed), film=film, age=False).lightness


def test_without_film_the_light_is_the_photographs_own(stored: Stored) -> None:
    clean = seen(stored, None)
    assert torch.equal(seen(stored, only(share=0.0)), clean)
    torch.testing.assert_close(seen(stored, only()), clean, atol=0.5, rtol=0)  # through RGB and back


def test_the_share_that_stays_clean_is_exact(stored: Stored) -> None:
    batch = augment(stored, 64, generator(3), film=Film(share=0.75))
    changed = (batch.lightness - batch.clean).abs().amax((1, 2, 3)) > 0
    assert changed.tolist() == [True] * 9 + [False] * 3
    assert (batch.shown[9:] == 1).all()


def test_film_is_a_function_of_its_generator(stored: Stored) -> None:
    assert torch.equal(seen(stored, Film()), seen(stored, Film()))
    assert not torch.equal(seen(stored, Film()), seen(stored, Film(), seed=2))


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_all_of_film_stays_finite_and_in_range(stored: Stored, kind: torch.dtype) -> None:
    everything = Film(**dict.fromkeys(Film.model_fields, 1.0))
    lightness, ab = stored.lab()
    black, white = torch.zeros_like(lightness[:2]), torch.full_like(lightness[:2], 100.0)
    clean = torch.cat([lightness, black, white]).to(kind)
    colors = torch.cat([ab, torch.zeros_like(ab[:4])]).to(kind)
    for seed in range(5):
        taken, shown = on_film(clean, colors, everything, generator(seed))
        assert taken.isfinite().all()
        assert taken.min() >= 0
        assert taken.max() <= 100
        assert set(shown.unique().tolist()) <= {0.0, 1.0}


def test_a_blue_plate_makes_skies_white_and_leaves_dark() -> None:
    colors = torch.tensor([[0.25, 0.45, 0.85], [0.1, 0.25, 0.04]])  # linear RGB of a sky and of leaves
    light = colors[:, :, None, None].repeat(30, 1, 4, 4)
    exposure = emulsion.expose(light, 1.0, 1.0, 0.0, Draws(60, generator(0))).mean((1, 2, 3))
    sky, leaves = exposure[::2], exposure[1::2]
    luminance = (colors * torch.tensor([0.2126, 0.7152, 0.0722])).sum(1)
    assert (sky > luminance[0]).all()
    assert (leaves < luminance[1]).all()


def test_grey_is_grey_to_every_emulsion() -> None:
    light = torch.full((50, 3, 4, 4), 0.4)
    exposure = emulsion.expose(light, 1.0, 0.35, 0.25, Draws(50, generator(0)))
    torch.testing.assert_close(exposure, torch.full((50, 1, 4, 4), 0.4))


def test_overexposure_puts_the_bright_where_it_says() -> None:
    even = torch.rand(32, 1, 256, 256, generator=generator(4))
    exposed = emulsion.overexpose(even, 1.0, Draws(32, generator(0)))
    bright = exposed.flatten(1).quantile(0.98, dim=1)
    assert bright.min() > 0.88
    assert bright.max() < 1.63


@pytest.mark.parametrize("effect", [emulsion.develop, ageing.gamma, ageing.fade, emulsion.overexpose])
def test_curves_never_turn_tones_around(effect: object, ramp: Tensor) -> None:
    toned = effect(ramp, 1.0, Draws(32, generator(0)))  # type: ignore[operator]
    assert (toned.diff(dim=-1) >= -1e-6).all()
    assert toned.min() >= -1e-6


def test_a_developed_white_is_white(ramp: Tensor) -> None:
    developed = emulsion.develop(ramp, 1.0, Draws(32, generator(0)))
    torch.testing.assert_close(developed[..., -1], torch.ones(32, 1, 64))


def test_halation_and_vignettes_act_where_they_should(ramp: Tensor) -> None:
    glowing = emulsion.halate(ramp, 1.0, Draws(32, generator(0)))
    assert (glowing >= ramp).all()
    assert torch.equal(glowing[..., :16], ramp[..., :16])  # far from the light
    dark = emulsion.vignette(torch.ones(32, 1, 64, 64), 1.0, Draws(32, generator(0)))
    assert (dark[:, :, 32, 32] > 0.99).all()
    assert (dark[:, :, 0, 0] < 0.9).all()


def test_blur_keeps_the_sum_of_the_light() -> None:
    point = torch.zeros(8, 1, 33, 33)
    point[:, :, 16, 16] = 1
    blurred = emulsion.blur(point, 1.0, Draws(8, generator(0)))
    torch.testing.assert_close(blurred.sum((1, 2, 3)), torch.ones(8))
    assert (blurred.amax((1, 2, 3)) < 0.7).all()


def test_grain_is_strongest_in_the_middle_tones() -> None:
    def spread(tone: float) -> float:
        flat = torch.full((64, 1, 32, 32), tone)
        return float((emulsion.grain(flat, 1.0, Draws(64, generator(0))) - flat).std())

    assert spread(0.5) > 2 * spread(0.02)
    assert spread(0.5) > 2 * spread(0.98)


def test_a_halftone_keeps_the_mean_tone() -> None:
    for tone in (0.3, 0.5, 0.7):
        flat = torch.full((64, 1, 64, 64), tone)
        assert ageing.halftone(flat, 1.0, Draws(64, generator(0))).mean().item() == pytest.approx(
            tone, abs=0.08
        )


def test_under_a_mount_there_is_no_colour(stored: Stored) -> None:
    batch = augment(stored, 64, generator(3), film=only(mount=1.0), age=False)
    covered = batch.shown == 0
    assert 0.05 < covered.float().mean() < 0.7
    assert (batch.ab[covered.expand_as(batch.ab)] == 0).all()
    pixels = batch.shown.repeat_interleave(4, 2).repeat_interleave(4, 3) == 1
    torch.testing.assert_close(batch.lightness[pixels], batch.clean[pixels], atol=0.5, rtol=0)


@pytest.mark.parametrize(("effect", "most"), [(ageing.dust, 0.05), (ageing.scratch, 0.2)])
def test_damage_is_rare(effect: object, most: float, ramp: Tensor) -> None:
    damaged = effect(ramp, 1.0, Draws(32, generator(0)))  # type: ignore[operator]
    assert 0 < ((damaged - ramp).abs() > 0.02).float().mean() < most


def test_training_shows_a_faded_photograph_as_a_worker_does(ramp: Tensor) -> None:
    faded = 0.4 + 0.25 * ramp[:1]
    stretch = find_stretch(100 * faded[0, 0, ::4, ::4].numpy())
    assert stretch is not None
    torch.testing.assert_close(
        100 * ageing.seen(faded).clamp(0, 1),
        torch.from_numpy(stretch.of(100 * faded.numpy())),
        atol=0.01,
        rtol=0,
    )
    torch.testing.assert_close(ageing.seen(ramp), ramp)
