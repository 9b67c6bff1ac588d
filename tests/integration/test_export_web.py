"""The .onnx file in onnxruntime-web, WebAssembly under node: the path that docs/export.md gives browsers.

`ONNXRUNTIME_WEB=FOLDER`, where `npm install onnxruntime-web` was typed; skipped without.
"""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

WEB = os.environ.get("ONNXRUNTIME_WEB", "")
SCRIPT = """
const ort = require('onnxruntime-web');
const fs = require('fs');
const [model, input, output, ...dims] = process.argv.slice(2);
ort.env.wasm.numThreads = 1;
(async () => {
  const session = await ort.InferenceSession.create(fs.readFileSync(model), {executionProviders: ['wasm']});
  const image = new ort.Tensor('uint8', new Uint8Array(fs.readFileSync(input)), dims.map(Number));
  const {painting} = await session.run({image});
  fs.writeFileSync(output, Buffer.from(painting.data));
})().catch(error => { console.error(error); process.exit(1); });
"""


@pytest.mark.skipif(not (WEB and shutil.which("node")), reason="no node, or ONNXRUNTIME_WEB is not set")
def test_a_browsers_runtime_paints_alike(tmp_path):
    from stylegan_pl.exporting.onnx_file import to_onnx, write_onnx
    from stylegan_pl.generators.mobile import MobileGenerator
    from stylegan_pl.inference.onnx.painter import OnnxPainter

    generator = MobileGenerator(blocks=1, width=8).eval().requires_grad_(False)
    model = tmp_path / "g.onnx"
    graph = {"stride": 4, "takes_style": False, "preprocessing": True}
    write_onnx(to_onnx(generator, preprocessing=True, opset=18), model, {"graph": graph})
    picture = np.random.default_rng(0).integers(0, 256, (1, 37, 50, 3), dtype=np.uint8)
    (tmp_path / "in.raw").write_bytes(picture.tobytes())
    script = tmp_path / "paint.js"
    script.write_text(SCRIPT)
    env = os.environ | {"NODE_PATH": str(Path(WEB).resolve() / "node_modules")}
    words = ["node", str(script), str(model), str(tmp_path / "in.raw"), str(tmp_path / "out.raw"), "1", "37", "50", "3"]
    done = subprocess.run(words, capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr
    painted = np.frombuffer((tmp_path / "out.raw").read_bytes(), dtype=np.uint8).reshape(picture.shape)
    assert np.abs(painted.astype(int) - OnnxPainter(model)(picture)).max() <= 1
