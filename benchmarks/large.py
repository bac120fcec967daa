"""What tracing a model of seventy billion parameters costs: CPU seconds and peak memory, beside the bare imports.

``python benchmarks/large.py``
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 8192,
    "intermediate_size": 28672,
    "num_attention_heads": 64,
    "num_hidden_layers": 80,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 8192,
    "torch_dtype": "bfloat16",
}
IMPORTS = "import torch, transformers.models.llama.modeling_llama"


def spent(*command: str) -> tuple[float, int, str]:
    """CPU seconds of a command and of all that it starts, the most megabytes of one process, and what was printed."""
    measured = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)\n"
        "print(done.stdout + done.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", measured, *command], capture_output=True, text=True, check=True)
    figures, _, said = done.stdout.partition("\n")
    seconds, megabytes = figures.split()
    return float(seconds), int(megabytes), said


def main() -> None:
    """Print the figures of one run."""
    imports, before, _ = spent(sys.executable, "-c", IMPORTS)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
        traced, peak, said = spent(sys.executable, "-m", "shapecheck", "trace", "--no-server", folder)
    print(said.strip())
    print(f"bare imports   {imports:5.1f} CPU s  {before:5d} MB")
    print(f"trace          {traced:5.1f} CPU s  {peak:5d} MB: {traced - imports:.1f} CPU s after the imports")


if __name__ == "__main__":
    main()
