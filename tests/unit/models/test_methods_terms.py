"""What each method descends, term by term, against its docstring's formula computed by hand."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, l1_loss, mse_loss
from unit.models.tiny_methods import BATCH, Recorded, critic, game, generator, parts, pictures, relativistic

from stylegan_pl.discriminators.feature_heads import FeatureHeads
from stylegan_pl.errors import ConfigError
from stylegan_pl.generators.adain import AdaINGenerator
from stylegan_pl.losses.image_loss import Views
from stylegan_pl.losses.pixel import PixelLoss
from stylegan_pl.models.adain import AdaINTransfer
from stylegan_pl.models.ast import AST
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.cut import CUT
from stylegan_pl.models.cyclegan import CycleGAN
from stylegan_pl.models.distilled import DistilledGAN
from stylegan_pl.models.fakes import Fakes, each
from stylegan_pl.models.perceptual import PerceptualTransfer
from stylegan_pl.models.pix2pix import Pix2Pix
from stylegan_pl.models.vanilla import VanillaGAN
from stylegan_pl.nn.layers.conv_encoder import ConvEncoder
from stylegan_pl.nn.layers.decoders import ResidualDecoder
from stylegan_pl.nn.layers.init import init_he
from stylegan_pl.nn.pretrained.random_filters import RandomFilters

X, Y = BATCH


def assert_terms(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, term in expected.items():
        torch.testing.assert_close(
            found[name], term, rtol=1e-4, atol=1e-6, msg=lambda said, name=name: f"{name}: {said}"
        )


def both(model: TwoPlayerModule) -> tuple[Any, dict[str, Tensor], dict[str, Tensor]]:
    """Fakes and both players' terms, as a step has them."""
    fakes = model.generate(BATCH)
    return fakes, model.generator_loss(BATCH, fakes), model.discriminator_loss(BATCH, each(fakes, Tensor.detach))


def made(fakes: Fakes) -> dict[str, Tensor]:
    """The pictures among them, by name."""
    return {name: value for name, value in vars(fakes).items() if isinstance(value, Tensor)}


# ---------------------------------------------------------------------- heads on features


def vanilla_with_heads(**options) -> VanillaGAN:
    network = RandomFilters(style_layers={"scale1": 1, "scale2": 1}, content_layers={}, filters=3)
    heads = partial(FeatureHeads, layers=["scale1", "scale2"], width=4, init=init_he)
    given = {"game": game(**options.pop("game", {})), "image_losses": {"pixel": PixelLoss(weight=2.0)}} | options
    losses, played = given.pop("image_losses"), given.pop("game")
    return VanillaGAN(
        parts(generator(1), critic(2), played, feature_network=network, **losses), feature_heads=heads, **given
    )


def heads_loss(wanted_higher: list[Tensor], wanted_lower: list[Tensor]) -> Tensor:
    """Mean over heads."""
    pairs = zip(wanted_higher, wanted_lower, strict=True)
    return torch.stack([relativistic(high, low) for high, low in pairs]).mean()


def test_heads_play_on_the_features_that_losses_look_through():
    model = vanilla_with_heads(adversarial_weight=0.0, feature_adversarial_weight=3.0)
    model.eval()  # a spectral norm iterates at each forward in training
    fakes, of_generator, of_heads = both(model)
    heads, look = model.feature_heads, model.feature_network
    fake, real = heads(look(fakes.stylised)), heads(look(Y))
    assert_terms(
        of_generator, {"feature_adversarial": 3 * heads_loss(fake, real), "pixel": 2 * l1_or_mse(fakes.stylised)}
    )
    assert_terms(of_heads, {"feature_adversarial": heads_loss(real, fake)})
    assert list(model.player_modules("discriminator")) == [heads]


def test_heads_of_weight_0_are_not_there():
    model = vanilla_with_heads(feature_adversarial_weight=0.0)
    assert model.feature_heads is None and list(model.player_modules("discriminator")) == [model.discriminator]


def test_heads_are_shown_the_photographs_too():
    model = vanilla_with_heads(adversarial_weight=0.0, game={"photographs_as_fakes": True})
    model.eval()
    fakes, _, of_heads = both(model)
    heads, look = model.feature_heads, model.feature_network
    real, fake, untouched = (heads(look(image)) for image in (Y, fakes.stylised, X))
    doubled = [torch.cat([head, head]) for head in real]
    shown = [torch.cat(pair) for pair in zip(fake, untouched, strict=True)]
    assert_terms(of_heads, {"feature_adversarial": heads_loss(doubled, shown)})


def test_the_discriminators_weight_is_the_heads_too():
    model = vanilla_with_heads(adversarial_weight=0.0, game={"discriminator_weight": 0.25})
    model.eval()
    fakes, _, of_heads = both(model)
    heads, look = model.feature_heads, model.feature_network
    assert_terms(of_heads, {"feature_adversarial": 0.25 * heads_loss(heads(look(Y)), heads(look(fakes.stylised)))})


def test_heads_that_tell_paintings_from_fakes_are_certain():
    game_of_heads = (model := vanilla_with_heads()).feature_game
    fakes = each(model.generate(BATCH), Tensor.detach)
    for of_fakes, expected in ((-1.0, 1.0), (3.0, 0.0)):  # paintings get 1
        game_of_heads.heads = lambda seen, low=of_fakes: [torch.full((2, 1), low if seen is fakes.features else 1.0)]
        game_of_heads.discriminator_loss(BATCH, fakes)
        assert game_of_heads.certainty == expected


def test_an_adversarial_share_sets_both_weights():
    torch.manual_seed(0)
    model = vanilla_with_heads(adversarial_share=0.5)
    model.eval()
    model.balance.certainty.fill_(1)
    fakes = model.generate(BATCH)
    terms = model.generator_loss(BATCH, fakes)
    slopes = [
        torch.autograd.grad(sum(term for name, term in terms.items() if ("adv" in name) == adversarial),
                            fakes.stylised, retain_graph=True)[0].norm()
        for adversarial in (True, False)
    ]  # fmt: skip
    torch.testing.assert_close(slopes[0], 0.5 * slopes[1])


def test_the_share_hears_both_judges():
    model = vanilla_with_heads(adversarial_share=0.5)
    fakes = each(model.generate(BATCH), Tensor.detach)
    model.discriminator_loss(BATCH, fakes)
    judges = torch.stack([model.game.certainty, model.feature_game.certainty])
    torch.testing.assert_close(model.balance.certainty, 0.05 * judges.mean())


def l1_or_mse(stylised: Tensor) -> Tensor:
    """What `PixelLoss` is, asked of the loss itself: it has tests of its own."""
    return PixelLoss(weight=1.0)(Views(stylised, X, Y))


@pytest.mark.parametrize("model", ["vanilla", "cut"])
def test_photographs_as_fakes(model: str):
    played = game(photographs_as_fakes=True)
    kind = {"vanilla": VanillaGAN, "cut": CUT}[model]
    gan = kind(parts(generator(1), critic(2), played, pixel=PixelLoss(weight=1.0)))
    fakes, _, of_critic = both(gan)
    judge = gan.discriminator
    real, shown = judge(Y), judge(torch.cat([fakes.stylised, X]))
    assert_terms(of_critic, {"adversarial": relativistic(torch.cat([real, real]), shown)})


# ---------------------------------------------------------------------- CycleGAN


def cyclegan(**options) -> CycleGAN:
    played, played_back = (
        options.pop(name, None) or game(discriminator_weight=0.5) for name in ("game", "content_game")
    )
    losses = options.pop("image_losses", {"pixel": PixelLoss(weight=2.0)})
    back = {"backward_generator": generator(2), "content_discriminator": critic(4), "content_game": played_back}
    return CycleGAN(parts(generator(1), critic(3), played, **losses), **back, **options)


@pytest.mark.parametrize("shared_forwards", [True, False])
def test_cyclegan(shared_forwards: bool):
    model = cyclegan(adversarial_weight=3.0, cycle_weight=4.0, identity_weight=0.25, shared_forwards=shared_forwards)
    g, f, d_y, d_x = model.generator, model.backward_generator, model.discriminator, model.content_discriminator
    fakes, of_generators, of_critics = both(model)
    expected = {"stylised": g(X), "photograph": f(Y), "identity": g(Y), "content_identity": f(X)}
    expected |= {"cycled_content": f(g(X)), "cycled_style": g(f(Y))}
    assert made(fakes).keys() == expected.keys()
    for name, picture in expected.items():
        torch.testing.assert_close(made(fakes)[name], picture, rtol=1e-4, atol=1e-5)
    assert_terms(
        of_generators,
        {
            "adversarial_style": 3.0 * relativistic(d_y(g(X)), d_y(Y)),
            "adversarial_content": 3.0 * relativistic(d_x(f(Y)), d_x(X)),
            "cycle_content": 4.0 * l1_loss(f(g(X)), X),
            "cycle_style": 4.0 * l1_loss(g(f(Y)), Y),
            "identity_style": 0.25 * 4.0 * l1_loss(g(Y), Y),
            "identity_content": 0.25 * 4.0 * l1_loss(f(X), X),
            "pixel": 2.0 * mse_loss(g(X), Y),
        },
    )
    assert_terms(
        of_critics,
        {
            "adversarial_style": 0.5 * relativistic(d_y(Y), d_y(g(X))),
            "adversarial_content": 0.5 * relativistic(d_x(X), d_x(f(Y))),
        },
    )


@pytest.mark.parametrize("term", ["cycle_content", "cycle_style"])
def test_a_cycle_teaches_both_generators(term: str):
    """The way there learns by the way back, too."""
    model = cyclegan(image_losses={})
    terms = model.generator_loss(BATCH, model.generate(BATCH))
    networks = [model.generator, model.backward_generator]
    terms[term].backward()
    for network in networks:
        assert all((p.grad != 0).any() for name, p in network.named_parameters() if name.endswith("weight"))


def test_cyclegan_has_a_pool_for_each_discriminator_and_two_networks_for_each_player():
    model = cyclegan(game=game(pool_size=2), content_game=game(pool_size=2))
    fakes, _, _ = both(model)
    for pool, name in ((model.game.pool, "stylised"), (model.content_game.pool, "photograph")):
        assert torch.equal(pool.get_extra_state()["images"], made(fakes)[name])
    assert list(model.player_modules("generator")) == [model.generator, model.backward_generator]
    assert list(model.player_modules("discriminator")) == [model.discriminator, model.content_discriminator]


def test_cyclegan_makes_nothing_that_nobody_asks_for():
    fakes = cyclegan(cycle_weight=0.0, image_losses={}).generate(BATCH)
    assert made(fakes).keys() == {"stylised", "photograph"}
    fakes = cyclegan(identity_weight=0.0, image_losses={"seen": Recorded(needs_identity=True)}).generate(BATCH)
    assert made(fakes).keys() == {"stylised", "photograph", "identity", "cycled_content", "cycled_style"}


# ---------------------------------------------------------------------- one generator


@pytest.mark.parametrize("needs_identity", [True, False])
def test_vanilla(needs_identity: bool):
    seen = Recorded(weight=2.0, needs_identity=needs_identity)
    model = VanillaGAN(parts(generator(1), critic(3), game(), seen=seen), adversarial_weight=3.0)
    g, d = model.generator, model.discriminator
    fakes, of_generator, of_critic = both(model)
    assert made(fakes).keys() == ({"stylised", "identity"} if needs_identity else {"stylised"})
    torch.testing.assert_close(fakes.stylised, g(X), rtol=1e-4, atol=1e-5)
    if needs_identity:
        torch.testing.assert_close(fakes.identity, g(Y), rtol=1e-4, atol=1e-5)
    assert_terms(of_generator, {"adversarial": 3.0 * relativistic(d(g(X)), d(Y)), "seen": 2.0 * g(X).mean()})
    assert_terms(of_critic, {"adversarial": relativistic(d(Y), d(g(X)))})
    (views,) = seen.views
    assert torch.equal(views.content, X) and torch.equal(views.style, Y) and views.stylised is fakes.stylised
    assert (views.identity is None) != needs_identity
    assert list(model.player_modules("generator")) == [g] and list(model.player_modules("discriminator")) == [d]


@pytest.mark.parametrize("needs_identity", [True, False])
def test_perceptual(needs_identity: bool):
    model = PerceptualTransfer(parts(generator(1), seen=Recorded(weight=2.0, needs_identity=needs_identity)))
    fakes, of_generator, of_critic = both(model)
    torch.testing.assert_close(fakes.stylised, model.generator(X))
    assert (fakes.identity is None) != needs_identity
    if needs_identity:
        torch.testing.assert_close(fakes.identity, model.generator(Y))
    assert_terms(of_generator, {"seen": 2.0 * model.generator(X).mean()})
    assert not of_critic and model.players == ("generator",)


def test_cut_mirrors_half_the_time_and_compares_with_what_was_seen():
    seen = Recorded()
    model = CUT(parts(generator(1), critic(3), game(), seen=seen), flip_equivariance=True)
    mirrored = []
    for seed in range(60):
        torch.manual_seed(seed)
        fakes = model.generate(BATCH)
        model.generator_loss(BATCH, fakes)
        mirrored.append(fakes.mirrored)
        shown = X.flip(-1) if mirrored[-1] else X
        views = seen.views.pop()
        assert torch.equal(views.content, shown) and torch.equal(views.style, Y)
        assert views.mirrored == mirrored[-1]
        torch.testing.assert_close(fakes.stylised, model.generator(shown))
    assert 15 < sum(mirrored) < 45
    never = CUT(parts(generator(1), critic(3), game(), seen=seen))
    assert not any(never.generate(BATCH).mirrored for _ in range(20))


def test_a_picture_that_nobody_generated_has_image_terms():
    """As `preview` asks, also of a method whose fakes may be mirrored."""
    seen = Recorded(weight=2.0)
    model = CUT(parts(generator(1), critic(3), game(), seen=seen), flip_equivariance=True)
    assert_terms(model.image_terms(BATCH, Fakes(stylised=Y)), {"seen": 2.0 * Y.mean()})
    assert torch.equal(seen.views[-1].content, X)


def test_pix2pix():
    model = Pix2Pix(
        parts(generator(1), critic(3, inputs=6), game(discriminator_weight=0.5)), adversarial_weight=3.0,
        l1_weight=7.0,
    )  # fmt: skip
    g, d = model.generator, model.discriminator
    _, of_generator, of_critic = both(model)
    fake, real = torch.cat([X, g(X)], dim=1), torch.cat([X, Y], dim=1)
    assert_terms(of_generator, {"adversarial": 3.0 * relativistic(d(fake), d(real)), "l1": 7.0 * l1_loss(g(X), Y)})
    assert_terms(of_critic, {"adversarial": 0.5 * relativistic(d(real), d(fake))})


@pytest.mark.parametrize("needs_identity", [True, False])
def test_adain(needs_identity: bool):
    torch.manual_seed(1)
    net = AdaINGenerator(encoder=ConvEncoder(width=4), decoder=partial(ResidualDecoder, blocks=1), init=init_he)
    net.encoder.requires_grad_(False)
    seen = Recorded(needs_identity=needs_identity)
    model = AdaINTransfer(
        parts(net, critic(3, inputs=6), game(), seen=seen), adversarial_weight=3.0, content_weight=7.0
    )
    d, mirrored = model.discriminator, Y.flip(-1)
    fakes, of_generator, of_critic = both(model)
    painting = net.paint(X, Y)
    torch.testing.assert_close(fakes.target, painting.target, rtol=1e-4, atol=1e-5)
    if needs_identity:
        torch.testing.assert_close(fakes.identity, net(Y, Y), rtol=1e-4, atol=1e-5)
    fake, real = torch.cat([mirrored, net(X, Y)], dim=1), torch.cat([mirrored, Y], dim=1)
    bottleneck = net.encoder.bottleneck
    content = mse_loss(net.encode(net(X, Y), [bottleneck])[bottleneck], painting.target)
    assert_terms(
        of_generator,
        {"adversarial": 3.0 * relativistic(d(fake), d(real)), "adain_content": 7.0 * content, "seen": net(X, Y).mean()},
    )
    assert_terms(of_critic, {"adversarial": relativistic(d(real), d(fake))})
    torch.testing.assert_close(seen.views[-1].paint(pictures(9)), net(pictures(9), Y))


def test_ast():
    model = AST(
        parts(generator(1), critic(3), game(photographs_as_fakes=True)), adversarial_weight=3.0,
        transformed_weight=5.0, content_weight=7.0, pool_size=4,
    )  # fmt: skip
    g, d = model.generator, model.discriminator
    _, of_generator, of_critic = both(model)
    deepest = list(g.taps)[-1]
    coarse = [avg_pool2d(image, 4, stride=1) for image in (X, g(X))]
    encoded = [g.encode(image, [deepest])[deepest] for image in (g(X), X)]
    assert_terms(
        of_generator,
        {
            "adversarial": 3.0 * relativistic(d(g(X)), d(Y)),
            "transformed": 5.0 * mse_loss(*coarse),
            "style_aware_content": 7.0 * l1_loss(*encoded),
        },
    )
    reals, fakes = torch.cat([d(Y), d(Y)]), torch.cat([d(g(X)), d(X)])  # the photograph is no painting either
    assert_terms(of_critic, {"adversarial": relativistic(reals, fakes)})


def test_a_generators_terms_reach_the_generator_through_every_part():
    """No term is cut off from what it should teach."""
    model = VanillaGAN(parts(generator(1), critic(3), game()))
    for term in model.generator_loss(BATCH, model.generate(BATCH)).values():
        term.backward()
    assert all((p.grad != 0).any() for name, p in model.generator.named_parameters() if name.endswith("weight"))


@pytest.mark.parametrize(
    ("method", "needs_pairs", "gives_style", "conditions_discriminator"),
    [
        (VanillaGAN, False, False, False),
        (PerceptualTransfer, False, False, False),
        (CycleGAN, False, False, False),
        (CUT, False, False, False),
        (Pix2Pix, True, False, True),
        (AdaINTransfer, False, True, True),
        (AST, False, False, False),
    ],
)
def test_what_a_method_is_to_its_data_and_its_networks(method, needs_pairs, gives_style, conditions_discriminator):
    found = (method.needs_pairs, method.gives_style, method.conditions_discriminator)
    assert found == (needs_pairs, gives_style, conditions_discriminator)


NOTHING = {"adversarial_weight": 0.0}


@pytest.mark.parametrize("weights", [{"transformed_weight": 1.0, "content_weight": 0.0}, {"content_weight": 1.0}])
def test_one_weight_is_enough_to_learn(weights: dict[str, float]):
    """Of each method, whatever the others are."""
    zeros = {"transformed_weight": 0.0, "content_weight": 0.0}
    model = AST(parts(generator(1), critic(3), game()), **(NOTHING | zeros | weights))
    assert model.has_goal and model.players == ("generator",)
    assert Pix2Pix(parts(generator(1), critic(3, inputs=6), game()), **NOTHING, l1_weight=1.0).has_goal
    assert VanillaGAN(parts(generator(1), critic(3), game(), seen=Recorded()), **NOTHING).has_goal
    assert DistilledGAN(parts(generator(1), critic(3), game()), generator(5), **NOTHING, feature_weight=0.0).has_goal
    assert DistilledGAN(parts(generator(1), critic(3), game()), generator(5), **NOTHING, output_weight=0.0).has_goal
    torch.manual_seed(1)
    net = AdaINGenerator(encoder=ConvEncoder(width=4), decoder=partial(ResidualDecoder, blocks=1), init=init_he)
    net.encoder.requires_grad_(False)
    assert AdaINTransfer(parts(net, critic(3, inputs=6), game()), **NOTHING, content_weight=1.0).has_goal
    assert not AST(parts(generator(1), critic(3), game()), **(NOTHING | zeros)).has_goal
    assert not VanillaGAN(parts(generator(1), critic(3), game()), **NOTHING).has_goal
    assert not PerceptualTransfer(parts(generator(1))).has_goal
    assert not cyclegan(**NOTHING, cycle_weight=0.0, image_losses={}).has_goal
    assert cyclegan(**NOTHING, cycle_weight=1.0, image_losses={}).has_goal


def test_asts_encoder_is_the_tap_that_is_named():
    weights = {"adversarial_weight": 0.0, "transformed_weight": 0.0, "content_weight": 1.0}
    first, *others = generator(1).taps
    model = AST(parts(generator(1), critic(3), game()), **weights, encoder_layer=first)
    g = model.generator
    encoded = [g.encode(image, [first])[first] for image in (g(X), X)]
    assert_terms(model.generator_loss(BATCH, model.generate(BATCH)), {"style_aware_content": l1_loss(*encoded)})
    with pytest.raises(ConfigError, match=f"encoder_layer=nowhere: this generator has {first}, {others[0]}"):
        AST(parts(generator(1), critic(3), game()), **weights, encoder_layer="nowhere")


def test_a_student_goes_on_with_its_own_teacher_alone():
    """And a run of another method, which had none, with any."""
    weights = {"feature_weight": 0.0}
    model, again = (DistilledGAN(parts(generator(1), critic(3), game()), generator(5), **weights) for _ in "ab")
    other = DistilledGAN(parts(generator(1), critic(3), game()), generator(6), **weights)
    model.clock.images_seen, checkpoint = 12, {}
    model.on_save_checkpoint(checkpoint)
    again.on_load_checkpoint(checkpoint)
    assert again.clock.images_seen == 12
    with pytest.raises(ConfigError, match=f"was taught by weights {checkpoint['teacher']}, and these are"):
        other.on_load_checkpoint(checkpoint)
    del checkpoint["teacher"]
    other.on_load_checkpoint(checkpoint)
    assert other.clock.images_seen == 12
