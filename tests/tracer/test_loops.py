"""Training and evaluation loops: short, and yet every shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult

Trace = Callable[..., TraceResult]

TRAINING = """
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    data = TensorDataset(torch.ones({rows}, 5), torch.zeros({rows}, dtype=torch.long))
    loader = DataLoader(data, batch_size=4, shuffle=True, num_workers=4, pin_memory=True)
    net = nn.Linear(5, 2)
    optimizer = torch.optim.AdamW(net.parameters())
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    for epoch in range(1000):
        total = 0.0
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs), labels)
            loss.backward()
            assert net.weight.grad.shape == (2, 5)
            optimizer.step()
            total += loss.item()
        schedule.step()
        print(total / len(loader))
"""


def rows_of(result: TraceResult) -> list[str]:
    return [str(stage.out.shape) for stage in result.graph.stages if stage.op == "torch.nn.Linear"]


def test_a_loader_ends_after_a_step_and_its_last_shorter_batch(trace: Trace) -> None:
    result = trace(TRAINING.format(rows=4001))
    assert result.status == "completed", result.reason
    assert rows_of(result) == ["(4, 2)", "(1, 2)"]


@pytest.mark.parametrize(
    ("line", "epochs"),
    [
        ("print(f'{epoch + 1}: {total}')", 1),
        ("print('epoch %d of %d' % (epoch + 1, 1000))", 1),
        ("schedule.last_epoch = epoch", 1),
        ("torch.ones(2, 2) if epoch == 999 else None", 2),
    ],
)
def test_the_last_epoch_is_run_as_well_where_its_number_decides_something(trace: Trace, line: str, epochs: int) -> None:
    result = trace(TRAINING.format(rows=4001) + f"        {line}\n")
    assert result.status == "completed", result.reason
    assert rows_of(result) == ["(4, 2)", "(1, 2)"] * epochs


def test_epochs_under_a_progress_bar_end_as_well(trace: Trace) -> None:
    result = trace(TRAINING.format(rows=4001).replace("range(1000)", "__import__('tqdm').tqdm(range(1000))"))
    assert result.status == "completed", result.reason
    assert rows_of(result) == ["(4, 2)", "(1, 2)"]


def test_a_model_that_only_evaluates_is_recorded_a_few_times(trace: Trace) -> None:
    result = trace("""
        import torch
        from transformers import BertConfig, BertModel
        model = BertModel(BertConfig(num_hidden_layers=1)).eval()
        ids = torch.ones(2, 9, dtype=torch.long)
        with torch.no_grad():
            for turn in range(50):
                out = model(ids, attention_mask=ids)
                assert out.last_hidden_state.shape == (2, 9, 768)
            assert out[1].shape == (2, 768)
    """)
    assert result.status == "completed", result.reason
    recorded = sum(stage.op == "transformers.BertModel" for stage in result.graph.stages)
    assert 1 < recorded < 10


def test_a_text_that_grows_with_every_turn_is_recorded_for_a_while_and_run_to_its_end(trace: Trace) -> None:
    result = trace("""
        import torch
        layer = torch.nn.Linear(5, 5)
        x = torch.ones(1, 5)
        with torch.no_grad():
            for turn in range(200):
                x = torch.cat([x, layer(x)[-1:]])
        assert x.shape == (201, 5)
    """)
    assert result.status == "completed", result.reason
    assert 20 < len(rows_of(result)) < 100


def test_a_loop_over_a_range_ends_after_a_step_and_its_last_turn(trace: Trace) -> None:
    result = trace("""
        import torch
        net = torch.nn.Linear(5, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        x = torch.ones(4001, 5)
        for start in range(0, len(x), 4):
            net(x[start : start + 4]).sum().backward()
            optimizer.step()
    """)
    assert rows_of(result) == ["(4, 2)", "(1, 2)"]


def test_gradients_may_be_gathered_over_batches_before_a_step(trace: Trace) -> None:
    result = trace("""
        import torch
        from torch.utils.data import DataLoader
        net = torch.nn.Linear(5, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        rows = []
        for number, batch in enumerate(DataLoader(torch.ones(4001, 5), batch_size=4)):
            net(batch).sum().backward()
            rows.append(len(batch))
            if (number + 1) % 8 == 0:
                optimizer.step()
        assert rows == [4] * 8 + [1]
    """)
    assert result.status == "completed", result.reason


def test_loops_that_build_a_model_or_an_output_run_in_full(trace: Trace) -> None:
    result = trace("""
        import torch
        layers = torch.nn.ModuleList(torch.nn.Linear(n, n + 1) for n in range(3, 9))
        x = torch.ones(2, 3)
        for layer in layers:
            x = layer(x)
        assert x.shape == (2, 9)
        assert torch.stack([x[:, i] for i in range(9)]).shape == (9, 2)
    """)
    assert result.status == "completed", result.reason


def test_a_small_evaluation_set_is_run_through(trace: Trace) -> None:
    result = trace("""
        import torch
        from torch.utils.data import DataLoader
        net = torch.nn.Linear(5, 2)
        found = []
        with torch.no_grad():
            for batch in DataLoader(torch.ones(10, 5), batch_size=4):
                found.append(net(batch).argmax(-1))
        assert torch.cat(found).shape == (10,)
    """)
    assert result.status == "completed", result.reason


def test_a_sampler_that_draws_without_end_is_asked_for_the_first_rows_alone(trace: Trace) -> None:
    result = trace("""
        import torch
        from torch.utils.data import DataLoader, RandomSampler
        rows = torch.ones(10, 5)
        loader = DataLoader(rows, batch_size=4, sampler=RandomSampler(rows, replacement=True, num_samples=int(1e10)))
        net = torch.nn.Linear(5, 2)
        optimizer = torch.optim.SGD(net.parameters())
        for batch in loader:
            loss = net(batch).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    """)
    assert result.status == "completed", result.reason
    assert rows_of(result)[0] == "(4, 2)"


def test_a_closure_is_run_by_the_optimizer(trace: Trace) -> None:
    result = trace("""
        import torch
        net = torch.nn.Linear(5, 2)
        optimizer = torch.optim.LBFGS(net.parameters())
        def closure():
            loss = net(torch.ones(3, 5)).mean()
            loss.backward()
            return loss
        assert optimizer.step(closure).shape == ()
    """)
    assert result.status == "completed", result.reason
    assert rows_of(result) == ["(3, 2)"]


def test_a_loader_tells_what_it_joins(trace: Trace) -> None:
    [event] = [e for e in trace(TRAINING.format(rows=9)).graph.events if e.kind == "collate"]
    assert (event.data["keys"], event.data["batch_size"], event.data["rows"]) == (["0", "1"], 4, 9)


def test_a_training_loop_without_end_is_stopped_and_said(trace: Trace) -> None:
    result = trace("""
        import itertools
        import torch
        net = torch.nn.Linear(5, 2)
        loss = 1.0
        while loss > 0.1:
            scores = net(torch.ones(3, 5)).sum()
            scores.backward()
            with torch.no_grad():
                for parameter in net.parameters():
                    parameter.add_(parameter.grad)
            loss = scores.item()
    """)
    assert result.status == "stopped" and "showed nothing new" in result.reason


ROWS_FROM_A_FILE = """
    import pandas as pd
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    frame = pd.read_csv("data.csv")
    labels = torch.tensor(frame["label"].tolist())
    net = torch.nn.Linear(5, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y in DataLoader(TensorDataset(torch.ones(len(labels), 5), labels), batch_size=8, drop_last={drop_last}):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy({scores}, y).backward()
        optimizer.step()
"""


@pytest.mark.parametrize(
    ("scores", "drop_last", "raises"),
    [
        ("net(x).squeeze().log_softmax(dim=1)", False, True),
        ("net(x).squeeze().log_softmax(dim=1)", True, False),
        ("net(x)", False, False),
    ],
)
def test_a_batch_of_one_is_tried_where_the_rows_are_not_known(
    trace: Trace, scores: str, drop_last: bool, raises: bool
) -> None:
    result = trace(ROWS_FROM_A_FILE.format(scores=scores, drop_last=drop_last))
    assert result.status == "completed", result.reason
    assert (result.batch_of_one is not None) == raises
    if result.batch_of_one is not None:
        assert result.batch_of_one.stages[-1].message is not None


def test_a_loop_over_an_endless_iterator_ends_after_a_few_steps(trace: Trace) -> None:
    result = trace("""
        import itertools
        import torch
        net = torch.nn.Linear(5, 2)
        for turn in itertools.count(1):
            net(torch.ones(turn, 5)).sum().backward()
            if net.weight.sum().item() < 1e-3:
                break
        after = torch.ones(1)
    """)
    assert result.status == "completed", result.reason
    assert rows_of(result) == ["(1, 2)", "(2, 2)", "(3, 2)"]


def test_an_evaluation_over_the_scripts_own_iterator_ends_with_its_last_item(trace: Trace) -> None:
    result = trace("""
        import torch
        net = torch.nn.Linear(5, 2)
        def batches():
            yield from (torch.ones(4, 5) for _ in range(200))
            yield torch.ones(1, 5)
        turns = 0
        with torch.no_grad():
            for inputs in batches():
                net(inputs)
                turns += 1
        assert turns < 30
    """)
    assert result.status == "completed", result.reason
    assert rows_of(result)[0] == "(4, 2)" and rows_of(result)[-1] == "(1, 2)"


def test_the_scripts_own_optimizer_steps_over_a_few_parameters_of_each_shape(trace: Trace) -> None:
    result = trace("""
        import torch
        from torch import nn
        stepped = []
        class Plain(torch.optim.Optimizer):
            def __init__(self, parameters):
                super().__init__(parameters, {"lr": 0.1})
            def step(self, closure=None):
                for group in self.param_groups:
                    for parameter in group["params"]:
                        stepped.append(tuple(parameter.shape))
                        parameter.data.add_(parameter.grad, alpha=-group["lr"])
        net = nn.Sequential(*(nn.Linear(4, 4) for _ in range(40)), nn.Linear(4, 2))
        optimizer = Plain(net.parameters())
        net(torch.ones(3, 4)).mean().backward()
        optimizer.step()
        assert {(4, 4), (4,), (2, 4), (2,)} == set(stepped) and len(stepped) < 10, stepped
    """)
    assert result.status == "completed", result.reason


def test_a_loop_over_the_parts_of_a_dict_ends_after_a_step_and_its_last_part(trace: Trace) -> None:
    result = trace("""
        import torch
        net = torch.nn.Linear(5, 2)
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        parts = {f"fold-{n}": torch.ones(n, 5) for n in range(1, 60)}
        for name, inputs in parts.items():
            net(inputs).mean().backward()
            optimizer.step()
    """)
    assert result.status == "completed", result.reason
    assert rows_of(result) == ["(1, 2)", "(59, 2)"]


def test_the_same_script_takes_the_same_rows_from_a_warm_worker_as_from_a_cold_one(tmp_path: Path) -> None:
    script = tmp_path / "shuffled.py"
    script.write_text(
        "import random\nimport torch\n"
        "picked = torch.randperm(1000)[:5].tolist() + random.sample(range(1000), 5)\n"
        "raise ValueError(picked)\n"
    )
    said = []
    for _ in range(2):
        with Tracer() as tracer:  # a worker of its own, cold at its first trace and warm at its second
            said += [tracer.trace(TraceRequest(script)).error for _ in range(2)]
    assert len({error.message for error in said if error is not None}) == 1 and None not in said
