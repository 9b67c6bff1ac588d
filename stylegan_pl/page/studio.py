"""The functions of the page, without the page itself: from uploads and options to files."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stylegan_pl.data.sources.photographs import load_photograph
from stylegan_pl.errors import UserError
from stylegan_pl.inference.film.options import split_options
from stylegan_pl.page.films import PaintedFilm, Report, paint_film_file
from stylegan_pl.page.painters import Painters, PaintOptions
from stylegan_pl.page.pictures import PaintedPicture, new_folder, paint_picture, preview
from stylegan_pl.page.stops import Stops
from stylegan_pl.pictures.write import write_image

STOPPED = "stopped"
EXAMPLE = "astronaut.png"  # a photograph of scikit-image, by NASA, in the public domain; it shows a face


class Studio:
    """Paints uploads with the page's generators.

    Args:
        folder: the folder for all files.
        film: name -> value of the options of `film=` (`config.option_types.FilmConfig`).
        max_megapixels: largest size of a film's frames; pictures are limited by `pictures.read.pixel_limit`.
        batch_size: frames painted at a time.

    Raises:
        ConfigError: a number of `film` is out of range.
    """

    def __init__(
        self, painters: Painters, folder: Path, *, film: dict[str, Any], max_megapixels: float, batch_size: int = 1
    ) -> None:
        self.painters, self.folder, self.stops = painters, folder, Stops()
        steadiness, encoding = split_options(film)
        self._film: dict[str, Any] = {
            "steadiness": steadiness, "encoding": encoding, "max_megapixels": max_megapixels, "batch_size": batch_size,
        }  # fmt: skip

    def preview(self, upload: str | None) -> Path:
        """A copy of the photograph for the screen; see `pictures.preview`."""
        return preview(_there(upload, "picture"), self.folder)

    def example(self) -> Path:
        """An example photograph, like an upload."""
        path = new_folder(self.folder) / EXAMPLE
        write_image(load_photograph(EXAMPLE), path)
        return path

    def picture(
        self,
        upload: str | None,
        options: PaintOptions,
        session: str,
        report: Callable[[float], None] = lambda share: None,
    ) -> PaintedPicture:
        """Paint a picture; see `pictures.paint_picture`.

        Args:
            report: called with the share done so far.

        Raises:
            UserError: there is no upload, an option is wrong, or the session was stopped.
        """
        done = 0.0
        with self.stops.painting(session) as stop:

            def report_share(share: float) -> None:
                nonlocal done
                if stop():
                    raise UserError(STOPPED)
                done += share
                report(min(done, 1.0))

            path = _there(upload, "picture")
            report_share(0.0)
            return paint_picture(path, self.painters.painter(options), self.folder, report=report_share)

    def film(
        self,
        upload: str | None,
        options: PaintOptions,
        session: str,
        report: Report = lambda done, frames: None,
    ) -> PaintedFilm:
        """Paint a film; see `films.paint_film_file`.

        Raises:
            UserError: there is no upload, an option is wrong, or it was stopped before the first frame.
        """
        with self.stops.painting(session) as stop:
            path = _there(upload, "film")
            if stop():
                raise UserError(STOPPED)
            painter = self.painters.painter(options)
            return paint_film_file(path, painter, self.folder, stop=stop, report=report, **self._film)

    def without_folders(self, message: str) -> str:
        """A message without the names of our temporary folders."""
        return re.sub(re.escape(str(self.folder)) + r"/(?:[^\s/]+/)*", "", message)


def _there(upload: str | None, what: str) -> Path:
    if upload is None:
        raise UserError(f"drop a {what} first")
    path = Path(upload)
    if not path.is_file():  # deleted after `keep_minutes`
        raise UserError(f"{path.name} has been deleted here meanwhile; drop it again")
    return path
