"""Puts conf/ inside the package when a wheel is built; everything else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CONF = Path(__file__).parent / "conf"


class BuildWithConf(build_py):
    """The ordinary build, then conf/ -> stylegan_pl/conf; an editable install finds conf/ in the clone."""

    def run(self) -> None:
        """See the class."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "stylegan_pl", "conf")
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(CONF, target)


setup(cmdclass={"build_py": BuildWithConf})
