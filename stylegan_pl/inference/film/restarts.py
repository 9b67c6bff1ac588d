"""Times that go on where a film's start again: recordings laid one behind another, cameras whose clock was set back."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

_BACK = Fraction(1, 10)  # seconds; a stream's decoding times never fall, so that more is another recording
_AHEAD = 256  # packets that are looked at for the other streams' first of the new recording


class GoingOn:
    """Moves a film's packets in time, all streams by the same, so that a second recording follows the first.

    The earliest packet of the new recording is put where the last one of the old ends: sound and pictures of each stay
    together, and no time falls.
    """

    def __init__(self) -> None:
        self.restarts = 0
        self._shift = Fraction(0)  # seconds that are added
        self._last: dict[int, Fraction] = {}  # the last decoding time of each stream, as it was; seconds
        self._end = Fraction(0)  # of what has come, moved; seconds

    def __call__(self, packets: Iterator[Any]) -> Iterator[Any]:
        """The packets, moved, in their order."""
        for packet in packets:
            yield from self._one(packet, packets)

    def _one(self, packet: Any, behind: Iterator[Any]) -> Iterator[Any]:
        if _is_back(packet, self._last):
            yield from self._next_recording(packet, behind)
        else:
            yield self._moved(packet)

    def _next_recording(self, packet: Any, behind: Iterator[Any]) -> Iterator[Any]:
        """Reads on until every stream has started again: the rest of the old recording may lie between."""
        old: list[Any] = []
        new, begun = [packet], {packet.stream.index: _seconds(packet, packet.dts)}
        left_over = None
        while not begun.keys() >= self._last.keys() and len(old) + len(new) < _AHEAD:
            other = next(behind, None)
            if other is None:
                break
            index = other.stream.index
            if index in begun and _is_back(other, begun):
                left_over = other  # a third recording
                break
            if index in begun or _is_back(other, self._last):
                begun[index] = _seconds(other, other.dts)
            (new if index in begun else old).append(other)
        for other in old:
            yield self._moved(other)
        starts = [_seconds(other, other.dts if other.pts is None else other.pts) for other in new]
        self._shift = self._end - min(start for start in starts if start is not None)
        self._last, self.restarts = {}, self.restarts + 1
        for other in new:
            yield self._moved(other)
        if left_over is not None:
            yield from self._one(left_over, behind)

    def _moved(self, packet: Any) -> Any:
        index, time = packet.stream.index, _seconds(packet, packet.dts)
        since = Fraction(0)
        if time is not None:
            since, self._last[index] = max(Fraction(0), time - self._last.get(index, time)), time
        units = round(self._shift / _fraction(packet.time_base)) if packet.time_base else 0
        packet.dts = None if packet.dts is None else packet.dts + units
        packet.pts = None if packet.pts is None else packet.pts + units
        for begin in (_seconds(packet, packet.dts), _seconds(packet, packet.pts)):
            if begin is not None:
                self._end = max(self._end, begin + (_seconds(packet, packet.duration) or since))
        return packet


def _is_back(packet: Any, before: dict[int, Any]) -> bool:
    last, time = before.get(packet.stream.index), _seconds(packet, packet.dts)
    return last is not None and time is not None and time < last - _BACK


def _seconds(packet: Any, units: int | None) -> Fraction | None:
    return None if units is None or not packet.time_base else units * _fraction(packet.time_base)


def _fraction(ratio: Any) -> Fraction:
    return Fraction(ratio.numerator, ratio.denominator)
