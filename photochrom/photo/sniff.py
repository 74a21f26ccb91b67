"""What a file is, by its first bytes: names and extensions of uploads are not to be trusted."""

import re
from enum import StrEnum

from ..errors import UnreadablePhoto, UnsupportedFormat

HEAD_BYTES = 160
"""As many bytes of a file as `sniff` looks at."""


class PhotoFormat(StrEnum):
    """Image formats that can be told by their first bytes."""

    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"
    HEIC = "heic"
    AVIF = "avif"
    JP2 = "jp2"
    JXL = "jxl"
    BMP = "bmp"
    GIF = "gif"
    PNM = "pnm"
    """Portable bitmap, graymap, pixmap or arbitrary map."""

    @property
    def media_type(self) -> str:
        """The media type, registered but for PNM's."""
        return "image/" + {"pnm": "x-portable-anymap"}.get(self.value, self.value)

    @property
    def result(self) -> "PhotoFormat":
        """The format of a result that is to be as its original.

        PNG for what is read and never written, JPEG for HEIC, whose encoder is not shipped.
        """
        if self is PhotoFormat.HEIC:
            return PhotoFormat.JPEG
        return PhotoFormat.PNG if self in (PhotoFormat.BMP, PhotoFormat.GIF, PhotoFormat.PNM) else self

    @property
    def extension(self) -> str:
        """The usual file extension, with its dot."""
        return {"jpeg": ".jpg", "tiff": ".tif"}.get(self.value, "." + self.value)


_MAGIC = (
    (b"\xff\xd8\xff", PhotoFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", PhotoFormat.PNG),
    (b"II*\x00", PhotoFormat.TIFF),
    (b"MM\x00*", PhotoFormat.TIFF),
    (b"II+\x00", PhotoFormat.TIFF),
    (b"MM\x00+", PhotoFormat.TIFF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", PhotoFormat.JP2),
    (b"\xff\x4f\xff\x51", PhotoFormat.JP2),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", PhotoFormat.JXL),
    (b"\xff\x0a", PhotoFormat.JXL),
    (b"GIF87a", PhotoFormat.GIF),
    (b"GIF89a", PhotoFormat.GIF),
)
# ISO base media brands (ISO/IEC 14496-12): the container of HEIC, AVIF and most video.
_BRANDS = {
    PhotoFormat.AVIF: (b"avif", b"avis"),
    PhotoFormat.HEIC: (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
}
_RAW_FILES = (
    b"FUJIFILM",
    b"IIRO",
    b"IIRS",
    b"MMOR",
    b"IIU\x00",
    b"\x00MRM",
    b"FOVb",
    b"II\x1a\x00\x00\x00HEAP",
)
_IMAGES = (
    (b"\x00\x00\x01\x00", "Windows' icons (ICO)"),
    (b"icns", "macOS's icons (ICNS)"),
    (b"\n\x05\x01", "PCX"),
    (b"\x01\xda", "Silicon Graphics (SGI)"),
    (b"DDS ", "DirectDraw (DDS)"),
    (b"qoif", "QOI"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"AT&TFORM", "DjVu"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance (HDR)"),
    (b"SIMPLE  =", "astronomy (FITS)"),
    (b"gimp xcf", "GIMP (XCF)"),
    (b"\x8aMNG", "MNG"),
    (b"\x8bJNG", "JNG"),
    (b"\x59\xa6\x6a\x95", "Sun's rasters"),
    (b"SDPX", "film scanners (DPX)"),
    (b"XPDS", "film scanners (DPX)"),
    (b"\x80\x2a\x5f\xd7", "film scanners (Cineon)"),
    (b"BPG\xfb", "BPG"),
    (b"FLIF", "FLIF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Microsoft Office"),
)
_DICOM_AT = 128
_TEXT_MODE = "copied as if it were text, which damages it; copy it again, in binary mode"
_OTHERS = (
    (b"%PDF", "a PDF; export its pages as images first"),
    (b"8BPS", "a Photoshop document; save it as TIFF"),
    (b"PK\x03\x04", "a ZIP archive; send its photographs one by one, or as a batch"),
    (b"PF", "a portable float map; save it with 8 or 16 bits"),
    (b"Pf", "a portable float map; save it with 8 or 16 bits"),
    (b"\xc3\xbf\xc3\x98", f"a JPEG {_TEXT_MODE}"),
    (b"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", f"a JPEG {_TEXT_MODE}"),
    (b"\x89PNG", f"a PNG {_TEXT_MODE}"),
    (b"\xc2\x89PNG", f"a PNG {_TEXT_MODE}"),
    (b"\xef\xbf\xbdPNG", f"a PNG {_TEXT_MODE}"),
    (b"\xff\xd8\xff", "a JPEG with other bytes in front of it; copy it again"),
    (b"/9j/", "a JPEG in Base64; decode it first"),
    (b"iVBORw0KGgo", "a PNG in Base64; decode it first"),
    (b"data:image/", "an image as a data URL; decode it first"),
    (b"\x00\x05\x16\x07", "macOS's notes about a file (AppleDouble); send the file itself"),
    (b"version https://git-lfs", "the pointer of Git LFS to a file; fetch the file itself"),
    *((magic, f"a file of {name}; save it as TIFF or PNG") for magic, name in _IMAGES),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"<?xml", "an XML text"),
    (b"<svg", "an SVG drawing"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"{", "a JSON text"),
    (b"RIFF", "a RIFF file (audio or video)"),
    (b"\x00\x00\x01\xba", "a video"),
    (b"\x1aE\xdf\xa3", "a video"),
    *((magic, "a raw camera file; develop it to TIFF first") for magic in _RAW_FILES),
)
_ACCEPTED = "JPEG, PNG, TIFF, WebP, HEIC, AVIF, JPEG 2000, JPEG XL, BMP, GIF and PNM"
# A BMP's second header begins with its length, one of these; two letters alone could begin any text.
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
# P7 alone is of thumbnails, too, which go on with a number.
_PORTABLE_MAP = re.compile(rb"P(?:[1-6][\s#]|7\r?\n)")


def sniff(head: bytes) -> PhotoFormat:
    """Tell the format of a file from its first `HEAD_BYTES` bytes (fewer only if the file is shorter).

    Raises:
        UnreadablePhoto: there are no bytes.
        UnsupportedFormat: the bytes begin none of the formats; the message names what they look like.
    """
    if not head:
        raise UnreadablePhoto("The file is empty.")
    for magic, known in _MAGIC:
        if head.startswith(magic):
            return known
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return PhotoFormat.BMP
    if _PORTABLE_MAP.match(head):
        return PhotoFormat.PNM
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if head[4:8] == b"ftyp" and (branded := _by_brand(head)):
        return branded
    raise UnsupportedFormat(f"This is {_looks_like(head)}; Photochrom reads {_ACCEPTED}.")


def _by_brand(head: bytes) -> PhotoFormat | None:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    # The major brand, then the compatible ones; four bytes of minor version lie between.
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, end, 4))]
    for photo_format, known in _BRANDS.items():
        if any(brand in known for brand in brands):
            return photo_format
    return None


def _looks_like(head: bytes) -> str:
    if head[4:12] == b"ftypcrx ":
        return "a raw camera file; develop it to TIFF first"
    if head[4:8] == b"ftyp":
        return "a video"
    if head[_DICOM_AT : _DICOM_AT + 4] == b"DICM":
        return "a medical picture (DICOM); export it as TIFF or PNG"
    # The whole head first: a format may begin with what is blank in a text.
    for text in (head, head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")):
        for magic, name in _OTHERS:
            if text.startswith((magic, magic.lower()) if magic.startswith(b"<") else magic):
                return name
    return "not an image that can be recognised"
