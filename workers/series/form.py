"""Which photographs of a batch belong together, and how the colours of each move towards the others'.

Nothing here depends on the order of the photographs or on who works: they are sorted by what they are.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.series import Series
from photochrom.photo.shift import Shift
from photochrom.photo.sight import ALIKE, PLACES, Matches, Sight, likeness, matches

CANDIDATES = 24
"""Each photograph is compared place by place with so many: those that are most similar as a whole."""
RELATIVES = 16
"""At most so many photographs lend their colours to one."""
TOGETHER = 18.0
"""Least sum over shared places at which two photographs belong together; fitted (docs/lab/series.md)."""
_SURE = 0.6
_GAIN = 4.0
_ROUNDS = 2
_OF_HINTS = np.float32(4)
"""How much more a colour counts that somebody gave."""


@dataclass(frozen=True)
class Member:
    """One photograph of a series."""

    name: str
    relatives: tuple[str, ...]
    shift: Shift


@dataclass(frozen=True)
class Group:
    """A series of two photographs or more."""

    members: tuple[Member, ...]

    def digest(self, original: Callable[[str], str]) -> str:
        """Return a name for the series by the hashes of its originals."""
        told = "\n".join(sorted(original(member.name) for member in self.members))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def told(self, original: Callable[[str], str]) -> Iterator[tuple[str, Series]]:
        """Yield what each member is to know, by the hashes of the originals."""
        digest = self.digest(original)
        for member in self.members:
            told = Series(group=digest, members=len(self.members), relatives=member.relatives)
            yield member.name, told.model_copy(update={"shift": member.shift.packed()})


def form(names: Sequence[str], sight: Callable[[str], Sight]) -> Iterator[Group]:
    """Yield the series among these photographs.

    Args:
        names: sorted by what tells two photographs apart, so that no order of arrival counts.
        sight: reads what one shows; called again and again, so that few are in memory at once.
    """
    scores = dict(_scores(names, sight))
    for group in _joined(len(names), [pair for pair, score in scores.items() if score >= TOGETHER]):
        relatives = {one: _relatives(one, group, scores) for one in group}
        shifts = _agreed({one: sight(names[one]) for one in group}, relatives)
        yield Group(
            tuple(
                Member(names[one], tuple(names[other] for other in relatives[one]), shifts[one])
                for one in group
            )
        )


def _scores(names: Sequence[str], sight: Callable[[str], Sight]) -> Iterator[tuple[tuple[int, int], float]]:
    """Yield how much two photographs share, for the pairs that may share something."""
    if len(names) < 2:
        return
    means, known = np.stack([sight(name).mean() for name in names]), set[tuple[int, int]]()
    for one, likest in enumerate(_likest(means)):
        mine = sight(names[one])
        for other in likest:
            pair = min(one, other), max(one, other)
            if pair not in known:
                known.add(pair)
                yield pair, shared(mine, sight(names[other]))


def _likest(means: NDArray[np.float32]) -> Iterator[list[int]]:
    """Yield for each photograph those that are most similar as a whole, the most similar first."""
    # Rounded, so that the last bits of a processor decide nothing.
    for one, mean in enumerate(means):
        cosines = np.rint(means @ mean * 1e4)
        cosines[one] = -np.inf
        yield [int(other) for other in np.argsort(-cosines, kind="stable")[:CANDIDATES] if other != one]


def shared(one: Sight, other: Sight) -> float:
    """Return how much two photographs share: the sum over their mutually most similar places, by similarity."""
    _, cosines = matches(likeness(one, other))
    return float(np.clip((cosines - _SURE) / (1 - _SURE), 0, 1).sum())


def _joined(count: int, pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return the groups that the pairs join, of two or more."""
    leader = list(range(count))

    def of(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for one, other in pairs:
        first, second = sorted((of(one), of(other)))
        leader[second] = first
    groups: dict[int, list[int]] = {}
    for one in range(count):
        groups.setdefault(of(one), []).append(one)
    return [group for group in groups.values() if len(group) > 1]


def _relatives(one: int, group: Sequence[int], scores: dict[tuple[int, int], float]) -> list[int]:
    found = [(-scores.get((min(one, other), max(one, other)), 0.0), other) for other in group if other != one]
    return [other for score, other in sorted(found)[:RELATIVES] if score]


def _agreed(sights: dict[int, Sight], relatives: dict[int, list[int]]) -> dict[int, Shift]:
    """Move each photograph towards the mean of itself and its relatives where they show the same thing, twice."""
    found = {(one, other): _weighed(sights[one], sights[other]) for one in sights for other in relatives[one]}
    own = {one: sight.colors.astype(np.float32) for one, sight in sights.items()}
    now = own
    for _ in range(_ROUNDS):
        now = {one: _mean(one, now, own, relatives[one], found, sights) for one in sights}
    return {
        one: Shift(now[one] - own[one], _sure([found[one, other] for other in relatives[one]]))
        for one in sights
    }


def _sure(found: Sequence[Matches]) -> NDArray[np.float32]:
    return np.clip(sum((sure for _, sure in found), np.zeros(PLACES, np.float32)), 0, 1)


def _weighed(one: Sight, other: Sight) -> Matches:
    there, cosines = matches(likeness(one, other))
    return there, np.clip((cosines - ALIKE) / (1 - ALIKE) * _GAIN, 0, 1).astype(np.float32)


def _mean(
    one: int,
    now: dict[int, NDArray[np.float32]],
    own: dict[int, NDArray[np.float32]],
    relatives: Sequence[int],
    found: dict[tuple[int, int], Matches],
    sights: dict[int, Sight],
) -> NDArray[np.float32]:
    if sights[one].anchored:
        return own[one]
    total, weight = now[one].copy(), np.ones(PLACES, np.float32)
    for other in relatives:
        there, sure = found[one, other]
        counts = sure * _OF_HINTS if sights[other].anchored else sure
        total += counts * now[other][:, there]
        weight += counts
    return np.asarray(total / weight, np.float32)
