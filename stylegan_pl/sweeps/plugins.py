"""This package's sweepers and launchers, made known to Hydra."""

from hydra.core.plugins import Plugins
from hydra.plugins.plugin import Plugin

from stylegan_pl.sweeps.grid import GridSweeper
from stylegan_pl.sweeps.search import OptunaSweeper

ROOM = "hydra_plugins.stylegan_pl"


def make_known() -> None:
    """Let `hydra/sweeper=grid` and its like be found, in a clone, an editable install and a wheel alike.

    Hydra takes plugins whose name begins with `hydra_plugins.` only, and looks for them as files of a top-level package
    of that name. Ours are put into its list by hand under such a name, so no file has to lie outside this package.
    """
    known = Plugins.instance().class_name_to_class
    plugins: list[type[Plugin]] = [GridSweeper, OptunaSweeper]
    if "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher" in known:  # the extra `slurm`
        from stylegan_pl.sweeps.slurm import SlurmLauncher

        plugins.append(SlurmLauncher)
    known.update({f"{ROOM}.{plugin.__name__}": plugin for plugin in plugins})
