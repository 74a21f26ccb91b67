"""Seeds: small pictures of every kind that Photochrom reads, with all their metadata, made from code."""

import io
import struct
from typing import Any, Literal

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from workers.pipeline.formats.jp2 import write_jp2
from workers.pipeline.formats.jpeg.file import JpegFile
from workers.pipeline.formats.jpeg.metadata import write_segments
from workers.pipeline.formats.jxl.picture import write_jxl
from workers.pipeline.formats.png import write_png
from workers.pipeline.metadata import icc
from workers.pipeline.photo import Metadata

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description tiff:Orientation="6" '
    b'xmlns:photochrom="urn:photochrom:xmp:1.0:" photochrom:Model="a"/></rdf:RDF></x:xmpmeta>'
)
IPTC = b"\x1c\x02\x05\x00\x04Name"
_HEIGHT, _WIDTH = 12, 20
_TIFF_WAYS: tuple[dict[str, Any], ...] = (
    {},
    {"compression": "lzw", "byteorder": ">"},
    {"compression": "zlib", "predictor": True, "bigtiff": True},
    {"compression": "packbits", "tile": (16, 16)},
    {"compression": "zstd"},
    {"compression": "jpeg"},
    {"photometric": "miniswhite"},
)


def every_kind() -> list[bytes]:
    """Return files of a few hundred bytes each."""
    found = [*_jpegs(), *_pngs(), *_tiffs(), *_jp2s(), *_jxls(), *_stills(), *_plain()]
    return [*found, b"\x89PNG\r\n\x1a\n", b"%PDF-1.7"]


def exif(order: Literal["<", ">"] = "<") -> bytes:
    """Return EXIF with an orientation, a nested directory, and a second one with a thumbnail."""
    marker = b"II*\x00" if order == "<" else b"MM\x00*"
    tags = ((0x0112, 3, 6), (0x8769, 4, 50), (0x0128, 3, 2))
    first = struct.pack(order + "H", len(tags)) + b"".join(_tag(order, *tag) for tag in tags)
    nested = struct.pack(order + "H", 2) + _tag(order, 0xA002, 4, 20) + _tag(order, 0xA003, 4, 12) + bytes(4)
    second = struct.pack(order + "H", 2) + _tag(order, 0x0201, 4, 110) + _tag(order, 0x0202, 4, 8) + bytes(4)
    head = marker + struct.pack(order + "I", 8) + first + struct.pack(order + "I", 80)
    return head + nested + second + b"\xff\xd8thumb\xd9"


def _tag(order: str, tag: int, kind: int, value: int) -> bytes:
    packed = struct.pack(order + "HHI", tag, kind, 1)
    return packed + (struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value))


def grey_profile() -> bytes:
    """Return a grey ICC profile with a curve of two points."""
    curve = b"curv\x00\x00\x00\x00" + struct.pack(">IHH", 2, 0, 65535)
    header = struct.pack(">I", 144 + len(curve)).ljust(16, b"\x00") + b"GRAYXYZ ".ljust(20, b"\x00") + b"acsp"
    return header.ljust(128, b"\x00") + struct.pack(">I4sII", 1, b"kTRC", 144, len(curve)) + curve


def _grey(dtype: type[np.uint8 | np.uint16] = np.uint8) -> NDArray[Any]:
    ramp = np.linspace(0, np.iinfo(dtype).max, _HEIGHT * _WIDTH)
    return ramp.reshape(_HEIGHT, _WIDTH).astype(dtype)


def _rgb(dtype: type[np.uint8 | np.uint16] = np.uint8) -> NDArray[Any]:
    grey = _grey(dtype)
    return np.dstack([grey, grey[::-1], grey[:, ::-1]])


def _metadata() -> Metadata:
    return Metadata(icc=grey_profile(), exif=exif(), xmp=XMP, iptc=IPTC, dpi=(300.0, 300.0))


def _saved(pixels: NDArray[Any], kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def _jpegs() -> list[bytes]:
    plain = [
        _saved(_grey(), "JPEG", quality=60),
        _saved(_grey(), "JPEG", quality=60, progressive=True),
        _saved(_rgb(), "JPEG", quality=60),
        _saved(_rgb(), "JPEG", quality=60, progressive=True, subsampling="4:4:4"),
    ]
    segments = write_segments(_metadata())
    return plain + [bytes(JpegFile.read(data).with_metadata(segments)) for data in plain[::3]]


def _pngs() -> list[bytes]:
    grey, colour = _grey(), Image.fromarray(_rgb())
    palette = io.BytesIO()
    colour.quantize(8).save(palette, "PNG", transparency=1)
    return [
        _saved(grey, "PNG"),
        bytes(imagecodecs.png_encode(_grey(np.uint16))),
        bytes(imagecodecs.png_encode(_rgb(np.uint16))),
        palette.getvalue(),
        write_png(_rgb(), grey, _metadata()),
    ]


def _tiffs() -> list[bytes]:
    found = []
    for way in _TIFF_WAYS:
        file = io.BytesIO()
        tifffile.imwrite(file, _grey(), metadata=None, **way)
        found.append(file.getvalue())
    file = io.BytesIO()
    extra = [(34675, 7, len(icc.power(1.8)), icc.power(1.8), True), (274, 3, 1, 6, True)]
    tifffile.imwrite(file, _rgb(np.uint16), photometric="rgb", metadata=None, extratags=extra)
    return [*found, file.getvalue()]


def _jp2s() -> list[bytes]:
    deep = write_jp2(_rgb(np.uint16), None, _metadata(), 60, lossless=True)
    return [
        deep,
        write_jp2(_rgb(), _grey(), Metadata(), 60, lossless=False),
        bytes(imagecodecs.jpeg2k_encode(_grey(), level=0, codecformat="j2k")),
    ]


def _jxls() -> list[bytes]:
    return [
        write_jxl(_rgb(np.uint16), None, _metadata(), 60, lossless=True),
        write_jxl(_rgb(), _grey(), Metadata(), 60, lossless=False),
        bytes(imagecodecs.jpegxl_encode_jpeg(_saved(_rgb(), "JPEG"))),
    ]


def _plain() -> list[bytes]:
    return [_saved(_rgb(), "BMP"), _saved(_grey(), "GIF"), _saved(_grey(), "PPM")]


def _stills() -> list[bytes]:
    import pillow_heif

    carried = {"exif": b"Exif\x00\x00" + exif(), "xmp": XMP, "icc_profile": icc.srgb()}
    heic = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(_rgb())).save(heic, exif=carried["exif"])
    return [
        _saved(_rgb(), "WEBP", quality=50),
        _saved(_rgb(), "WEBP", lossless=True, **carried),
        _saved(_rgb(), "AVIF", quality=50),
        _saved(_grey(), "AVIF", quality=50, **carried),
        heic.getvalue(),
    ]
