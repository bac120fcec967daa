"""Hugging Face's Trainer without accelerate, and processors without their packages."""

from __future__ import annotations

from collections.abc import Callable

from shapecheck.tracer import TraceResult

Holds = Callable[..., TraceResult]

SETUP = """
import numpy as np, torch
from transformers import (AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, Trainer,
                          TrainingArguments)
tokenizer = AutoTokenizer.from_pretrained("prajjwal1/bert-tiny")
class Data(torch.utils.data.Dataset):
    texts = ["a", "two words", "three words here", "and now four words", "b", "c"]
    def __len__(self):
        return len(self.texts)
    def __getitem__(self, i):
        return {**tokenizer(self.texts[i]), "label": i % 3, "unused": "text"}
model = AutoModelForSequenceClassification.from_pretrained("prajjwal1/bert-tiny", num_labels=3)
arguments = TrainingArguments(output_dir="out", per_device_train_batch_size=4, per_device_eval_batch_size=4,
                              fp16=True, eval_strategy="epoch", report_to="wandb")
seen = {}
"""


def test_training_uses_the_collator_the_loss_and_the_metrics_of_the_script(holds: Holds) -> None:
    result = holds(
        SETUP
        + """
def metrics(prediction):
    logits, labels = prediction
    seen["metrics"] = (logits.shape, labels.shape)
    return {"accuracy": (np.argmax(logits, -1) == labels).mean()}
class Weighted(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        seen["logits"] = tuple(outputs.logits.shape)
        loss = torch.nn.functional.cross_entropy(outputs.logits, labels, weight=torch.ones(3))
        return (loss, outputs) if return_outputs else loss
trainer = Weighted(model=model, args=arguments, train_dataset=Data(), eval_dataset=Data(), compute_metrics=metrics,
                   data_collator=DataCollatorWithPadding(tokenizer))
trainer.train()
assert seen["logits"][1] == 3 and seen["metrics"] == ((4, 3), (4,))
assert "eval_accuracy" in trainer.evaluate() and trainer.predict(Data()).predictions.shape == (4, 3)
trainer.save_model("out/final")
"""
    )
    assert "torch.nn.functional.cross_entropy" in {stage.op for stage in result.graph.stages}


def test_a_model_without_a_loss_is_refused_as_the_trainer_refuses_it(fails: Callable[[str], str]) -> None:
    message = fails(
        SETUP
        + """
class Unlabelled(Data):
    def __getitem__(self, i):
        return dict(tokenizer("some text"))
Trainer(model=model, args=arguments, train_dataset=Unlabelled(), eval_dataset=Unlabelled()).train()
"""
    )
    assert "The model did not return a loss" in message


def test_image_and_sound_processors_give_the_sizes_of_the_checkpoint(holds: Holds) -> None:
    holds(
        """
        import numpy as np, torch
        from transformers import AutoFeatureExtractor, AutoImageProcessor, AutoProcessor
        image = np.zeros((300, 400, 3), dtype=np.uint8)
        processor = AutoImageProcessor.from_pretrained("google/vit-base-patch16-224")
        assert processor([image, image], return_tensors="pt")["pixel_values"].shape == (2, 3, 224, 224)
        assert isinstance(processor(image)["pixel_values"], list)
        sound = AutoFeatureExtractor.from_pretrained("facebook/wav2vec2-base")
        heard = sound(np.zeros(800, dtype=np.float32), sampling_rate=16000, return_tensors="pt")
        assert heard.input_values.shape == (1, 800)
        both = AutoProcessor.from_pretrained("openai/clip-vit-base-patch32")
        inputs = both(text=["a cat", "a dog"], images=image, return_tensors="pt", padding=True)
        assert set(inputs) >= {"input_ids", "attention_mask", "pixel_values"}
        whisper = AutoProcessor.from_pretrained("openai/whisper-tiny")
        assert whisper(np.zeros(16000), sampling_rate=16000, return_tensors="pt").input_features.shape == (1, 80, 3000)
        """
    )


def test_a_loop_taken_over_from_an_older_trainer_finds_what_it_asks_for(holds: Holds) -> None:
    result = holds(
        SETUP
        + """
class Own(Trainer):
    def train(self):
        loader = self.get_train_dataloader()
        self.create_optimizer_and_scheduler(num_training_steps=len(loader))
        model, total = self.model, torch.tensor(0.0)
        if self.use_apex or self.deepspeed or self.args.past_index >= 0:
            raise SystemExit("not installed")
        for inputs in loader:
            total += self.training_step(model, inputs)
            self.optimizer.step()
            self._maybe_log_save_evaluate(total, model, None, 0)
Own(model=model, args=arguments, train_dataset=Data(), eval_dataset=Data(),
    data_collator=DataCollatorWithPadding(tokenizer)).train()
"""
    )
    assert result.graph.stages


def test_a_command_line_for_an_older_transformers_is_understood(holds: Holds) -> None:
    result = holds(
        """
        from transformers import HfArgumentParser, TrainingArguments
        [arguments] = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses()
        assert (arguments.output_dir, arguments.eval_strategy, arguments.learning_rate) == ("out", "no", 0.5)
        assert not arguments.overwrite_output_dir
        """,
        *"--output_dir out --overwrite_output_dir --evaluation_strategy no --learning_rate 0.5".split(),
    )
    assert "--overwrite_output_dir is not in the installed transformers: left out" in result.assumptions


def test_arguments_of_an_older_version_are_taken_by_the_trainer_for_translations_too(holds: Holds) -> None:
    holds(
        """
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, Seq2SeqTrainer, Seq2SeqTrainingArguments
        arguments = Seq2SeqTrainingArguments(output_dir="out", evaluation_strategy="no", predict_with_generate=True)
        assert arguments.eval_strategy == "no"
        model, tokenizer = (c.from_pretrained("t5-small") for c in (AutoModelForSeq2SeqLM, AutoTokenizer))
        assert Seq2SeqTrainer(model=model, args=arguments, tokenizer=tokenizer).processing_class is tokenizer
        """
    )
