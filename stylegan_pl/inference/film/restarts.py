"""Makes times increase if a film's times restart, as in joined recordings or after a camera's clock was set back."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

_BACK = Fraction(1, 10)  # seconds; times never decrease within a recording, so a larger step back is another one
_AHEAD = 256  # packets searched for the new recording's first packet of each stream


class ContinuousTimes:
    """Shifts packets in time, all streams equally, so that a second recording follows the first.

    The new recording's earliest packet starts where the old one's last packet ends, so sound and pictures stay in sync,
    and times never decrease.
    """

    def __init__(self) -> None:
        self.restarts = 0
        self._shift = Fraction(0)  # seconds added to all times
        self._last: dict[int, Fraction] = {}  # stream -> its last decoding time before the shift, seconds
        self._end = Fraction(0)  # end of all packets so far, after the shift, seconds

    def __call__(self, packets: Iterator[Any]) -> Iterator[Any]:
        """Yield the shifted packets in order."""
        for packet in packets:
            yield from self._one(packet, packets)

    def _one(self, packet: Any, behind: Iterator[Any]) -> Iterator[Any]:
        if _is_back(packet, self._last):
            yield from self._next_recording(packet, behind)
        else:
            yield self._moved(packet)

    def _next_recording(self, packet: Any, behind: Iterator[Any]) -> Iterator[Any]:
        """Read ahead until every stream has restarted; packets of the old recording may be in between."""
        old: list[Any] = []
        new, begun = [packet], {packet.stream.index: _seconds(packet, packet.dts)}
        left_over = None
        while not begun.keys() >= self._last.keys() and len(old) + len(new) < _AHEAD:
            other = next(behind, None)
            if other is None:
                break
            index = other.stream.index
            if index in begun and _is_back(other, begun):
                left_over = other  # starts a third recording
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
