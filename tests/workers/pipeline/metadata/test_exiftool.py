"""What a result says of itself and what its original said, as ExifTool reads them: a reader that is not ours."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from photochrom import __version__
from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.metadata.xmp import SOURCE_TYPE

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"'
    b' xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"'
    b' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/print" dc:source="Box 12">'
    b'<xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved" stEvt:when="2019-05-01"/></rdf:Seq></xmpMM:History>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
HINTS = [{"x": 0.5, "y": 0.25, "color": "#a04030"}]


def told_by(path: Path) -> dict:
    """What ExifTool tells of a file, with structures as they are; it must have nothing to complain about."""
    run = subprocess.run(
        ["exiftool", "-j", "-G1", "-struct", str(path)], capture_output=True, text=True, check=True
    )
    told = json.loads(run.stdout)[0]
    assert not [value for key, value in told.items() if key.endswith((":Warning", ":Error"))]
    return told


@pytest.fixture(params=["jpeg", "png", "tiff", "webp", "avif", "heic", "jp2", "jxl"])
def result(request, save, predictor, rgb_photo, tmp_path) -> tuple[bytes, dict]:
    """The original's bytes, and what ExifTool reads in a result of this format."""
    exif = Image.Exif()
    exif[0x010F], exif[0x013B] = "Leitz", "Ada"
    original = save(rgb_photo[:64, :96].copy(), "JPEG", exif=exif, xmp=XMP)
    options = ColorizeOptions.model_validate({"format": request.param, "hints": HINTS})
    path = tmp_path / f"result.{request.param}"
    path.write_bytes(colorize(original, predictor, options).data)
    return original, told_by(path)


def test_the_ai_system_and_the_source_type(result):
    told = result[1]
    # Versions of ExifTool that do not know the newest names show them as they are written.
    named = {key.lower(): value for key, value in told.items()}
    assert named["xmp-iptcext:aisystemused"] == "Photochrom"
    assert named["xmp-iptcext:aisystemversionused"] == f"Photochrom {__version__}, model smooth-colors 1"
    assert told["XMP-iptcExt:DigitalSourceType"] == SOURCE_TYPE


def test_the_hashes_of_original_and_model(result):
    original, told = result
    digest = hashlib.sha256(original).hexdigest()
    assert told["XMP-xmpMM:DerivedFrom"]["DocumentID"] == f"urn:sha256:{digest}"
    assert told["XMP-photochrom:OriginalSHA256"] == digest
    assert told["XMP-photochrom:ModelSHA256"] == "0" * 64


def test_the_history_has_a_step_with_all_that_it_takes_to_repeat_it(result):
    original, told = result
    first, ours = told["XMP-xmpMM:History"]
    assert first["Action"] == "saved"
    assert ours["Action"] == "colorized"
    assert ours["SoftwareAgent"] == f"Photochrom {__version__}"
    done = json.loads(ours["Parameters"])
    assert done["original_sha256"] == hashlib.sha256(original).hexdigest()
    assert done["model_sha256"] == "0" * 64
    again = ColorizeOptions.model_validate(done["options"])
    assert again.hints == ColorizeOptions.model_validate({"hints": HINTS}).hints


def test_what_the_original_said_is_there(result):
    told = result[1]
    assert told["XMP-dc:Source"] == "Box 12"
    assert told["XMP-photochromOriginal:DigitalSourceType"].endswith("/print")
    assert told["IFD0:Make"] == "Leitz"
    assert told["IFD0:Artist"] == "Ada"
