"""What each verb reads for itself and no test changes, read once, by the fork server that `preloaded` starts.

That is conf/, and the sources of this package and of Lightning, which options are checked by: half of a short run.
"""

import gc

from hydra import compose, initialize_config_dir
from parsed_once import parse_once

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.static_signature import signature_of
from stylegan_pl.config.verbs import VERBS, register

parse_once()
register()
with initialize_config_dir(str(conf_dir()), version_base="1.3"):
    for name, verb in VERBS.items():
        if verb.schema is not None:
            compose(name)
for constructor in ("stylegan_pl.errors.UserError", "lightning.pytorch.Trainer"):
    assert signature_of(constructor) is not None
gc.freeze()  # no child's collector need go through it again
