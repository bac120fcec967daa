"""Settings: in files that are there, made up where they are not, and by packages that are not installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult

Holds = Callable[..., TraceResult]

HYDRA = """
import hydra
from omegaconf import DictConfig, OmegaConf

@hydra.main(config_path="conf", config_name="config", version_base=None)
def main(cfg: DictConfig) -> None:
    {checks}
    print("done")

if __name__ == "__main__":
    main()
"""

no_hydra = pytest.mark.skipif(find_spec("hydra") is not None, reason="hydra is installed")


def test_settings_in_a_missing_file_have_values_by_their_names(holds: Holds) -> None:
    result = holds(
        """
        import yaml
        config = yaml.safe_load(open("config.yaml"))
        assert config["batch_size"] == 4 and config["model"]["hidden_dim"] == 64
        assert config["train"]["lr"] == 1e-4 and isinstance(config["model"]["name"], str)
        assert config.get("gamma", 0.5) == 0.5 and dict(**config["optimizer"]) == {}
        """
    )
    assert "setting batch_size of config.yaml is made up: 4" in result.assumptions


@no_hydra
def test_a_missing_config_is_made_up_for_hydra(holds: Holds) -> None:
    checks = "assert cfg.train.batch_size == 4 and cfg.model.name == 'bert-base-uncased' and cfg.seed == 42"
    holds(HYDRA.format(checks=checks))


@no_hydra
def test_hydra_joins_the_files_that_are_there_with_the_command_line(tracer: Tracer, tmp_path: Path) -> None:
    for name, text in {
        "config.yaml": "defaults:\n  - model: small\n  - _self_\nbatch_size: 8\nwidth: ${model.width}\n",
        "model/small.yaml": "_target_: torch.nn.Linear\nin_features: 3\nout_features: 2\nwidth: 7\n",
    }.items():
        (tmp_path / "conf" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "conf" / name).write_text(text)
    checks = (
        "assert (cfg.batch_size, cfg.width, cfg['model'].out_features) == (16, 7, 5), cfg; "
        "cfg.model.pop('width'); net = hydra.utils.instantiate(cfg.model); assert net.weight.shape == (5, 3)"
    )
    script = tmp_path / "script.py"
    script.write_text(HYDRA.format(checks=checks))
    result = tracer.trace(TraceRequest(script, argv=["batch_size=16", "model.out_features=5"], timeout=60))
    assert result.status == "completed", result.reason


def test_dicts_with_attributes_are_what_their_packages_make(holds: Holds) -> None:
    holds(
        """
        from easydict import EasyDict
        from munch import Munch
        from omegaconf import OmegaConf
        config = EasyDict({"model": {"width": 3, "layers": [{"size": 2}]}})
        config.lr = 0.1
        assert config.model.width == 3 and config.model.layers[0].size == 2 and config["lr"] == 0.1
        assert Munch(a=1).a == 1 and not hasattr(config, "missing")
        merged = OmegaConf.merge(OmegaConf.create({"a": {"b": 1, "c": 2}}), {"a": {"b": 5}})
        assert OmegaConf.to_container(merged, resolve=True) == {"a": {"b": 5, "c": 2}}
        """
    )
