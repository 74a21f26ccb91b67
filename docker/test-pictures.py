"""Pictures for docker/test-compose, made in the worker's container.

A tar of photographs comes in, one of pictures goes out: an album page with three photographs, a photograph
on its side, one askew on a scanner's lid, a colour negative, a print with dust and a scratch, two prints of one view,
and a scan of 16 bits.
"""

import io
import sys
import tarfile

import numpy as np
from PIL import Image, ImageDraw

SAVED = {
    "jpg": {"format": "JPEG", "quality": 92},
    "png": {"format": "PNG"},
    "tif": {"format": "TIFF", "compression": "tiff_adobe_deflate"},
}
random = np.random.default_rng(1)


def main() -> None:
    """Read the photographs by name, write the pictures by name."""
    with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())) as given:
        photos = {
            name: Image.open(io.BytesIO(given.extractfile(name).read())).convert("RGB")
            for name in given.getnames()
        }
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as made:
        for name, picture in pictures(photos).items():
            body = io.BytesIO()
            picture.save(body, **SAVED[name[-3:]])
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = body.tell(), 10**9  # a zip holds no time before 1980
            body.seek(0)
            made.addfile(entry, body)


def pictures(photos: dict[str, Image.Image]) -> dict[str, Image.Image]:
    """What is sent, by name."""
    cat, rocket, person = (photos[f"{name}.jpg"] for name in ("cat", "rocket", "astronaut"))
    width, height = cat.size
    return {
        "page.jpg": page([cat, rocket, person]),
        "side.jpg": person.convert("L").transpose(Image.Transpose.ROTATE_90),
        "askew.jpg": askew(rocket.convert("L")),
        "negative.png": negative(rocket),
        "damaged.png": damaged(cat.convert("L")),
        "view-1.jpg": cat.convert("L"),
        "view-2.jpg": cat.convert("L")
        .crop((width // 12, height // 12, width, height))
        .point(lambda x: x * 0.9),
        "scan.tif": Image.fromarray(np.asarray(cat.convert("L"), np.uint16) * 257),
    }


def page(photos: list[Image.Image]) -> Image.Image:
    """An album's page: photographs side by side on grained paper."""
    paper = random.normal(225, 3, (900, 2000)).clip(0, 255).astype(np.uint8)
    sheet = Image.fromarray(paper)
    for place, photo in enumerate(photos):
        sheet.paste(photo.convert("L").resize((520, 600)), (110 + 630 * place, 150))
    return sheet


def askew(photo: Image.Image) -> Image.Image:
    """A print turned by three degrees on an even lid."""
    lid = Image.new("L", (photo.width + 120, photo.height + 120), 250)
    lid.paste(photo, (60, 60))
    return lid.rotate(3, Image.Resampling.BICUBIC, fillcolor=250)


def negative(photo: Image.Image) -> Image.Image:
    """Densities inverted, behind the orange of unexposed film."""
    share = np.clip(1 - np.asarray(photo) / 255 * 0.8, 0, 1)
    return Image.fromarray(np.rint(share * np.array([235, 150, 95])).astype(np.uint8))


def damaged(photo: Image.Image) -> Image.Image:
    """A print with a scratch from edge to edge, and dust."""
    photo = photo.copy()
    drawing = ImageDraw.Draw(photo)
    width, height = photo.size
    drawing.line([(width * 0.3, 0), (width * 0.33, height)], fill=250, width=2)
    for x, y in random.uniform(0.05, 0.95, (40, 2)):
        drawing.ellipse([x * width - 2, y * height - 2, x * width + 2, y * height + 2], fill=252)
    return photo


if __name__ == "__main__":
    main()
