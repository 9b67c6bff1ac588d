"""A node for ComfyUI: paints with what `stylegan-pl export` wrote. Copy this folder to ComfyUI/custom_nodes/."""

from pathlib import Path
from typing import Any

import numpy as np
import torch


class StylizeNode:
    """Pictures in, paintings of the same size out, by an .onnx or a .safetensors file."""

    CATEGORY = "image/style transfer"
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "stylize"

    def __init__(self) -> None:
        self._loaded: tuple[Any, Any] = (None, None)  # what was asked for last, and what paints so

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """ComfyUI's description of the sockets."""
        return {
            "required": {
                "image": ("IMAGE",),
                "file": ("STRING", {"default": "picture.onnx"}),
                "strength": ("FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.05}),
            }
        }

    @classmethod
    def IS_CHANGED(cls, file: str, **inputs: Any) -> int | None:
        """ComfyUI paints again if this differs, so a file that was written again counts."""
        return _written(Path(file).expanduser())

    def stylize(self, image: torch.Tensor, file: str, strength: float) -> tuple[torch.Tensor]:
        """(N, H, W, 3 or 4) in [0, 1] -> (N, H, W, 3), without transparency.

        The file stays loaded until another one is asked for.
        """
        path = Path(file).expanduser()
        asked = (path, _written(path), strength)
        if self._loaded[0] != asked:
            self._loaded = (asked, _painter(path, strength))
        pixels = (image[..., :3].cpu().numpy() * 255).round().clip(0, 255).astype(np.uint8)
        painted = np.stack([self._loaded[1](picture) for picture in pixels])
        return (torch.from_numpy(painted.astype(np.float32) / 255),)


def _written(path: Path) -> int | None:
    return path.stat().st_mtime_ns if path.is_file() else None


def _painter(path: Path, strength: float) -> Any:
    """uint8 (H, W, 3) -> the same."""
    if path.suffix == ".onnx":
        from stylegan_pl.inference.onnx.painter import OnnxPainter

        onnx = OnnxPainter(path, strength=strength)
        return lambda picture: onnx(picture[None])[0]
    from stylegan_pl import Stylizer

    return Stylizer.load(path, strength=strength)


NODE_CLASS_MAPPINGS = {"StyleganPlStylize": StylizeNode}
NODE_DISPLAY_NAME_MAPPINGS = {"StyleganPlStylize": "Stylize (stylegan_pl)"}
