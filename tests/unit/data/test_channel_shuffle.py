"""Contents come in all six orders of their channels, alike; what stands where does not change, nor do styles."""

from collections import Counter

import torch

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.channel_shuffle import RandomChannels


def shuffled(
    count: int, p: float = 0.0, *, together: bool = False, styles: bool = False
) -> tuple[StylePair, StylePair]:
    torch.manual_seed(0)
    levels = torch.tensor([-0.5, 0.0, 0.5]).view(1, 3, 1, 1)
    pair = StylePair(levels + 0.1 * torch.rand(count, 1, 4, 6), levels + 0.1 * torch.rand(count, 1, 4, 6))
    return pair, RandomChannels(p=p, styles=styles)(pair, together=together)


def order(image: torch.Tensor) -> torch.Tensor:
    return image.mean(dim=(2, 3)).argsort(dim=1)


def test_all_orders_come_about_equally_often_and_each_picture_has_its_own() -> None:
    _, after = shuffled(3000)
    orders = Counter(tuple(row.tolist()) for row in order(after.content))
    assert len(orders) == 6
    assert all(400 < count < 600 for count in orders.values())  # 500 expected, standard deviation 20


def test_only_the_order_changes() -> None:
    before, after = shuffled(20)
    assert torch.equal(after.content.sort(dim=1).values, before.content.sort(dim=1).values)
    assert torch.equal(after.style, before.style)


def test_it_flips_too() -> None:
    before, after = shuffled(8, p=1.0, together=True)
    assert torch.equal(after.content.sort(dim=1).values, before.content.flip(-1).sort(dim=1).values)
    assert torch.equal(after.style, before.style.flip(-1))


def test_styles_are_shuffled_where_asked_on_their_own_or_with_their_contents() -> None:
    before, apart = shuffled(200, styles=True)
    assert torch.equal(apart.style.sort(dim=1).values, before.style.sort(dim=1).values)
    same = (order(apart.style) == order(apart.content)).all(dim=1).float().mean()
    assert same < 0.35  # one in six
    _, alike = shuffled(200, styles=True, together=True)
    assert torch.equal(order(alike.style), order(alike.content))
