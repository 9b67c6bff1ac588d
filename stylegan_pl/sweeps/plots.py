"""Plots of a study: history and importance of options, with Optuna's Plotly (HTML) and Matplotlib (PNG) functions."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import TrialState

_log = logging.getLogger(__name__)


def save_plots(study: optuna.Study, folder: Path) -> list[Path]:
    """Save history and importances as `.html` and `.png`; returns the files. Importances need two finished trials.

    PNGs are drawn by Matplotlib, because Plotly would need a browser.
    """
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not ended:
        return []
    try:
        import matplotlib
        import plotly  # noqa: F401
    except ImportError:
        _log.info("no plots: type pip install 'stylegan-pl[sweep]'")
        return []
    matplotlib.use("Agg")
    plots: dict[str, tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]] = {}
    html, png = optuna.visualization, optuna.visualization.matplotlib
    plots["history"] = (html.plot_optimization_history, png.plot_optimization_history, {})
    if len(ended) > 1:
        evaluator = {"evaluator": PedAnovaImportanceEvaluator()}  # Optuna's default since 5; needs no scikit-learn
        plots["importances"] = (html.plot_param_importances, png.plot_param_importances, evaluator)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, (as_html, as_png, options) in plots.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Optuna warns that its Matplotlib plots are experimental
            as_html(study, **options).write_html(folder / f"{name}.html")
            figure = as_png(study, **options).figure
            figure.savefig(folder / f"{name}.png", dpi=120, bbox_inches="tight")
        files += [folder / f"{name}.html", folder / f"{name}.png"]
    return files
