"""Registers this package's sweepers and launchers with Hydra."""

from hydra.core.plugins import Plugins
from hydra.plugins.plugin import Plugin

from stylegan_pl.sweeps.grid import GridSweeper
from stylegan_pl.sweeps.search import OptunaSweeper

ROOM = "hydra_plugins.stylegan_pl"


def make_known() -> None:
    """Make `hydra/sweeper=grid` and others available, in a clone, an editable install and a wheel.

    Hydra only accepts plugins in a top-level package `hydra_plugins`. Ours are added to its list under such a name, so
    that no file is needed outside of this package.
    """
    known = Plugins.instance().class_name_to_class
    plugins: list[type[Plugin]] = [GridSweeper, OptunaSweeper]
    if "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher" in known:  # the extra `slurm`
        from stylegan_pl.sweeps.slurm import SlurmLauncher

        plugins.append(SlurmLauncher)
    known.update({f"{ROOM}.{plugin.__name__}": plugin for plugin in plugins})
