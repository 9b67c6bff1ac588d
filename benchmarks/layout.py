"""What torch.compile makes of a step's networks, and what is copied from one memory layout into another.

    python -m benchmarks.layout model=cyclegan image_size=64

Graphs and graph breaks are Dynamo's count over one whole step, both players, forward and backward. Layout copies are
counted where they are asked for, with the bytes they write: the plain step, the step with our rules, and the operations
that Inductor is handed of the compiled one, of which it fuses what it can. Nothing becomes machine code here, so it
takes seconds.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch._dynamo
from functorch.compile import make_boxed_func
from torch import Tensor, fx
from torch._dynamo.backends.common import aot_autograd
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.pairs import last_line, machine, table
from benchmarks.steps import NO_DOWNLOADS, PLAIN, Step, composed

_COPIES = ("aten::clone", "aten::_to_copy", "aten::copy_")


class _Copies(TorchDispatchMode):
    """Counts copies whose source lies channels-first and whose result channels-last, or the other way round."""

    def __init__(self) -> None:
        super().__init__()
        self.count, self.bytes = 0, 0
        self.shapes: Counter[str] = Counter()

    def __torch_dispatch__(self, op: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        result = op(*args, **(kwargs or {}))
        if op.name().split(".")[0] in _COPIES:
            source = args[1] if op.name().startswith("aten::copy_") else args[0]
            self._note(source, result)
        elif op.name().startswith("aten::native_batch_norm") or op.name() == "aten::convolution":
            self._note(args[0], result[0] if isinstance(result, tuple) else result)  # a kernel that turns it itself
        return result

    def _note(self, source: Tensor, result: Tensor) -> None:
        before, after = _layout(source), _layout(result)
        if before and after and before != after:
            self.count += 1
            self.bytes += result.numel() * result.element_size()
            self.shapes[f"{tuple(result.shape)} {before} → {after}"] += 1


def _layout(tensor: Tensor) -> str:
    """NCHW or NHWC; empty where it is both or neither."""
    if tensor.dim() != 4:
        return ""
    first, last = tensor.is_contiguous(), tensor.is_contiguous(memory_format=torch.channels_last)
    return "" if first == last else "NCHW" if first else "NHWC"


class _Graphs:
    """A backend for Dynamo that counts the copies in what a compiler would be given, and runs it as it is."""

    def __init__(self) -> None:
        self.forward, self.backward = 0, 0
        self.copies: Counter[str] = Counter()

    def backend(self) -> Callable[..., Any]:
        """For `torch.compile`."""

        def read(kind: str) -> Callable[[fx.GraphModule, Any], Any]:
            def compiler(graph: fx.GraphModule, inputs: Any) -> Any:
                setattr(self, kind, getattr(self, kind) + 1)
                self._note(graph)
                return make_boxed_func(graph.forward)

            return compiler

        return aot_autograd(fw_compiler=read("forward"), bw_compiler=read("backward"))

    def _note(self, graph: fx.GraphModule) -> None:
        for node in graph.graph.nodes:
            if node.op != "call_function" or not str(node.target).startswith(("aten.clone", "aten._to_copy")):
                continue
            source, result = node.args[0].meta.get("val"), node.meta.get("val")
            if isinstance(source, Tensor) and isinstance(result, Tensor):
                before, after = _layout(source), _layout(result)
                if before and after and before != after:
                    self.copies[f"{tuple(result.shape)} {before} → {after}"] += 1


def copies_of(overrides: list[str]) -> _Copies:
    """Of the second step, when what is made once has been made."""
    step = Step(composed(overrides))
    step()
    with _Copies() as found:
        step()
    return found


def graphs_of(overrides: list[str]) -> tuple[_Graphs, Counter[str]]:
    """What a compiler is given of a step, and why graphs break."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    graphs = _Graphs()
    step = Step(composed(overrides))
    for player in step.model.players:
        for network in step.model.player_modules(player):
            network.compile(backend=graphs.backend())
    step()
    return graphs, torch._dynamo.utils.counters["graph_break"]


def main() -> None:
    """Print copies by kind of step, then graphs and breaks, then JSON."""
    overrides = [*NO_DOWNLOADS, *sys.argv[1:]]
    copies = {"plain": copies_of([*overrides, *PLAIN]), "ours": copies_of(overrides)}
    graphs, breaks = graphs_of(overrides)
    rows = [
        {"step": name, "layout copies": found.count, "MiB written": round(found.bytes / 2**20, 2)}
        for name, found in copies.items()
    ]
    rows.append({"step": "compiled: asked of the compiler", "layout copies": sum(graphs.copies.values())})
    table(rows)
    print(
        f"\ngraphs: {graphs.forward} forward, {graphs.backward} backward; graph breaks: {sum(breaks.values())}",
        *(f"  {count} × {reason.splitlines()[0]}" for reason, count in breaks.items()),
        "layout copies of our step:",
        *(f"  {count} × {shape}" for shape, count in copies["ours"].shapes.most_common()),
        "… of the compiled one:",
        *(f"  {count} × {shape}" for shape, count in graphs.copies.most_common()),
        sep="\n",
    )
    facts = {"graphs": [graphs.forward, graphs.backward], "breaks": dict(breaks)}
    last_line({"rows": rows, **facts, **machine()})


if __name__ == "__main__":
    main()
