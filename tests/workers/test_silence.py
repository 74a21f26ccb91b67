"""Nothing here reports to anybody: ONNX Runtime does, and keeps an id of the device, unless it is told not to."""

import os
import subprocess
import sys

from support.servers.running import ROOT

LOAD = "from workers.network.predictor import OnnxPredictor; from workers.settings import WorkerSettings; "
LOAD += "OnnxPredictor(WorkerSettings().model_path)"


def run(code: str, **env: str) -> str:
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=quiet | env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_loaded_model_leaves_no_device_id_and_no_store_of_reports(tmp_path):
    run(LOAD, HOME=str(tmp_path))
    assert list(tmp_path.rglob("*onnxruntime*")) == []


def test_training_is_as_silent():
    assert run("import os, model; print(os.environ['ORT_DISABLE_TELEMETRY'])") == "1"
