"""Make before-after.jpg, the picture of the README, with the program itself."""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
PHOTOS = HERE.parents[1] / "tests" / "photos"
HEIGHT = 300
GAP = 6


def before_and_after(name: str, folder: Path) -> list[Image.Image]:
    """Return the grey photograph and the colorized one."""
    grey, colour = folder / name, folder / f"colour-{name}"
    Image.open(PHOTOS / name).convert("L").save(grey, quality=95)
    subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-m", "cli", "colorize", grey, colour], check=True, cwd=HERE.parents[1]
    )
    return [Image.open(path).convert("RGB") for path in (grey, colour)]


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Return the pictures at one height in a row."""
    scaled = [
        picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT)) for picture in pictures
    ]
    row = Image.new("RGB", (sum(picture.width + GAP for picture in scaled) - GAP, HEIGHT), "white")
    left = 0
    for picture in scaled:
        row.paste(picture, (left, 0))
        left += picture.width + GAP
    return row


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        pictures = [p for name in ("camera.jpg", "coffee.jpg") for p in before_and_after(name, Path(folder))]
        side_by_side(pictures).save(HERE / "before-after.jpg", quality=90)
