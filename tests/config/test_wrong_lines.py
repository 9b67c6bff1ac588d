"""Wrong command lines of every verb: one line that says what to type instead, exit code 2, and nothing is written."""

import io
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from conftest import RESNET, save_teacher
from hydra.core.global_hydra import GlobalHydra
from hydra.utils import instantiate
from images_on_disk import write_images

from stylegan_pl import painters
from stylegan_pl.config.cli import run_verb
from stylegan_pl.exporting.safetensors_file import write_safetensors


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lies in a user's folder: two checkpoints, one of them cut off, pictures, and files that are none."""
    folder = tmp_path_factory.mktemp("files")
    write_images(folder / "photos", 2, size=32, seed=1)
    write_images(folder / "sets/content/val", 2, size=32, seed=1)
    write_images(folder / "sets/style/train", 2, size=32, seed=2)
    shutil.copy(folder / "photos/000.png", folder / "photo.png")
    for side in ("trainA", "trainB"):
        (folder / "cyclegans" / side).mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "run/checkpoints").mkdir(parents=True)
    whole = save_teacher(folder / "run/checkpoints/last.ckpt").read_bytes()
    write_safetensors(instantiate(RESNET), folder / "a.safetensors", {"generator": RESNET}, half=False)
    texts = {"notes.txt": b"hello\n", "text.ckpt": b"hello\n", "empty.ckpt": b"", "cut.ckpt": whole[: len(whole) // 2]}
    texts |= {"text.onnx": b"hello\n", "text.mp4": b"hello\n" * 99, "broken.jpg": b"\xff\xd8\xff\xe0no"}
    for name, content in texts.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def here(files: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> Iterator[Path]:
    """That folder, as it is in the end as well."""
    monkeypatch.chdir(files)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO())))
    GlobalHydra.instance().clear()
    before = content_of(files)
    yield files
    assert content_of(files) == before


def content_of(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


TO = "input=photo.png output=o.png"
PAINT = "ckpt=run input=photo.png output=out.png device=cpu"
EXPORT = "ckpt=run output=x.onnx"
JUDGE = "ckpt=run data=folders data_root=sets metric=[palette] image_size=32 resamples=0 cache=null device=cpu"
LINES = [
    # the generator
    ("stylize", "input=photo.png output=o.png", "no generator is named; type painter="),
    ("stylize", f"ckpt=rn {TO}", "ckpt: no file or folder rn"),
    ("stylize", f"ckpt=empty {TO}", "no checkpoint in empty"),
    ("stylize", f"ckpt=notes.txt {TO}", "notes.txt: cannot be read as a checkpoint (it is not a PyTorch file"),
    ("stylize", f"ckpt=text.ckpt {TO}", "(it is not a PyTorch file)"),
    ("stylize", f"ckpt=empty.ckpt {TO}", "(it is empty)"),
    ("stylize", f"ckpt=cut.ckpt {TO}", "(it is damaged: its end is missing)"),
    ("stylize", f"ckpt=photo.png {TO}", "(it is not a PyTorch file)"),
    ("stylize", f"ckpt=text.onnx {TO}", "type model=text.onnx"),
    ("stylize", f"model=a.safetensors {TO}", "model= takes an .onnx; type ckpt=a.safetensors"),
    ("stylize", f"model=run {TO}", "model= takes an .onnx; type ckpt=run"),
    ("stylize", f"model=gone.onnx {TO}", "no such file; python -m stylegan_pl.export writes one"),
    ("stylize", f"model=text.onnx {TO}", "cannot be read as an ONNX file"),
    ("stylize", f"ckpt=[run,run] {TO}", "type sheet=true, or one of them"),
    ("stylize", f"ckpt=run sheet=true resume=true {TO}", "resume= does not work with sheet=true; leave it out"),
    # what is painted
    ("stylize", "ckpt=run output=o.png", "input= is missing; type input=photo.jpg"),
    ("stylize", "ckpt=run input=gone.png output=o.png", "input=gone.png: no such file or folder"),
    ("stylize", "ckpt=run input=https://example.org/a.jpg output=o.png", "an address is not fetched; download it"),
    ("stylize", "ckpt=run input=empty output=out", "no images in this folder"),
    ("stylize", "ckpt=run input=photo.png output=o.mp4", "cannot be read as a film"),
    ("stylize", "ckpt=run input=broken.jpg output=o.mp4", "is no film, so output= must be a picture or a folder"),
    ("stylize", "ckpt=run input=notes.txt output=o.png", "not an image file"),
    ("stylize", "ckpt=run input=broken.jpg output=o.png device=cpu", "broken.jpg: cannot be read as an image"),
    ("stylize", "ckpt=run input=photo.png input=broken.jpg output=o", "for both, type input=[photo.png,broken.jpg]"),
    ("stylize", "ckpt=run input=- output=o.png", "input=-: nothing is piped in"),
    ("stylize", "ckpt=run input=text.mp4 output=o.mp4 device=cpu", "text.mp4: cannot be read as a film"),
    # where it goes
    ("stylize", "ckpt=run input=photo.png", "output= is missing; type output=."),
    ("stylize", "ckpt=run input=photo.png output=photo.png", "is an input, and inputs are never overwritten"),
    ("stylize", "ckpt=run input=photo.png output=o.bmpp", "unknown image format '.bmpp'"),
    ("stylize", "ckpt=run input=photos output=o.png", "so output=o.png must be one, too; type output=o"),
    ("stylize", "ckpt=run input=photos output=notes.txt", "output=notes.txt: notes.txt is a file, no folder"),
    ("stylize", "ckpt=run input=photos output=notes.txt/x", "notes.txt is a file, no folder"),
    ("stylize", "ckpt=run input=photo.png output=notes.txt/x.png", "notes.txt is a file, no folder"),
    # numbers and words
    ("stylize", f"{PAINT} strength=2", "strength=2.0 must be at most 1; type strength=0.8"),
    ("stylize", f"{PAINT} strength=80%", "could not be converted to Float; type strength=NUMBER"),
    ("stylize", f"{PAINT} stroke=7", "stroke=7 must be between 0.5"),
    ("stylize", f"{PAINT} quality=200", "quality=200 must be at most 100; type quality=95"),
    ("stylize", f"{PAINT} memory_gb=-1", "memory_gb=-1.0 must be above 0; type memory_gb=4"),
    ("stylize", f"{PAINT} style_size=0", "style_size=0 must be at least 1; type style_size=512"),
    ("stylize", f"{PAINT} tile=huge", "tile=huge: type tile=auto"),
    ("stylize", f"{PAINT} resume=auto", "is not a valid bool (type str); type resume=true or resume=false"),
    ("stylize", f"{PAINT} trust=os", "type trust=[…]"),
    ("stylize", f"{PAINT} mask=gone.png", "mask=gone.png: no such file or folder"),
    # other programs' habits
    ("stylize", "-i photo.png -o out.png", "-i: type input=photo.png; -o: type output=out.png"),
    ("stylize", f"{PAINT} -crf 18", "-crf: type film.crf=18"),
    ("stylize", "run photo.png out.png", "'run' is not an option; options are typed KEY=VALUE; type ckpt=run"),
    ("stylize", f"{PAINT} load_size=512", "a painting is as large as its photograph"),
    ("train", "--config_json a.json", "--config_json: recipes are YAML files in FOLDER/experiment/"),
    ("train", "--nosuch 1 --seed 2", "--nosuch: no option 'nosuch'; --help lists them; --seed: type seed=2"),
    ("train", "nce_layers=0,4,8", "no option 'nce_layers'; type 'model=cut' 'image_loss.patch_nce.layers=null'"),
    ("train", "con_weight=1 sty_weight=2", "no option 'con_weight'; type image_loss.content.weight="),
    ("train", "nosuch=1 neither=2", "no option 'nosuch'; there is "),
    ("train", "G_netG=resnet_attn", "no option 'G_netG'; type generator@model.generator=resnet9"),
    ("train", "train_G_lr=1e-4", "no option 'train_G_lr'; type model.generator_optimizer.lr=2e-4"),
    ("train", "model=AnimeGANv2", "model=AnimeGANv2 is here: +experiment=photo_cartoon"),
    ("stylize", "--checkpoint_dir run --test_dir photos", "_dir: type ckpt=run; --test_dir: type input=photos"),
    ("evaluate", "ckpt=run metric=[FID]", "metric=FID is here: metric=[fid_clean]"),
    ("preview", "+experiment=sample iterations=500", "no option 'iterations'; type steps=100 (or minutes=2)"),
    ("preview", "+experiment=sample load_size=286", "no option 'load_size'; type data.content.load_size=286"),
    ("train", "--cfg jobb", "--cfg jobb: type --cfg job or hydra or all"),
    ("train", "+experiment=sample sweep=optuna", "sweep=optuna: a sweep is started with -m; type -m sweep=optuna"),
    ("train", "model.generator.width=-4", "model.generator.width=-4 must be above 0"),
    ("train", "model.generator_optimizer.lr=0", "model.generator_optimizer.lr=0 must be above 0"),
    ("train", "start_from=gone", "start_from: no file or folder gone"),
    ("train", "start_from=https://example.org/a.ckpt", "start_from: an address is not fetched; download it first"),
    ("train", "data=photos", "for a folder type data_root=photos (it holds content/ and style/), or"),
    ("train", "data=./photos", "data=./photos: data= names a kind of data set"),
    ("train", "data_root=cyclegans", "type data.content.root=cyclegans/trainA data.style.root=cyclegans/trainB"),
    ("train", "model.generator=resnet_9blocks", "its group; type generator@model.generator=resnet9"),
    ("train", "model.generator_optimizer=adam", "its group; type optimizer@model.generator_optimizer=adam"),
    ("train", "callbacks.samples=false", "to leave it out, type '~callbacks.samples'"),
    ("train", "image_loss=[style] image_loss.style=5", "image_loss.style=5: that is a part with options of its own"),
    ("train", "logger=false", "logger=false: a group needs a name; to have none, type logger=none"),
    ("train", "augment=true", "augment=true: a group needs a name; type augment=NAME, one of channels, flip, jitter"),
    ("train", "penalty=0", "penalty=0: a group needs a name; to have none, type penalty=none"),
    ("train", "netG=unet_256", "no option 'netG'; type generator@model.generator=unet256"),
    ("train", "gan_mode=wgangp", "no option 'gan_mode'; type adversarial=wasserstein penalty=wgan_gp"),
    ("train", "gpu_ids=0,1", "no option 'gpu_ids'; type trainer=ddp trainer.devices=[0,1]"),
    ("train", "gpu_ids=-1", "no option 'gpu_ids'; type trainer=cpu"),
    ("train", "precision=16-mixed", "; type precision=fp16"),
    ("train", "--epoch latest", "--epoch: type max_epochs=200 (to load a run: ckpt_path=RUN_OR_FILE)"),
    ("train", "--epoch_count 50", "--epoch_count: type ckpt_path=RUN_OR_FILE"),
    ("train", "--num_test 50", "to paint, the verb `stylize` takes input=FOLDER"),
    ("train", "image_size=256,256", "type for a run of each, -m image_size=256,256; for a list, image_size=[256,256]"),
    ("stylize", "--gpu_ids -1 --model cycle_gan", "for -1 device=cpu); --model: a checkpoint knows its method"),
    ("stylize", f"ckpt=https://example.org/a.ckpt {TO}", "ckpt: an address is not fetched; download it first"),
    ("stylize", f"model=https://example.org/a.onnx {TO}", "an address is not fetched; download it first"),
    ("stylize", f"model=vangogh {TO}", "that is a painter in the box; type painter=vangogh"),
    ("stylize", f"painter=vangogh,hokusai {TO}", "for several, type painter=[vangogh,hokusai]"),
    ("stylize", "painter=vangogh photo.png output=o.png", "'photo.png' is not an option; options are typed KEY=VALUE; "
     "type input=photo.png"),
    ("stylize", "painter=vangogh input=photo.png o.png", "type output=o.png"),
    ("stylize", f"{PAINT} max_images=5", "no option 'max_images'; it is an option of train, and stylize has none such"),
    ("stylize", f"{PAINT} trainer=gpu", "no option 'trainer'; it is an option of train"),
    ("stylize", f"{PAINT} data.content.root=photos", "no option 'data.content.root'; it is an option of train"),
    ("train", "strength=0.5", "no option 'strength'; it is an option of stylize, and train has none such"),
    ("stylize", f"{PAINT} +experiment=sample", "+experiment=sample: recipes are for train and preview; leave it out"),
    ("stylize", f"{PAINT} --overwrite", "--overwrite: type overwrite=true"),
    ("evaluate", "--path1 paintings --path2 photos", "--path2: type compare=[photos]"),
    ("evaluate", "run photos", "'run' is not an option; options are typed KEY=VALUE; type compare run photos"),
    ("evaluate", "run", "type ckpt=run"),
    ("export", "run output=x.onnx", "type ckpt=run"),
    ("app", "a.safetensors", "type ckpt=a.safetensors"),
    ("stylize", "vangogh photo.png", "type painter=vangogh"),
    ("stylize", "ckpt=run photos output=out", "type input=photos"),
    ("evaluate", "painter:vangogh", "type painter=vangogh"),
    ("train", "my_painter", "type +experiment=my_painter"),
    ("train", "cyclegan", "type model=cyclegan"),
    ("train", "--experiment my_painter", "--experiment: type +experiment=my_painter"),
    ("train", "gpu=0", "no option 'gpu'; type trainer=gpu"),
    ("evaluate", "ckpt=vangogh", "painter:vangogh is in the box"),
    ("evaluate", "painter=vangogh", "type data=folders data.content.root=PHOTOS data.style.root=PAINTINGS"),
    ("evaluate", "compare=[https://example.org/a.ckpt]", "an address is not fetched; download it first"),
    ("train", "data.content.root=photo.png", "photo.png is a file; type its folder, data.content.root=."),
    ("export", f"{EXPORT} opset_version=17", "type opset=18"),
    ("prepare", "doctor=true", "type check=true data.content.root=PHOTOS data.style.root=PAINTINGS"),
    ("app", "share=true", "host=0.0.0.0, docs/app.md"),
    # numbers that are none, and words of Hydra's
    ("stylize", f"{PAINT} max_megapixels=inf", "max_megapixels=inf must be finite; type max_megapixels=179"),
    ("app", "port=0 max_megapixels=inf", "max_megapixels=inf must be finite"),
    ("app", "port=0 max_upload_mb=inf", "max_upload_mb=inf must be finite; type max_upload_mb=200"),
    ("app", "port=0 keep_minutes=inf", "keep_minutes=inf must be finite; type keep_minutes=60"),
    ("train", "max_minutes=inf", "max_minutes=inf must be finite; type max_minutes=30, or null"),
    ("train", "model.generator_optimizer.lr=inf", "lr=inf must be finite; type model.generator_optimizer.lr=NUMBER"),
    ("train", "image_size=null", "image_size=None: type pixels, image_size=256"),
    ("train", "seed=null", "it cannot be null: type seed=…"),
    ("stylize", "ckpt=run input=photo.png output=null", "it cannot be null: type output=…"),
    ("stylize", f"{PAINT} precision=FP16", "; type precision=fp16"),
    ("stylize", f"{PAINT} OVERWRITE=true", "no option 'OVERWRITE'; did you mean 'overwrite'?"),
    ("stylize", f"{PAINT} debug=1", "debug=1: type debug=true"),
    ("train", "debug=smoke", "debug=smoke: type +debug=smoke"),
    ("train", "debug=2", "debug=2: a group needs a name; type +debug=NAME, one of smoke"),
    ("train", "++debug=smoke", "++debug=smoke: type +debug=smoke"),
    ("train", "++experiment=sample", "and experiment is a group; type +experiment=sample"),
    ("train", "++logger=csv", "++ is for single options, and logger is a group; type logger=csv"),
    ("stylize", f"{PAINT} debug=default", "debug=default: type debug=true or debug=false"),
    ("stylize", f"{PAINT} debug=2", "debug=2: type debug=true or debug=false"),
    ("train", "callbacks.early_stopping.patience=3", "in this run; type callbacks=early_stopping, too"),
    ("evaluate", "ckpt=run data.content.root=photos", "because no data is chosen; type data=folders"),
    ("train", "--direction AtoB", "--direction: type direction=AtoB"),
    ("train", "--netG resnet_9blocks --no_dropout", "=resnet9; --no_dropout: only the U-Nets have dropout; with one"),
    ("train", "--pool_size 0", "--pool_size: type model.game.pool_size=0"),
    ("train", "--ngf 128", "--ngf: type model.generator.width=128"),
    ("train", "--load_size 512", "type data.content.load_size=512 data.style.load_size=512"),
    ("train", "--nce_idt False", "type model=cut image_loss.patch_nce.identity=false"),
    ("train", "--lr 1e-4", "type model.generator_optimizer.lr=1e-4 model.discriminator_optimizer.lr=1e-4"),
    ("train", "--max_steps 1000", "--max_steps: type max_images=100000"),  # counted in another unit
    ("train", "--style_weight 1e5", "type image_loss.style.weight=0.01"),  # on another scale
    ("stylize", "--num_test 500", "--num_test: type input=FOLDER (paints every file"),
    ("evaluate", "split=val compare run photos", "type compare run photos"),
    ("train", "--cfg", "--cfg: no value follows it"),
    ("app", "-p 8080", "-p: type port="),
    ("train", "-p 4 seed=1", "-p: no option 'p'; --help lists them"),
    ("train", "--package model seed=1", "--package: no option 'package'"),
    ("train", "--resolve", "--resolve: it goes with --cfg; type --cfg job --resolve, or leave it out"),
    ("app", "--resolve port=0", "--resolve: it goes with --cfg"),
    ("train", "-m --cfg job seed=1,2", "--cfg and --multirun exclude each other; type one of them"),
    ("train", "-r -m seed=1,2", "--multirun and --run exclude each other; type one of them"),
    ("train", "--multirun=true seed=1,2", "--multirun=…: it takes no value; type --multirun"),
    ("train", "--experimental-rerun run/config.pickle", "type --config-dir RUN --config-name config"),
    # addresses
    ("stylize", "ckpt=run input=photo.png output=s3://bucket/o.png", "nothing is written to an address; type output="),
    ("train", "run_name=../../elsewhere", "a name stays inside outputs/; for a folder elsewhere, type hydra.run.dir="),
    ("train", "run_name=/tmp/elsewhere", "a name stays inside outputs/; for a folder elsewhere, type hydra.run.dir="),
    ("evaluate", "ckpt=run output=gs://bucket/report", "nothing is written to an address; type output="),
    ("export", "ckpt=run output=https://example.org/x.onnx", "nothing is written to an address; type output="),
    ("train", "hydra.run.dir=s3://bucket/run", "nothing is written to an address; type hydra.run.dir=FOLDER"),
    ("train", "data.cache=s3://bucket/cache", "nothing is written to an address; type data.cache=FOLDER"),
    ("stylize", f"ckpt=wandb-artifact://me/run:v0 {TO}", "ckpt: an address is not fetched; download it first"),
    ("stylize", "ckpt=run input=https://example.org/a.mp4 output=o.mp4", "an address is not fetched; download it"),
    ("stylize", "ckpt=run input=[text.mp4,text.mp4] output=o.mp4", "a film is made of one film, or of a folder of"),
    # what was meant by a path
    ("stylize", "ckpt=run input=photo.png,broken.jpg output=o", "no such file or folder; for several, type "
     "'input=[photo.png,broken.jpg]'"),
    ("train", "image_loss=[style,content,style]", "image_loss=[style,content,style]: style is there twice"),
    ("train", "data.content.held_out=nan", "data.content.held_out=nan must be at least 0 and below 1"),
    ("train", "model.generator_optimizer.betas=[0.5,1.5]", "betas=[0.5, 1.5] must be at least 0 and below 1"),
    ("stylize", "ckpt=run input=“photo.png” output=o.png", "no such file or folder; type photo.png"),
    ("stylize", r"ckpt=run input=.\photos\000.png output=o.png", "no such file or folder; type ./photos/000.png"),
    ("stylize", "ckpt=run input=new\nline.png output=o.png", r"input=new\nline.png: no such file or folder"),
    ("stylize", f"{PAINT} --gpus 0,1", "--gpus: type device=gpu"),
    ("stylize", f"{PAINT} tile_size=512", "no option 'tile_size'; type tile=1024"),
    ("evaluate", "--gt paintings --gen photos", "--gt: type data.style.root=paintings"),
    ("evaluate", "fid=true", "no option 'fid'; type metric=[fid_clean]"),
    # the other verbs
    ("evaluate", "ckpt=empty", "type data=folders data.content.root=PHOTOS data.style.root=PAINTINGS"),
    ("evaluate", "ckpt=cut.ckpt output=new/er", "(it is damaged: its end is missing)"),
    ("evaluate", "compare=run,photos", "for several, type compare=[run,photos]"),
    ("evaluate", f"{JUDGE} output=notes.txt", "output=notes.txt: cannot be made (File exists)"),
    ("evaluate", f"{JUDGE} cache=notes.txt", "cache=notes.txt is a file; type cache=FOLDER"),
    ("evaluate", f"{JUDGE} data_root=gone", "no photograph of split=val below gone/content"),
    ("evaluate", JUDGE.replace("ckpt=run", "compare=[empty]"), "compare: empty holds neither a checkpoint nor"),
    ("export", "ckpt=run", "output= is missing; type output=picture.onnx"),
    ("export", "ckpt=run output=x.foo", "output=x.foo: the ending says the format"),
    ("export", "ckpt=run output=notes.txt/x.onnx", "notes.txt is a file, no folder"),
    ("export", f"{EXPORT} parity_sizes=[128,128]", "parity_sizes: invalid value assigned"),
    ("export", f"{EXPORT} int8=true calibration=empty", "calibration=empty: no images in this folder"),
    ("prepare", "check=true photos paintings", "such as dataset=coco_vangogh"),
    ("prepare", "check=photos", "type check=true or check=false"),
    ("app", "port=http", "type port=NUMBER"),
    ("app", "ckpt=run port=0 film.crf=99", "film.crf=99.0 must be between 0 (best) and 51"),
    ("app", "ckpt=run port=0 film.smoothing=1", "film.smoothing=1.0 must be at least 0 (none) and below 1"),
    ("app", "ckpt=run port=0 film.codec=h265", "film.codec=h265 is no encoder of this FFmpeg; type film.codec=libx264"),
    ("app", "ckpt=run port=0 tile=huge", "tile=huge: type tile=auto"),
    ("app", "ckpt=text.ckpt port=0", "(it is not a PyTorch file)"),
    ("preview", "+experiment=sample input=gone.png output=p.png", "input=gone.png: no such file"),
    ("preview", "+experiment=sample input=notes.txt output=p.png", "notes.txt: cannot be read as an image"),
    ("preview", "+experiment=sample input=photo.png output=photo.png", "that is the photograph itself"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "line", "said"), LINES, ids=lambda text: text if " " not in text else None)
def test_a_wrong_line_is_answered(verb: str, line: str, said: str, here: Path, capsys) -> None:
    answered(verb, line.split(" "), said, capsys)


def answered(verb: str, words: list[str], said: str, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        run_verb(verb, words=words)
    err = capsys.readouterr().err
    assert (ended.value.code, err.count("\n")) == (2, 1), err
    assert err.startswith("error: ") and said in err


def test_spaces_around_an_equals_sign_are_answered(here: Path, capsys) -> None:
    answered("stylize", ["ckpt = run", "input=photo.png", "output=o.png"], "no spaces around =; type ckpt=run", capsys)


def test_a_path_with_spaces_is_answered_in_quotes(here: Path, tmp_path: Path, capsys) -> None:
    photo = tmp_path / "my photo.png"
    shutil.copy("photo.png", photo)
    answered("stylize", ["painter=vangogh", str(photo), "output=o.png"], f"type 'input={photo}'", capsys)


@pytest.mark.parametrize("words", [["vangog"], ["--list"], ["name=vangogh"], ["vangogh", "monet"]], ids=" ".join)
def test_painters_answers_too(words: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        painters.main(words)
    err = capsys.readouterr().err
    assert (ended.value.code, err.count("\n")) == (2, 1) and err.startswith("error: ")


def test_one_bad_picture_among_several_ends_with_1_and_the_others_are_painted(files: Path, tmp_path: Path) -> None:
    """Unlike the one that was named alone."""
    torch.manual_seed(0)
    with pytest.raises(SystemExit) as ended:
        words = [f"ckpt={files / 'run'}", f"input=[{files / 'photo.png'},{files / 'broken.jpg'}]"]
        run_verb("stylize", words=[*words, f"output={tmp_path / 'out'}", "device=cpu"])
    assert ended.value.code == 1 and [path.name for path in (tmp_path / "out").iterdir()] == ["photo.png"]
