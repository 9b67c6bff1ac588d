"""The pool against the papers' procedure, one image at a time."""

import io

import pytest
import torch
from torch import Tensor

from stylegan_pl.nn.training.image_pool import ImagePool


def numbered(first: int, count: int) -> Tensor:
    """Images that are told apart by their value."""
    return torch.arange(first, first + count, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 2, 2).contiguous()


class Reference:
    """CycleGAN's procedure on numbers: fill; then keep the new one, or swap it for an old one and return that."""

    def __init__(self, size: int) -> None:
        self.size, self.kept = size, []

    def query(self, images: list[float], swaps: list[bool], slots: list[int]) -> list[float]:
        returned = []
        for image, swap, slot in zip(images, swaps, slots, strict=True):
            if len(self.kept) < self.size:
                self.kept.append(image)
                returned.append(image)
            elif swap:
                old, self.kept[slot] = self.kept[slot], image
                returned.append(old)
            else:
                returned.append(image)
        return returned


@pytest.mark.parametrize(("size", "batch"), [(3, 1), (5, 4), (4, 7), (1, 3), (8, 3)])
def test_it_is_the_published_procedure(size: int, batch: int) -> None:
    """With the same draws, read here the way the pool draws them."""
    pool, reference, swapped = ImagePool(size), Reference(size), 0
    for step in range(40):
        images = numbered(step * batch, batch)
        torch.manual_seed(step)
        swaps = [draw < 0.5 for draw in torch.rand(batch).tolist()]
        slots = torch.randint(size, (batch,)).tolist()
        expected = reference.query(images[:, 0, 0, 0].tolist(), swaps, slots)
        torch.manual_seed(step)
        returned = pool(images)
        assert returned.shape == images.shape
        assert returned[:, 0, 0, 0].tolist() == expected
        assert (returned == returned[:, :1, :1, :1]).all()  # whole images
        assert pool.get_extra_state()["images"][:, 0, 0, 0].tolist() == reference.kept
        swapped += sum(image not in images[:, 0, 0, 0].tolist() for image in expected)
    assert swapped > 0


def test_half_of_what_comes_back_is_old() -> None:
    torch.manual_seed(0)
    pool = ImagePool(50)
    pool(numbered(0, 50))
    new = numbered(1000, 2000)
    unchanged = torch.cat([pool(image.unsqueeze(0)) for image in new])[:, 0, 0, 0] == new[:, 0, 0, 0]
    assert unchanged.float().mean().item() == pytest.approx(0.5, abs=0.04)


def test_size_0_returns_its_input() -> None:
    images = numbered(0, 3)
    pool = ImagePool(0)
    assert pool(images) is images
    assert pool.get_extra_state() == {"images": None}
    with pytest.raises(ValueError, match="a pool cannot hold -1 images"):
        ImagePool(-1)


def test_what_it_keeps_is_detached_and_its_own() -> None:
    pool, images = ImagePool(2), numbered(0, 2).requires_grad_()
    assert not pool(images).requires_grad
    with torch.no_grad():
        images.fill_(-1)
    assert pool.get_extra_state()["images"][:, 0, 0, 0].tolist() == [0, 1]


def test_it_hands_back_copies() -> None:
    """A later swap must not change what the discriminator was shown."""
    pool = ImagePool(1)
    first = pool(numbered(7, 1))
    torch.manual_seed(0)
    for step in range(20):
        pool(numbered(step + 100, 1))
    assert first.unique().tolist() == [7]


def test_half_precision_comes_back_single() -> None:
    pool = ImagePool(2)
    assert pool(numbered(0, 2).bfloat16()).dtype == torch.float32
    assert pool.get_extra_state()["images"].dtype == torch.float32


def test_a_resumed_pool_goes_on_exactly() -> None:
    torch.manual_seed(0)
    whole = ImagePool(4)
    for step in range(5):
        whole(numbered(3 * step, 3))
    file = io.BytesIO()
    torch.save(whole.state_dict(), file)
    file.seek(0)
    resumed = ImagePool(4)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    for step in range(5, 15):
        torch.manual_seed(step)
        expected = whole(numbered(3 * step, 3))
        torch.manual_seed(step)
        assert torch.equal(resumed(numbered(3 * step, 3)), expected)


def test_a_new_pool_and_a_smaller_one_load_too() -> None:
    empty, full = ImagePool(4), ImagePool(4)
    full(numbered(0, 4))
    empty_state = empty.state_dict()
    smaller = ImagePool(2)
    smaller.load_state_dict(full.state_dict())
    assert smaller.get_extra_state()["images"][:, 0, 0, 0].tolist() == [0, 1]
    full.load_state_dict(empty_state)
    assert full.get_extra_state() == {"images": None}


def test_images_of_another_size_are_refused() -> None:
    pool = ImagePool(4)
    pool(torch.zeros(1, 3, 4, 4))
    with pytest.raises(ValueError, match=r"holds images of \(3, 4, 4\), got \(3, 8, 8\); resume with the size"):
        pool(torch.zeros(1, 3, 8, 8))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_pool_gets_back_what_it_kept(size: int) -> None:
    """As much of it as it holds."""
    before, after = ImagePool(3), ImagePool(size)
    before(numbered(0, 3))
    after.load_state_dict(before.state_dict())
    assert torch.equal(after.get_extra_state()["images"], numbered(0, 3)[:size])
