"""What each verb reads for itself and no test changes, read once, by the fork server that `preloaded` starts.

That is conf/, and the sources of the classes it names, which options are checked by.
"""

import gc
import re

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
for file in conf_dir().rglob("*.yaml"):
    for target in re.findall(r"_target_: ([\w.]+)", file.read_text()):
        signature_of(target)
gc.freeze()  # no child's collector need go through it again
