"""ICC profiles (ICC.1:2010): which colour space they describe, and a colour profile for a grey one."""

import struct

import numpy as np
from numpy.typing import NDArray

from photochrom.color import luminance_of_lightness

Curve = NDArray[np.float64]

_HEADER = 128
# sRGB's primaries and white adapted to D50 by Bradford, as ICC profiles store them.
_PRIMARIES = {
    b"rXYZ": (0.43606567, 0.22248840, 0.01391602),
    b"gXYZ": (0.38514709, 0.71687317, 0.09707642),
    b"bXYZ": (0.14306641, 0.06060791, 0.71409607),
}
SRGB_PRIMARIES = np.array(list(_PRIMARIES.values())).T
"""Linear sRGB to XYZ (D50), as a matrix (3, 3)."""
D50 = (0.96420288, 1.0, 0.82490540)
"""The white of profiles."""
_SRGB_CURVE_POINTS = 1024
_LAB_POINTS = 4096
# A hundredth of sRGB's volume: no space in use is as narrow.
_LEAST_VOLUME = 1e-3
_LEAST_RISE = 0.5


def color_space(profile: bytes) -> str:
    """Return the profile's data colour space, such as "RGB", "GRAY" or "CMYK"; "" where it is no profile."""
    if len(profile) < _HEADER + 4 or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("ascii", "replace").strip()


def colored(grey_profile: bytes) -> bytes | None:
    """Return an RGB profile with sRGB's primaries in which grey looks as it does in `grey_profile`.

    A grey profile on an RGB picture is invalid; dropping it would change the tones wherever its curve is not
    sRGB's (dot gain 20 %, gamma 1.8). None where the profile has no readable curve.
    """
    curve, light = _tag(grey_profile, b"kTRC"), tone_curve(grey_profile)
    if curve is None or light is None:
        return None
    return _rgb_profile(_curve_tag(light) if _is_in_lab(grey_profile) else curve)


def greyed(rgb_profile: bytes) -> bytes | None:
    """Return a grey profile with the tone curve of an RGB one: what `colored` does, undone.

    None where the profile has no readable curve.
    """
    curve = _tag(rgb_profile, b"rTRC")
    if curve is None or tone_curve(rgb_profile, b"rTRC") is None:
        return None
    return _profile({b"kTRC": curve}, b"grey curve of an RGB profile", b"GRAY")


def srgb() -> bytes:
    """Return an sRGB profile."""
    encoded = np.linspace(0, 1, _SRGB_CURVE_POINTS)
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return _rgb_profile(_curve_tag(light), b"sRGB")


def power(exponent: float) -> bytes:
    """Return a profile with sRGB's primaries in which light is the encoded value to the power of `exponent`."""
    curve = b"para\x00\x00\x00\x00" + struct.pack(">HHi", 0, 0, round(exponent * 65536))
    return _rgb_profile(curve, b"sRGB primaries, gamma")


def matrix(to_xyz: NDArray[np.float64], exponent: float | None) -> bytes:
    """Return a profile with these columns from linear RGB to XYZ (D50) and a power of light, None for sRGB's curve."""
    curve = _tag(srgb() if exponent is None else power(exponent), b"rTRC")
    assert curve is not None
    columns = {tag: _xyz(tuple(column)) for tag, column in zip(_PRIMARIES, to_xyz.T, strict=True)}
    return _profile({**columns, b"rTRC": curve}, b"RGB of its own primaries", b"RGB ")


def is_srgb(profile: bytes) -> bool:
    """Return whether an RGB profile has sRGB's curves and primaries (as far as profiles of different makers agree)."""
    encoded = np.linspace(0, 1, 256)
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    for tag in (b"rTRC", b"gTRC", b"bTRC"):
        curve = tone_curve(profile, tag)
        if curve is None or np.abs(curve - light).max() > 2e-3:
            return False
    found = primaries(profile)
    return found is not None and np.allclose(found, SRGB_PRIMARIES, atol=2e-3)


def primaries(profile: bytes) -> NDArray[np.float64] | None:
    """Return the matrix (3, 3) from linear RGB to XYZ (D50) of a matrix profile; None for others."""
    columns = [_read_xyz(_tag(profile, tag)) for tag in _PRIMARIES]
    return None if None in columns else np.array(columns, np.float64).T


def tone_curve(profile: bytes, tag: bytes = b"kTRC") -> Curve | None:
    """Return linear light at equidistant encoded values, both 0..1: 256, of a grey profile in CIELAB 4,096.

    None where the curve cannot be read, or makes white no lighter than black.
    """
    data = _tag(profile, tag)
    encoded = np.linspace(0, 1, _LAB_POINTS if tag == b"kTRC" and _is_in_lab(profile) else 256)
    if data is None or len(data) < 12 or data[:4] not in (b"curv", b"para"):
        return None
    curve = _sampled(data, encoded) if data[:4] == b"curv" else _parametric(data, encoded)
    if curve is not None and tag == b"kTRC" and _is_in_lab(profile):
        curve = np.asarray(luminance_of_lightness(100 * curve))
    usable = curve is not None and np.isfinite(curve).all() and curve[-1] - curve[0] > _LEAST_RISE
    return curve if usable else None


def _is_in_lab(grey_profile: bytes) -> bool:
    """Whether a grey profile's curve gives lightness, as its connection space is CIELAB, and not light."""
    return grey_profile[20:24] == b"Lab "


def _curve_tag(light: Curve) -> bytes:
    return (
        b"curv\x00\x00\x00\x00"
        + struct.pack(">I", len(light))
        + np.rint(light * 65535).astype(">u2").tobytes()
    )


def is_usable(profile: bytes) -> bool:
    """Return whether an RGB profile's matrix and curves, where it has them, can be undone: broken ones cannot."""
    tags = [_tag(profile, tag) for tag in _PRIMARIES]
    if None in tags:
        return all(tag is None for tag in tags)
    matrix = primaries(profile)
    if matrix is None or not abs(np.linalg.det(matrix)) > _LEAST_VOLUME:
        return False
    return all(tone_curve(profile, tag) is not None for tag in (b"rTRC", b"gTRC", b"bTRC"))


def _sampled(data: bytes, encoded: Curve) -> Curve | None:
    count = struct.unpack(">I", data[8:12])[0]
    points = np.frombuffer(data[12 : 12 + 2 * count], ">u2").astype(np.float64)
    if len(points) != count:
        return None
    if count == 0:
        return encoded
    if count == 1:
        return np.asarray(encoded ** (points[0] / 256))
    return np.asarray(np.interp(encoded, np.linspace(0, 1, count), points / 65535))


def _parametric(data: bytes, encoded: Curve) -> Curve | None:
    """The five parametric curves of ICC.1:2010, table 65; all are the last one with some parameters left out."""
    kind = struct.unpack(">H", data[8:10])[0]
    count = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}.get(kind, 0)
    if not count or len(data) < 12 + 4 * count:
        return None
    p = [value / 65536 for value in struct.unpack(f">{count}i", data[12 : 12 + 4 * count])]
    gamma, a, b = p[:3] if kind else (p[0], 1.0, 0.0)
    break_at = p[4] if kind >= 3 else (-b / a if a and kind else 0.0)
    slope = p[3] if kind >= 3 else 0.0
    above = p[-2] if kind == 4 else p[-1] if kind == 2 else 0.0
    below = p[-1] if kind in (2, 4) else 0.0
    curve = np.maximum(a * encoded + b, 0) ** gamma + above
    return np.asarray(np.clip(np.where(encoded >= break_at, curve, slope * encoded + below), 0, 1))


def _read_xyz(data: bytes | None) -> tuple[float, ...] | None:
    if data is None or len(data) < 20 or data[:4] != b"XYZ ":
        return None
    return tuple(value / 65536 for value in struct.unpack(">3i", data[8:20]))


def _tag(profile: bytes, signature: bytes) -> bytes | None:
    if len(profile) < _HEADER + 4:
        return None
    count = min(struct.unpack(">I", profile[_HEADER : _HEADER + 4])[0], 200)
    for i in range(count):
        entry = profile[_HEADER + 4 + 12 * i : _HEADER + 16 + 12 * i]
        if len(entry) == 12 and entry[:4] == signature:
            offset, size = struct.unpack(">II", entry[4:])
            return profile[offset : offset + size] if offset + size <= len(profile) else None
    return None


def _rgb_profile(curve: bytes, name: bytes = b"sRGB primaries, grey curve of the original") -> bytes:
    """A matrix profile; the three curves share one tag's data."""
    primaries = {tag: _xyz(value) for tag, value in _PRIMARIES.items()}
    return _profile({**primaries, b"rTRC": curve}, name, b"RGB ")


def _profile(own: dict[bytes, bytes], name: bytes, space: bytes) -> bytes:
    """A version 2 profile of these tags, the last of them a curve; those of green and blue are that of red."""
    description = (
        b"desc\x00\x00\x00\x00" + struct.pack(">I", len(name) + 1) + name + b"\x00" * (1 + 4 + 4 + 2 + 1 + 67)
    )
    tags = {
        b"desc": description,
        b"cprt": b"text\x00\x00\x00\x00No copyright\x00",
        b"wtpt": _xyz(D50),
        **own,
    }
    curve = list(own.values())[-1]
    offset, table, body = _HEADER + 4 + 12 * (len(tags) + 2 * (b"rTRC" in own)), [], b""
    for tag, value in tags.items():
        entry = struct.pack(">II", offset + len(body), len(value))
        table.append(tag + entry)
        if tag == b"rTRC":
            table += [b"gTRC" + entry, b"bTRC" + entry]
        body += value + b"\x00" * (-len(value) % 4)
    size = offset + len(body)
    # Parametric curves came with version 4.
    version = b"\x04\x20\x00\x00" if curve[:4] == b"para" else b"\x02\x10\x00\x00"
    header = struct.pack(">I4s", size, b"\x00" * 4) + version + b"mntr" + space + b"XYZ "
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\x00" * 28 + _xyz(D50)[8:]
    header = header.ljust(_HEADER, b"\x00")
    return header + struct.pack(">I", len(table)) + b"".join(table) + body


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \x00\x00\x00\x00" + struct.pack(">3i", *(round(v * 65536) for v in values))
