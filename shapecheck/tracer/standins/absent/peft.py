"""peft: the model without its adapters, which change no shape."""

from __future__ import annotations

from typing import Any

__all__ = ["PeftModel", "get_peft_model", "prepare_model_for_int8_training", "prepare_model_for_kbit_training"]


def get_peft_model(model: Any, *args: Any, **options: Any) -> Any:
    """The model itself."""
    model.print_trainable_parameters = lambda: None
    model.merge_and_unload = lambda *args, **kwargs: model
    return model


def prepare_model_for_kbit_training(model: Any, *args: Any, **options: Any) -> Any:
    """The model itself."""
    return model


prepare_model_for_int8_training = prepare_model_for_kbit_training


class PeftModel:
    """A model with adapters: the model."""

    @classmethod
    def from_pretrained(cls, model: Any, *args: Any, **options: Any) -> Any:
        """The model itself."""
        return get_peft_model(model)
