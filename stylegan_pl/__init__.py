"""Style-transfer GANs in PyTorch Lightning."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stylegan_pl.inference.stylizer import Stylizer as Stylizer

__version__ = "0.3.0"
__all__ = ["Stylizer", "__version__"]


def __getattr__(name: str) -> Any:
    """Import `Stylizer` on first use, because importing torch takes seconds."""
    if name == "Stylizer":
        from stylegan_pl.inference.stylizer import Stylizer

        return Stylizer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
