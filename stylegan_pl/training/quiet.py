"""Silences warnings of libraries about things that this package does on purpose."""

import logging
import warnings


def silence_logs() -> None:
    """Only rank 0 logs; errors of other ranks still appear, as exceptions."""
    logging.getLogger().setLevel(logging.ERROR)


def quiet_libraries() -> None:
    """Ignore Lightning's advice about things that this package does on purpose."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.handlers.clear()  # our handlers are on the root logger; two handlers would print everything twice
    for name in ("lightning.pytorch.callbacks", "lightning.pytorch.profilers"):  # of those that somebody asked for
        logging.getLogger(name).setLevel(logging.INFO)
    logging.raiseExceptions = False  # a log on a full disk: forty lines of the logger's own for each of ours
    for message in (
        ".*does not have many workers.*",
        ".*srun.*",
        ".*GPU available but not used.*",
        ".*Checkpoint directory .* exists and is not empty.*",
        ".*Total length of .DataLoader. across ranks is zero.*",  # we say so
        ".*isinstance.treespec, LeafSpec.*",
        ".*module.s. in eval mode at the start of training.*",  # the generator's average
        ".*broadcast_buffers. is deprecated.*",  # its successor would copy rank 0's buffers once, and needs new torch
        ".*sync_dist=True.*",  # scores are of all ranks already
        ".*You have overridden `on_before_batch_transfer`.*",
    ):
        warnings.filterwarnings("ignore", message)
