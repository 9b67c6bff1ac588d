"""Each switch of speed leaves forward and gradients what they were, for every generator and discriminator of conf/."""

from pathlib import Path

import pytest
import torch
from conf_groups import conf_node
from conftest import compose_config
from hydra.utils import instantiate
from torch import Tensor, nn

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.errors import ConfigError
from stylegan_pl.models import speed
from stylegan_pl.models.game import AdversarialGame, logits_are_independent
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.nn.fast import winograd
from stylegan_pl.nn.pretrained.wanted import without_pretrained

SWITCHES = [{"channels_last": True}, {"multiply_less": True}, {"recompute": True}]
PLAIN = {"channels_last": False, "multiply_less": False, "compile": False, "recompute": False}
RTOL = 1e-6  # of the largest value, in float64


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def mechanics(**switches: bool) -> Mechanics:
    return Mechanics(seed=0, max_images=1, **{**PLAIN, **switches})


def network(group: str, name: str) -> nn.Module:
    torch.manual_seed(0)
    node = conf_node(group, name)
    for option, small in (("width", 8), ("blocks", 2), ("max_width_factor", 2)):
        if option in node:
            node[option] = small
    with without_pretrained():
        built = instantiate(node, _convert_="all")
    for layer in built.modules():  # what waits for pretrained weights is drawn: zeros would hide a mistake
        if isinstance(layer, nn.Conv2d) and not isinstance(layer.weight, nn.Parameter):
            nn.init.kaiming_normal_(layer.weight)
    return built.double()


def forward_and_gradients(net: nn.Module, side: int) -> list[Tensor]:
    torch.manual_seed(3)
    image = (torch.rand(2, 3, side, side, dtype=torch.float64) * 2 - 1).requires_grad_()
    given = (image, image.flip(0)) if getattr(net, "takes_style", False) else (image,)
    output = net(*given)
    outputs = output if isinstance(output, list) else [output]
    probe = sum((o * torch.linspace(-1, 1, o.numel(), dtype=o.dtype).view_as(o)).sum() for o in outputs)
    parameters = [p for p in net.parameters() if p.requires_grad]
    return [*outputs, *torch.autograd.grad(probe, [image, *parameters], allow_unused=True)]


def assert_close(ours: list[Tensor], theirs: list[Tensor]) -> None:
    largest = max(float(t.detach().abs().max()) for t in theirs if t is not None)
    for a, b in zip(ours, theirs, strict=True):
        if b is None:
            assert a is None
        else:
            torch.testing.assert_close(a, b, rtol=0, atol=RTOL * max(float(b.detach().abs().max()), 1e-4 * largest))


@pytest.fixture
def winograd_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "_LEAST_CHANNELS", 4)
    monkeypatch.setattr(winograd, "_LEAST_TILES", 1)


@pytest.mark.parametrize(("group", "name"), [(g, n) for g in ("generator", "discriminator") for n in names(g)])
def test_every_network_gives_what_it_gave(group, name, winograd_everywhere):
    net = network(group, name)
    side = max(32, getattr(net, "stride", 1), getattr(net, "smallest", 1))
    net.eval()  # in train mode a spectral norm iterates
    expected, keys = forward_and_gradients(net, side), list(net.state_dict())
    for switch in SWITCHES:  # each on top of those before it
        speed.speed_up(net, [net], mechanics(**switch))
        assert_close(forward_and_gradients(net, side), expected)
    assert list(net.state_dict()) == keys


@pytest.mark.slow  # ten seconds of compiling each
@pytest.mark.parametrize(("group", "name"), [(g, n) for g in ("generator", "discriminator") for n in names(g)])
def test_compiled_every_network_gives_what_it_gave(group, name):
    net = network(group, name)
    side = max(32, getattr(net, "stride", 1), getattr(net, "smallest", 1))
    net.eval()
    expected = forward_and_gradients(net, side)
    torch._dynamo.reset()
    speed.speed_up(net, [net], mechanics(channels_last=True, multiply_less=True, compile=True))
    assert_close(forward_and_gradients(net, side), expected)
    assert net._compiled_call_impl is not None  # else the plain network was compared with itself


@pytest.mark.parametrize("name", names("discriminator"))
@pytest.mark.parametrize("negatives", [False, True])
def test_one_forward_for_reals_and_fakes_gives_the_same_terms(name, negatives):
    net = network("discriminator", name)
    side = max(32, getattr(net, "smallest", 1))
    reals, fakes, more = (
        torch.rand(2, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        for seed in range(3)
    )
    found = []
    for together in (False, True):
        game = instantiate(compose_config("train", ["run_dir=.", "model=vanilla"]).model.game, _convert_="all")
        assert isinstance(game, AdversarialGame)
        game.one_forward = together
        state = {key: value.clone() for key, value in net.state_dict().items()}
        terms = game.discriminator_loss(net, reals, fakes, step=0, negatives=more if negatives else None)
        net.zero_grad()
        terms["adversarial"].backward()
        net.load_state_dict(state, strict=False)  # spectral norms iterate; frozen weights stay
        found.append([terms["adversarial"].detach(), *(p.grad.clone() for p in net.parameters() if p.grad is not None)])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6 * float(b.abs().max() + 1e-6))  # logits are float32


def test_a_discriminator_whose_pictures_meet_gets_two_forwards():
    torch.manual_seed(0)
    meeting = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 3))
    assert (
        not logits_are_independent(meeting)
        and logits_are_independent(meeting.eval())
        and logits_are_independent(nn.InstanceNorm2d(3))
    )
    assert not logits_are_independent(nn.Sequential(nn.Dropout(0.5)))
    normed = network("discriminator", "projected_random")
    assert not logits_are_independent(normed)
    reals, fakes = torch.rand(2, 3, 8, 8) + 1, torch.rand(2, 3, 8, 8) - 1
    calls: list[int] = []
    meeting.train().register_forward_hook(lambda module, given, output: calls.append(len(output)))
    game = instantiate(compose_config("train", ["run_dir=.", "model=vanilla"]).model.game, _convert_="all")
    game.discriminator_loss(meeting, reals, fakes, step=0)
    assert calls == [2, 2]
    calls.clear()
    game.discriminator_loss(meeting.eval(), reals, fakes, step=0)
    assert calls == [4]


def test_a_recomputed_block_keeps_its_input_alone():
    net = network("generator", "resnet9").float()
    kept: list[int] = []

    def bytes_kept() -> int:
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(lambda t: (kept.append(t.numel()), t)[1], lambda t: t):
            net(torch.rand(1, 3, 32, 32))
        return sum(kept)

    before = bytes_kept()
    speed.speed_up(net, [net], mechanics(recompute=True))
    assert bytes_kept() < before


def test_a_compiled_network_can_be_differentiated_twice_after_once(monkeypatch):
    """An adversarial share does so in every 16th step, and a resumed run begins between two of these."""
    compiled, critic = nn.Module.compile, nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))
    monkeypatch.setattr(nn.Module, "compile", lambda self: compiled(self, backend="aot_eager"))
    monkeypatch.setattr(speed, "_check_compiler", lambda: None)
    speed.speed_up(critic, [critic], mechanics(compile=True))
    picture = torch.rand(1, 3, 8, 8, requires_grad=True)
    critic(picture).mean().backward()
    once = picture.grad.clone()
    loss = critic(picture).mean()
    torch.testing.assert_close(torch.autograd.grad(loss, picture, retain_graph=True)[0], once)
    loss.backward()


def test_without_a_compiler_compile_says_so_in_one_line(monkeypatch):
    monkeypatch.setenv("PATH", str(Path("nowhere")))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"needs a C\+\+ compiler .* type model\.mechanics\.compile=false"):
        speed.speed_up(nn.Identity(), [nn.Identity()], mechanics(compile=True))
