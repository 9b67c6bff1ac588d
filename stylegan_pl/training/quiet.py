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
    for name in ("lightning.pytorch.callbacks", "lightning.pytorch.profilers"):  # of callbacks that the user added
        logging.getLogger(name).setLevel(logging.INFO)
    logging.raiseExceptions = False  # on a full disk, each message would print a traceback
    for message in (
        ".*does not have many workers.*",
        ".*srun.*",
        ".*GPU available but not used.*",
        ".*Checkpoint directory .* exists and is not empty.*",
        ".*Total length of .DataLoader. across ranks is zero.*",  # training/summary.py says so
        ".*isinstance.treespec, LeafSpec.*",
        ".*module.s. in eval mode at the start of training.*",  # the generator's average
        ".*broadcast_buffers. is deprecated.*",  # its successor needs a newer torch
        ".*sync_dist=True.*",  # scores are computed over all ranks
        ".*You have overridden `on_before_batch_transfer`.*",
    ):
        warnings.filterwarnings("ignore", message)
