"""Pictures that any program has painted, found by the names of their photographs."""

from pathlib import Path

from PIL import Image
from torch import Tensor

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.splits import list_images
from stylegan_pl.errors import UnfitData
from stylegan_pl.evaluation.fixed_set import Photograph
from stylegan_pl.pictures.crop_size import CropSize, in_words, sides
from stylegan_pl.pictures.read import read_image
from stylegan_pl.pictures.tensors import image_to_tensor
from stylegan_pl.pictures.tree import one_name

_SAME_ASPECT = 0.02  # relative tolerance of the ratio of sides: a program may pad to its stride


class PaintedFolder:
    """Finds a photograph's picture in a folder, and crops it like the photograph.

    A picture belongs to the photograph with the same path below the set's folder, or the same name, for any extension;
    else to the photograph whose name is the start of its own, as in `0001_fake_B.png`. A picture of the whole
    photograph is resized to the photograph's size, then shrunk and cropped in the same way; a picture of the crop's
    size is used as it is.

    Args:
        folder: searched recursively.
        content: the set of photographs.
        size: pixels of the crop, or its height and width.
    """

    def __init__(self, folder: Path, content: ImageFolder, size: CropSize) -> None:
        self.folder, self.content, self.size = folder, content, size
        files = list_images(folder)
        if not files:
            raise UnfitData(f"compare: {folder} holds neither a checkpoint nor a picture")
        self._by_path = {one_name(path.relative_to(folder).with_suffix("").as_posix()): path for path in files}
        self._by_stem: dict[str, list[Path]] = {}
        for path in files:
            self._by_stem.setdefault(one_name(path.stem), []).append(path)

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._by_path)

    def file_of(self, photograph: Photograph) -> Path:
        """The picture of a photograph.

        Raises:
            DataError: there is no picture, or more than one.
        """
        name = Path(one_name(photograph.name)).with_suffix("")
        # train/ or val/ belongs to the set; programs hardly repeat it
        for known in (name.as_posix(), Path(*name.parts[1:]).as_posix() if len(name.parts) > 1 else ""):
            if known in self._by_path:
                return self._by_path[known]
        found = self._by_stem.get(name.name) or [
            path
            for stem, paths in self._by_stem.items()
            if stem.startswith(name.name) and not stem[len(name.name)].isalnum()
            for path in paths
        ]
        if len(found) != 1:
            what = (
                "no picture" if not found else f"{len(found)} pictures, {found[0].name} and {found[1].name} among them,"
            )
            raise UnfitData(
                f"compare: {what} in {self.folder} for the photograph {photograph.name}; name each picture after its "
                f"photograph, as {name.name}.png"
            )
        return found[0]

    def crop_of(self, photograph: Photograph) -> Tensor:
        """The picture of a photograph, cropped like it: uint8 (3, H, W)."""
        path = self.file_of(photograph)
        picture = read_image(path)
        if picture.size == sides(self.size)[::-1]:
            return image_to_tensor(picture)
        width, height = self.content.file_size(photograph.path)
        if abs(picture.width / picture.height - width / height) > _SAME_ASPECT * width / height:
            raise UnfitData(
                f"{path}: {picture.width}×{picture.height} pixels, of another shape than its photograph "
                f"{photograph.name} ({width}×{height}), and not the crop of {in_words(self.size)} either"
            )
        return self._cropped(picture, (width, height))

    def _cropped(self, picture: Image.Image, whole: tuple[int, int]) -> Tensor:
        if picture.size != whole:
            picture = picture.resize(whole, Image.Resampling.LANCZOS)
        return self.content.crop_image(picture, self.size, None)
