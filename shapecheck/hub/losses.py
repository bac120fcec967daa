"""The loss that a head computes from its logits and the labels: which kind, and whether the two fit.

The kinds are those that transformers' heads use; which class uses which stands in ``rules/hub/losses.csv``, measured.
"""

from __future__ import annotations

from shapecheck import ops
from shapecheck.dims import Truth, number
from shapecheck.hub.configs import Config
from shapecheck.hub.tables import row
from shapecheck.ops.values import UNKNOWN, NotKnown, Operand, Outcome, Spec
from shapecheck.shapes import Shape

KINDS = ("classification", "flat", "rows")
"""``classification``: by ``problem_type``, the number of labels and the labels' type a regression, single-label or
multi-label loss; ``flat``: cross-entropy over all positions at once; ``rows``: cross-entropy as the labels come."""


def kind_of(model_class: str) -> str:
    """The kind of loss that a class computes, "" where it is none of these."""
    found = row("losses", model_class)
    return found["kind"] if found else ""


def loss(kind: str, config: Config, logits: Operand, labels: Operand) -> Outcome:
    """What computing the loss gives, or raises."""
    if logits.shape.rank is None or labels.shape.rank is None:
        return NotKnown("the rank of the logits or of the labels is not known")
    if kind == "classification":
        kind = problem_type(config, labels)
    if kind in ("flat", "single_label_classification"):
        classes = logits.shape.dim(-1)
        rows = Shape(logits.shape.dims[:-1]).numel
        flat = Spec(Shape((labels.shape.numel,)), labels.dtype)
        return ops.apply("torch.nn.functional.cross_entropy", [Spec(Shape((rows, classes)), logits.dtype), flat], {})
    if kind == "rows":
        return ops.apply("torch.nn.functional.cross_entropy", [logits, labels], {})
    if kind == "multi_label_classification":
        return ops.apply("torch.nn.functional.binary_cross_entropy_with_logits", [logits, labels], {})
    return NotKnown("which loss the head computes is not known")


def problem_type(config: Config, labels: Operand) -> str:
    """The problem type that a classification head settles on, "" where it cannot be told."""
    stated = config.get("problem_type")[0]
    if isinstance(stated, str):
        return stated
    one = config.dim("num_labels").compare(number(1))
    if stated is UNKNOWN or one is Truth.UNKNOWN or labels.dtype is None:
        return ""
    if one is Truth.EQUAL:
        return "regression"
    return "single_label_classification" if labels.dtype in ("int", "int64", "int32") else "multi_label_classification"
