"""A wrong command line ends at once with one line: what is wrong, and what to type instead."""

import math
import re
import subprocess
import sys

import pytest
import yaml
from fitting import command as in_a_process
from hydra.errors import InstantiationException
from omegaconf import OmegaConf
from preloaded import preloaded

from stylegan_pl import __main__ as dispatcher
from stylegan_pl import stylize
from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.check_numbers import RANGES, check_ranges
from stylegan_pl.config.cli import run_verb
from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.training.resume import checkpoint_to_resume


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> None:
    """Logs of these commands belong to nobody's working directory."""
    monkeypatch.chdir(tmp_path)


def command(monkeypatch, capsys, *arguments: str, verb: str = "train", action=lambda config: 0) -> tuple[int, str]:
    """Exit code and stderr of a verb's command line, in this process."""
    monkeypatch.setattr(sys, "argv", [verb, *arguments])
    with pytest.raises(SystemExit) as ended:
        run_verb(verb, action)
    return int(ended.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize(
    ("argument", "line"),
    [
        ("sed=3", "no option 'sed'; did you mean 'seed'?"),
        ("model.generator.widht=3", "no option 'model.generator.widht'; did you mean 'model.generator.width'?"),
        ("image_loss.style.wieght=2", "did you mean 'image_loss.style.weight'?"),
        ("modle=vanilla", "no option 'modle'; did you mean 'model'?"),
        ("model=vanila", "model has no option 'vanila'; did you mean 'vanilla'?"),
        ("generator@model.generator=resnet99", "generator has no option 'resnet99'; did you mean 'resnet9'?"),
        ("image_loss=[style,conten]", "image_loss has no option 'conten'; did you mean 'content'?"),
        ("data=smple", "data has no option 'smple'; did you mean 'sample'?"),
        ("generator=resnet6", "type generator@model.generator=NAME"),
        ("experiment=coco_vangogh", "experiment is added with a plus: type +experiment=coco_vangogh"),
        ("experiment=sampel", "experiment=sampel: it is added with a plus, +experiment=NAME; did you mean 'sample'?"),
        ("debug=default", "debug=default: it is added with a plus, +debug=NAME; there is smoke"),
        ("+experiment=coco_vangog", "experiment has no option 'coco_vangog'; did you mean 'coco_vangogh'?"),
        ("seed=abc", "seed: value 'abc' of type 'str' could not be converted to Integer"),
        ("precision=bf17", "value 'bf17', expected one of [auto, fp32, bf16, bf16_if_fast, fp16]; type precision=auto"),
        ("image_size=[1]", "image_size"),
        ("batch_size=0", "batch_size=0 must be at least 1; type batch_size=1"),
        ("data.reuse_memory=true", "data.reuse_memory is no longer an option: workers hand batches over as the"),
        ("model.mechanics.cuda_graphs=true", "model.mechanics.cuda_graphs is no longer an option: compiled networks"),
        ("+seeed=1", "no option 'seeed'; did you mean 'seed'?"),
        ("+seed=1", "seed exists already: type it without the plus"),
        ("trainer.max_time=00:01:00:00", "to add it, type a plus: +trainer.max_time=VALUE"),
        ("trainer.sync_batchnorm=true", "to add it, type a plus: +trainer.sync_batchnorm=VALUE"),
        ("trainer.val_check_interval=0.5", "trainer.val_check_interval is not used here; type val_every_images=N"),
        ("lr=0.1", "no option 'lr'; type model.generator_optimizer.lr=2e-4 model.discriminator_optimizer.lr=2e-4"),
        ("+lr=0.1", "no option 'lr'; type model.generator_optimizer.lr=2e-4 model.discriminator_optimizer.lr=2e-4"),
        ("crop_size=256", "no option 'crop_size'; type image_size=256"),
        ("fast_dev_run=true", "no option 'fast_dev_run'; type +debug=smoke"),
        ("model=cycle_gan", "model=cycle_gan is here: model=cyclegan"),
        ("adversarial=lsgan", "adversarial=lsgan is here: adversarial=least_squares"),
        ("data.styel.root=x", "no option 'data.styel.root'; did you mean 'data.style.root'?"),
        ("held_out=0.1", "no option 'held_out'; did you mean 'data.content.held_out' or 'data.style.held_out'?"),
    ],
)
def test_the_command_line_names_the_nearest_valid_name(monkeypatch, capsys, argument, line):
    code, said = command(monkeypatch, capsys, argument, "hydra.run.dir=.")
    assert code == 2
    assert said.startswith("error: ") and said.count("\n") == 1
    assert line in said


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("batch_size", -4, "batch_size=-4 must be at least 1; type batch_size=1"),
        ("max_images", 0, "max_images=0 must be at least 1; type max_images=100000, or max_images=null max_epochs=200"),
        ("max_epochs", 0.0, "max_epochs=0.0 must be above 0; type max_epochs=200"),
        ("max_epochs", math.nan, "max_epochs=nan must be above 0"),
        ("image_size", 0, "image_size=0 must be at least 1; type image_size=256"),
        ("val_every_images", 0, "val_every_images=0 must be at least 1"),
        ("log_every_batches", 0, "log_every_batches=0 must be at least 1"),
        ("seed", -1, "seed=-1 must be at least 0; type seed=0"),
        ("seed", 2**32, "seed=4294967296 must be at most 4294967295; type seed=0"),
        ("pairs", 0, "pairs=0 must be at least 1"),
        ("resamples", -1, "resamples=-1 must be at least 0"),
    ],
)
def test_numbers_that_no_run_can_do_anything_with_are_refused(key, value, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        check_ranges(OmegaConf.create({key: value}))


def test_every_range_lets_its_own_advice_pass():
    for key, (least, instead, most, above) in RANGES.items():
        advised = float(re.match(rf"{key}=([\d.]+)", instead).group(1))
        for value in (advised, None, *([] if above else [least]), min(most, 1e12)):
            check_ranges(OmegaConf.create({key: value}))


def test_every_verb_looks_at_them(monkeypatch, capsys, tmp_path):
    for typed in (["batch_size=0"], ["batch_size=0", "film.crf=20"]):  # without Hydra, and with it
        monkeypatch.setattr(sys, "argv", ["stylize", "model=x.onnx", "input=x.png", "output=y.png", *typed])
        with pytest.raises(SystemExit) as ended:
            stylize.main()
        assert ended.value.code == 2
        assert capsys.readouterr().err == "error: batch_size=0 must be at least 1; type batch_size=1\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("yes", "type resume=auto to continue the run in hydra.run.dir, or ckpt_path=RUN_OR_FILE"),
        ("True", "type resume=auto to continue"),
        ("no", "leave it out to start a new run"),
        ("False", "leave it out to start a new run"),
        ("here.ckpt", "type ckpt_path=here.ckpt to continue from there"),
    ],
)
def test_what_is_typed_for_resume_is_answered(tmp_path, typed, said):
    (tmp_path / "here.ckpt").touch()
    with pytest.raises(ConfigError, match=re.escape(f"resume={typed}: {said}")):
        checkpoint_to_resume(OmegaConf.create({"resume": typed, "ckpt_path": None}), tmp_path / "run")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["model=perceptual", "discriminator@model.discriminator=pixel"],
            "no discriminator is chosen at model.discriminator in this run",
        ),
        (
            ["model=cyclegan", "model.backward_generator.blocks=3"],
            "model.backward_generator is a copy of model.generator; change the original: model.generator.KEY=VALUE",
        ),
    ],
)
def test_what_a_model_does_not_have_is_told_with_what_it_has(monkeypatch, capsys, arguments, line):
    code, said = command(monkeypatch, capsys, *arguments, "hydra.run.dir=.")
    assert code == 2 and said.startswith("error: ") and said.count("\n") == 1 and line in said


def test_a_typo_in_a_users_file_is_named_with_its_place(tmp_path):
    config = OmegaConf.create(
        {"model": {"generator": {"_target_": "stylegan_pl.generators.resnet.ResNetGenerator", "blcks": 3}}}
    )
    with pytest.raises(
        ConfigError, match=r"model.generator.blcks: ResNetGenerator has no option 'blcks'; did you mean 'blocks'\?"
    ):
        check_config(config)


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (
            {"_target_": "stylegan_pl.generators.resnet.ResNetGenerator", "blocks": "many"},
            "x.blocks='many': input should be a valid integer",
        ),
        ({"_target_": "stylegan_pl.generators.resnet.Nope"}, "x._target_: cannot import"),
        ({"_target_": "stylegan_pl.losses.pixel.PixelLoss"}, "x: PixelLoss needs 'weight'; type x.weight="),
    ],
)
def test_constructors_are_checked_before_anything_is_built(node, words):
    with pytest.raises(ConfigError) as error:
        check_config(OmegaConf.create({"x": node}))
    assert words in str(error.value)


def test_unknown_key_of_an_experiment_file_in_a_config_dir(monkeypatch, capsys, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\nimage_sise: 64\n")
    code, said = command(monkeypatch, capsys, "--config-dir", str(tmp_path), "+experiment=mine", "hydra.run.dir=.")
    assert code == 2 and "image_sise" in said and "image_size" in said


@pytest.mark.parametrize(
    ("error", "code"), [(DataError("no images in x"), 1), (ConfigError("odd"), 2), (KeyboardInterrupt(), 130)]
)
def test_exit_codes(monkeypatch, capsys, error, code):
    def fails(config):
        raise error

    found, said = command(monkeypatch, capsys, "hydra.run.dir=.", action=fails)
    assert found == code and said.count("\n") == 1 and "Traceback" not in said


@pytest.mark.parametrize("cause", [None, ValueError(), ValueError("\n"), KeyError("x")])
def test_an_error_without_words_or_without_a_cause_is_a_line_all_the_same(monkeypatch, capsys, cause):
    def fails(config):
        raise InstantiationException("Error in call to target 'here'\nfull_key: data.content") from cause

    code, said = command(monkeypatch, capsys, "hydra.run.dir=.", action=fails)
    assert code == 2 and said.startswith("error: data.content: ") and said.count("\n") == 1
    assert "None" not in said and not said.endswith(": \n")


def test_debug_shows_the_traceback(monkeypatch, capsys):
    def fails(config):
        raise DataError("no images in x")

    _, said = command(monkeypatch, capsys, "hydra.run.dir=.", "debug=true", action=fails)
    assert "Traceback" in said and said.rstrip().endswith("error: no images in x")


def test_a_bug_of_ours_is_not_hidden(monkeypatch):
    def bug(config):
        raise ZeroDivisionError

    monkeypatch.setattr(sys, "argv", ["train", "hydra.run.dir=."])
    with pytest.raises(ZeroDivisionError):
        run_verb("train", bug)


def test_a_typo_is_told_before_torch_is_imported(tmp_path):
    done = in_a_process("stylegan_pl.train", "sed=3", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "error: no option 'sed'; did you mean 'seed'?\n")
    code = "import sys; import stylegan_pl.train, stylegan_pl.config.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert not any(tmp_path.iterdir())


def test_missing_data_is_told_with_the_remedy_and_leaves_nothing(tmp_path):
    done = preloaded("stylegan_pl.train", "data.content.root=nowhere", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "error: data.content.root: no folder nowhere; type data.content.root=FOLDER with your images, "
        "+experiment=my_painter, which brings photographs, or data=sample "
        "to try without any\n"
    )
    assert not (tmp_path / "run/checkpoints").exists()


def test_help_reads_like_documentation_and_cfg_shows_the_run(tmp_path):
    help_text = in_a_process("stylegan_pl.train", "--help", cwd=tmp_path)
    assert help_text.returncode == 0
    for words in (
        "Train a style-transfer GAN",
        "+experiment=coco_vangogh",
        "data.content.root=FOLDER",
        "feature_network:",
        "vgg19",
    ):
        assert words in help_text.stdout
    shown = in_a_process("stylegan_pl.train", "+experiment=coco_vangogh", "--cfg", "job", cwd=tmp_path)
    assert yaml.safe_load(shown.stdout)["run_name"] == "coco_vangogh"


def test_the_dispatcher_lists_verbs_and_corrects_them(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["stylegan-pl"])
    with pytest.raises(SystemExit) as ended:
        dispatcher.main()
    listed = capsys.readouterr().out
    assert ended.value.code == 0 and all(verb in listed for verb in dispatcher.VERBS)
    monkeypatch.setattr(sys, "argv", ["stylegan-pl", "stilize"])
    with pytest.raises(SystemExit) as ended:
        dispatcher.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: no verb 'stilize'; did you mean 'stylize'?\n"


@pytest.mark.parametrize(("word", "verb"), [("compare", "evaluate"), ("download", "prepare"), ("check", "prepare")])
def test_verbs_of_other_programs_are_answered(monkeypatch, capsys, word, verb):
    monkeypatch.setattr(sys, "argv", ["stylegan-pl", word])
    with pytest.raises(SystemExit):
        dispatcher.main()
    assert f"; that is '{verb}' here" in capsys.readouterr().err


@pytest.mark.parametrize("target", [None, 3, [1], {"a": "b"}])
def test_a_target_that_is_no_path_is_a_line(target) -> None:
    node = OmegaConf.create({"x": {"_target_": target}})
    with pytest.raises(
        ConfigError, match=r"^x\._target_=.* is not the path of a class; type x\._target_=package\.Class$"
    ):
        check_config(node)


@pytest.mark.parametrize(
    "error",
    [
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        ImportError("libmkl.so.2: cannot allocate memory in static TLS block"),
        MemoryError(),
    ],
)
def test_memory_that_does_not_hold_torch_is_told_in_a_line(monkeypatch, capsys, error):
    def imports(config):
        raise error

    code, line = command(monkeypatch, capsys, "data=sample", action=imports)
    assert code == 1 and line.startswith("error: not enough memory (") and line.count("\n") <= 1
    assert (str(error) or "MemoryError") in line and line.strip().endswith("or raise ulimit -v")


def test_another_failed_import_is_a_bug(monkeypatch, capsys):
    def imports(config):
        raise ImportError("cannot import name 'nosuch'")

    with pytest.raises(ImportError, match="nosuch"):
        command(monkeypatch, capsys, "data=sample", action=imports)
