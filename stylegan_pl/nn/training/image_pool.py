"""A pool of fakes of earlier steps for the discriminator (Shrivastava et al., 2017; CycleGAN)."""

from typing import Any

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """Returns images, about half of them replaced by older ones.

    For each image: while the pool is not full, it is stored and returned. Later, with probability ½, it replaces a
    random old image, which is returned instead. With size 0 the input is returned.

    The images are part of the state, so a run resumes exactly. They are detached and in float32. Each device has its
    own pool; `RankPools` saves all of them in the checkpoint.

    >>> import torch
    >>> from stylegan_pl.nn.training.image_pool import ImagePool
    >>> pool = ImagePool(50)
    >>> fakes = torch.rand(4, 3, 16, 16)
    >>> torch.equal(pool(fakes), fakes)  # while there is room, images come back as they are
    True

    Args:
        size: number of images in the pool; 50 in both papers.

    Raises:
        ValueError: `size` is below 0.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        if size < 0:
            raise ValueError(f"a pool cannot hold {size} images; try 0 for none")
        self.size = size
        self._images: Tensor | None = None  # (kept, C, H, W)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape; float32 and detached unless the size is 0.

        Raises:
            ValueError: the images differ in size from those in the pool.
        """
        if self.size == 0:
            return images
        images = images.detach().float()
        kept = images[:0] if self._images is None else self._images.to(images.device)
        if kept.shape[1:] != images.shape[1:]:
            raise ValueError(
                f"the pool holds images of {tuple(kept.shape[1:])}, got {tuple(images.shape[1:])}; resume with the "
                "size that the run had"
            )
        old = len(kept)
        slots, returned = self._bookkeep(old, len(images))
        handed_back = torch.stack([kept[i] if i < old else images[i - old] for i in returned])
        for slot, source in enumerate(slots[:old]):
            if source >= old:
                kept[slot] = images[source - old]
        self._images = torch.cat([kept, *(images[i - old].unsqueeze(0) for i in slots[old:])])
        return handed_back

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Height and width of the pool's images; None if it is empty."""
        return None if self._images is None else (self._images.shape[-2], self._images.shape[-1])

    def _bookkeep(self, kept: int, new: int) -> tuple[list[int], list[int]]:
        """The pool's new content, and the images to return, as indices into [kept, new].

        Random numbers are drawn on the CPU, so this waits for no device.
        """
        swapped, chosen = (torch.rand(new) < 0.5).tolist(), torch.randint(self.size, (new,)).tolist()
        slots, returned = list(range(kept)), []
        for sample, (swap, slot) in enumerate(zip(swapped, chosen, strict=True), start=kept):
            if len(slots) < self.size:
                slots.append(sample)
                returned.append(sample)
            elif swap:
                returned.append(slots[slot])
                slots[slot] = sample
            else:
                returned.append(sample)
        return slots, returned

    def get_extra_state(self) -> dict[str, Any]:
        """The images for the state_dict; None if there are none."""
        return {"images": self._images}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore the images; a smaller pool keeps the first ones."""
        images = state["images"]
        self._images = None if images is None or self.size == 0 else images[: self.size].clone()
