"""What transformers' models, configs, tokenizers and checkpoints measure, read from the tables under ``rules/hub``.

transformers itself is never imported. Nothing is read before the first question, and a question reads one row.
"""

from __future__ import annotations

from shapecheck.hub.calls import Opaque, call, loss_conflict
from shapecheck.hub.checkpoints import Checkpoint, checkpoint
from shapecheck.hub.children import mismatched, module_children, pools_in_its_head
from shapecheck.hub.configs import Config, config, named_type
from shapecheck.hub.images import ImageClassifier, ImageDataset, image_classifiers, image_datasets
from shapecheck.hub.models import ModelFacts, OutputField, auto, model
from shapecheck.hub.recipes import Recipe, recipe
from shapecheck.hub.tokenizers import TokenizerFacts, surely_new, tokenizer

__all__ = [
    "Checkpoint",
    "Config",
    "ImageClassifier",
    "ImageDataset",
    "ModelFacts",
    "Opaque",
    "OutputField",
    "Recipe",
    "TokenizerFacts",
    "auto",
    "call",
    "checkpoint",
    "config",
    "image_classifiers",
    "image_datasets",
    "loss_conflict",
    "mismatched",
    "model",
    "module_children",
    "named_type",
    "pools_in_its_head",
    "recipe",
    "surely_new",
    "tokenizer",
]
