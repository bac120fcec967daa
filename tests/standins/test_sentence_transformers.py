"""sentence-transformers without the package: real encoders, poolings and losses."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import pytest

from shapecheck.tracer import TraceResult

pytestmark = pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="it is installed")

Holds = Callable[..., TraceResult]


def test_modules_give_vectors_of_the_real_width(holds: Holds) -> None:
    holds(
        """
        from sentence_transformers import SentenceTransformer, models, util
        word = models.Transformer("prajjwal1/bert-tiny", max_seq_length=32)
        pool = models.Pooling(word.get_word_embedding_dimension(), pooling_mode_cls_token=True,
                              pooling_mode_mean_tokens=True)
        model = SentenceTransformer(modules=[word, pool, models.Dense(256, 64), models.Normalize()])
        assert model.get_sentence_embedding_dimension() == 64 and model.max_seq_length == 32
        assert model.encode(["one text", "another"]).shape == (2, 64) and model.encode("one").shape == (64,)
        both = model.encode(["a", "b", "c"], convert_to_tensor=True)
        assert util.cos_sim(both, both[:2]).shape == (3, 2)
        assert SentenceTransformer("all-MiniLM-L6-v2").get_sentence_embedding_dimension() == 384
        """
    )


def test_training_by_examples_reaches_the_loss(holds: Holds) -> None:
    result = holds(
        """
        from sentence_transformers import InputExample, SentenceTransformer, losses
        from sentence_transformers.evaluation import EmbeddingSimilarityEvaluator
        from torch.utils.data import DataLoader
        model = SentenceTransformer("prajjwal1/bert-tiny")
        examples = [InputExample(texts=[f"text {i}", "another"], label=i / 6) for i in range(6)]
        def fit(loss, rows=examples):
            model.fit(train_objectives=[(DataLoader(rows, batch_size=4, shuffle=True), loss)], epochs=1,
                      evaluator=EmbeddingSimilarityEvaluator.from_input_examples(rows))
        fit(losses.CosineSimilarityLoss(model))
        fit(losses.MultipleNegativesRankingLoss(model))
        classes = [InputExample(texts=["a", "b"], label=i % 3) for i in range(4)]
        fit(losses.SoftmaxLoss(model, model.get_sentence_embedding_dimension(), num_labels=3), classes)
        triplets = [InputExample(texts=["a", "b", "c"]) for _ in range(4)]
        fit(losses.TripletLoss(model=model), triplets)
        """
    )
    assert any(stage.op == "transformers.BertModel" for stage in result.graph.stages)


def test_a_compressed_table_that_is_not_there_has_the_columns_that_are_asked_for(holds: Holds) -> None:
    holds(
        """
        import csv, gzip
        with gzip.open("stsb.tsv.gz", "rt", encoding="utf8") as file:
            rows = list(csv.DictReader(file, delimiter="\\t"))
        assert len(rows) > 10 and rows[0]["sentence1"].split() and float(rows[0]["score"]) > 0
        """
    )
