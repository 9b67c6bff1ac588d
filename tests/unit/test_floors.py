"""A file imports only from floors below it; docs/architecture.md has the table."""

import ast
from pathlib import Path

import pytest

import stylegan_pl

PACKAGE = Path(stylegan_pl.__file__).parent
FLOORS = [
    {
        "contracts",
        "crop_size",
        "errors",
        "outcome",
        "paths",
        "folders",
        "images",
        "image_files",
        "bare_pixels",
        "exif",
        "opened",
        "tiff_pages",
        "passed_over",
        "ranks",
        "status_file",
        "file_format",
        "renamed",
        "precision",
        "run_folder",
        "process_settings",
    },
    {"nn"},
    {"generators", "discriminators", "losses", "metrics", "data", "diagnosis"},
    {"models"},
    {"callbacks", "loggers", "inference", "report", "distributed", "rank_launcher", "sweeps"},
    {"verbs", "command_line", "near_names", "lightning_switches", "run_name", "direction", "stand_ins", "json_result"}
    | {"schema", "explain", "static_signature", "check_combination", "check_config"}
    | {"box", "cli", "device", "build", "checkpoint", "from_file", "network_from_file", "resume", "training_state"}
    | {"start_from", "nearest_painter"},
    {"run", "optimise_pixels", "paint", "paint_film", "paint_onnx", "paint_sheet", "stylizer"}
    | {"evaluation", "examine", "suggest", "exporting", "page"}
    | {"train", "stylize", "app", "evaluate", "export", "prepare", "preview", "painters", "__main__"},
]
LEAVES = FLOORS[2]


def room(path: Path) -> str:
    """The package or module right below stylegan_pl."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    """Its number."""
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py" and "conf" not in path.parts]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    here = room(path)
    for node in ast.walk(ast.parse(path.read_text())):
        modules = [node.module] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            if not module or not module.startswith("stylegan_pl."):
                continue
            there = module.split(".")[1]
            assert floor(there) <= floor(here), f"{here} imports {there}, which is above it"
            if here in LEAVES and there in LEAVES:
                assert here == there, f"{here} imports {there}: the leaves never import each other"
