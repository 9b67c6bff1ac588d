"""Restores the duration of each encoded picture, which encoders do not keep."""

from fractions import Fraction
from typing import Any

from stylegan_pl.inference.film.source import Frame


class PacketTimes:
    """Gives packets the durations of their pictures; an encoder may reorder pictures.

    MP4 and similar containers store decoding times, and a film's duration is the sum of their steps. For them, the last
    packet gets the rest of the true duration, so each packet is held back until the next one comes.

    Args:
        time_base: unit of the film's times, seconds.
        counts_decoding: whether the container stores decoding times, as MP4 does.
    """

    def __init__(self, time_base: Fraction, *, counts_decoding: bool) -> None:
        self.time_base, self.counts_decoding = time_base, counts_decoding
        self._durations: dict[int, int] = {}  # time -> duration, of pictures that are still in the encoder
        self._first_pts: int | None = None
        self._first_dts: int | None = None  # in the packets' units
        self._end = 0
        self._held: list[Any] = []

    def expect(self, frame: Frame) -> None:
        """Note a picture that goes into the encoder."""
        self._first_pts = frame.pts if self._first_pts is None else self._first_pts
        self._end = max(self._end, frame.pts + frame.duration)
        if frame.duration:
            self._durations[frame.pts] = frame.duration

    @property
    def length(self) -> int:
        """Duration from the first picture to the end of the last, in units of the film's times."""
        return 0 if self._first_pts is None else self._end - self._first_pts

    def timed(self, packets: list[Any]) -> list[Any]:
        """Add durations to the encoder's packets; returns the packets that can be written now."""
        for packet in packets:
            if self._first_dts is None:
                self._first_dts = packet.dts
            duration = self._durations.pop(round(packet.pts * _base(packet) / self.time_base), 0)
            if duration:
                packet.duration = round(duration * self.time_base / _base(packet))
        if not self.counts_decoding:
            return packets
        ready = [*self._held, *packets]
        self._held = ready[-1:]
        return ready[:-1]

    def last(self, length: int | None = None) -> list[Any]:
        """The packet that was held back, with its duration.

        Args:
            length: the film's duration as the original states it; None: from the first picture to the end of the last.
        """
        for packet in self._held:
            if self._first_dts is not None and packet.dts is not None:
                seconds = self.length if length is None else length
                packet.duration = max(
                    1, round(seconds * self.time_base / _base(packet)) - (packet.dts - self._first_dts)
                )
        return self._held


def _base(packet: Any) -> Fraction:
    return Fraction(packet.time_base.numerator, packet.time_base.denominator)
