"""Tensors: made from data, asked for attributes, indexed, moved, packed."""

from __future__ import annotations

import pytest

from tests.interp.library.scripts import events, graph_of, probed, shapes


@pytest.mark.parametrize(
    ("made", "shape", "dtype"),
    [
        ("torch.tensor([1, 2, 3])", "(3,)", "int64"),
        ("torch.tensor([[1.0, 2.0], [3.0, 4.0]])", "(2, 2)", "float32"),
        ("torch.tensor(3.5)", "()", "float32"),
        ("torch.tensor([True, False])", "(2,)", "bool"),
        ("torch.tensor([[1], [2]], dtype=torch.float)", "(2, 1)", "float32"),
        ("torch.tensor([torch.tensor(1), torch.tensor(2)])", "(2,)", "int64"),
        ("torch.tensor([len(w) for w in ['a', 'bb']])", "(2,)", "int64"),
        ("torch.LongTensor([1, 2])", "(2,)", "int64"),
        ("torch.FloatTensor(2, 3)", "(2, 3)", "float32"),
        ("torch.zeros(2, 3).to(torch.float16)", "(2, 3)", "float16"),
        ("torch.zeros(2, 3).type(torch.LongTensor)", "(2, 3)", "int64"),
        ("torch.zeros(2, 3).type(torch.cuda.HalfTensor)", "(2, 3)", "float16"),
        ("torch.zeros(2, 3).type('torch.IntTensor')", "(2, 3)", "int32"),
        ("torch.zeros(2, 3).type(torch.bfloat16)", "(2, 3)", "bfloat16"),
        ("torch.zeros(2, 3).long().type(torch.zeros(1).type())", "(2, 3)", "None"),
        ("torch.Tensor(size=(2, 3))", "(2, 3)", "float32"),
        ("torch.from_numpy(np.ones(3, dtype=int))", "(3,)", "int64"),
        ("torch.from_numpy(np.zeros((2, 3), 'float32'))", "(2, 3)", "float32"),
        ("torch.from_numpy(np.zeros(3).astype(float))", "(3,)", "float64"),
        ("torch.from_numpy(np.max(np.zeros((4, 6)), axis=1))", "(4,)", "float64"),
        ("torch.from_numpy(np.reshape(np.zeros((4, 6)), (2, -1)))", "(2, 12)", "float64"),
        ("torch.from_numpy(np.argsort(np.zeros((4, 6)))[:, :2])", "(4, 2)", "int64"),
        ("torch.from_numpy(np.tile(np.zeros((4, 6)), (2, 1)))", "(8, 6)", "float64"),
        ("torch.tensor([np.random.normal(loc=(3, -3)) for _ in range(4)])", "(4, 2)", "float64"),
        ("torch.from_numpy(np.random.uniform(np.zeros((4, 1)), np.ones(3)))", "(4, 3)", "float64"),
        ("torch.tensor([np.random.normal(3, scale=0.5), np.random.uniform(0, 1)])", "(2,)", "None"),
        ("torch.zeros(2, 3).to('cuda')", "(2, 3)", "float32"),
        ("torch.zeros(2, 3, 4).mT", "(2, 4, 3)", "float32"),
        ("torch.zeros(2, 3).T", "(3, 2)", "float32"),
        ("torch.zeros(2, 3).data", "(2, 3)", "float32"),
        ("torch.zeros(2, 5).new_zeros(4, 1)", "(4, 1)", "float32"),
        ("nn.Parameter(torch.randn(1, 8))", "(1, 8)", "float32"),
        ("torch.tensor(torch.zeros(2, 3).tolist())", "(2, 3)", "float32"),
        ("torch.from_numpy(torch.zeros(2, 3).numpy())", "(2, 3)", "float32"),
    ],
)
def test_a_tensor_has_the_shape_and_type_of_what_it_is_made_of(made: str, shape: str, dtype: str) -> None:
    (tensor,) = probed(f"import numpy as np\ntorch.relu({made})")
    assert (str(tensor.shape), str(tensor.dtype)) == (shape, dtype)


def test_the_range_of_whole_numbers_in_a_tensor_is_known() -> None:
    given, drawn, ones = probed(
        """
        torch.relu(torch.tensor([4, 0, 9]))
        torch.relu(torch.randint(2, 7, (3,)))
        torch.relu(torch.ones(3, dtype=torch.long))
        """
    )
    assert (given.low, given.high) == (0, 9)
    assert (drawn.low, drawn.high) == (2, 6)
    assert (ones.low, ones.high, ones.role, ones.padding) == (1, 1, "mask", "none")


def test_writing_into_a_tensor_keeps_its_shape_and_forgets_its_range() -> None:
    (tensor,) = probed(
        """
        ids = torch.zeros(2, 4, dtype=torch.long)
        ids[0, :2] = torch.tensor([5, 6])
        torch.relu(ids)
        """
    )
    assert (str(tensor.shape), tensor.low) == ("(2, 4)", None)


def test_a_shape_is_a_tuple_whose_parts_keep_their_sizes() -> None:
    assert shapes(
        """
        x = torch.zeros(2, 3, 4)
        b, s, h = x.shape
        torch.relu(torch.zeros(h, b))
        torch.relu(torch.zeros(x.shape[:2]))
        torch.relu(torch.zeros(*x.size()))
        torch.relu(torch.zeros(x.size(-1), x.ndim, x.numel()))
        """
    ) == ["(4, 2)", "(2, 3)", "(2, 3, 4)", "(4, 3, 24)"]


def test_unpacking_a_shape_is_told_with_the_rank() -> None:
    (event,) = events("a, b = torch.zeros(2, 3, 4).shape", "unpack")
    assert (event.data["of"], event.data["count"], event.data["rank"]) == ("shape", 2, 3)


def test_rows_of_a_small_tensor_are_known_one_by_one() -> None:
    assert shapes("q, k = torch.zeros(2, 5, 6)\ntorch.relu(k)") == ["(5, 6)"]


def test_the_parts_of_named_tuples_are_found_by_name() -> None:
    assert shapes("x = torch.zeros(2, 3)\ntorch.relu(x.max(1).values)\ntorch.relu(x.topk(2).indices)") == [
        "(2,)",
        "(2, 2)",
    ]


def test_a_packed_sequence_goes_through_a_recurrent_layer() -> None:
    text = """
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
    packed = pack_padded_sequence(torch.zeros(3, 7, 5), torch.tensor([7, 3, 2]), batch_first=True)
    out, _ = nn.LSTM(5, 6, batch_first=True)(packed)
    padded, lengths = pad_packed_sequence(out, batch_first=True)
    torch.relu(padded)
    """
    assert shapes(text) == ["(3, ?, 6)"]


def test_what_a_library_of_others_gives_is_unknown_and_counted() -> None:
    graph = graph_of("import mylib\nx = mylib.features()\ntorch.relu(x)")
    assert [note.reason for note in graph.not_checked] == ["call of mylib.features is not followed"]


def test_in_place_forms_that_reshape_write_their_tensor_over() -> None:
    assert shapes(
        """
        x = torch.zeros(3, 4)
        x.t_()
        torch.relu(x)
        x.unsqueeze_(1).add_(1)
        torch.relu(x)
        def grow():
            x.resize_(7)
        grow()
        torch.relu(x)
        """
    ) == ["(4, 3)", "(4, 1, 3)", "(...)"]


def test_results_put_into_tensors_at_hand_give_these_their_shapes() -> None:
    assert shapes(
        """
        class Search:
            def __init__(self):
                self.best, self.where = torch.empty(0), torch.tensor(0)
        search = Search()
        torch.topk(torch.zeros(2, 9), k=3, out=(search.best, search.where))
        torch.relu(torch.zeros(2, 9).gather(1, search.where))
        numbers = torch.empty(0).long()
        torch.arange(7, out=numbers)
        torch.relu(numbers)
        """
    ) == ["(2, 3)", "(7,)"]


def test_a_copied_namespace_keeps_its_attributes_apart() -> None:
    assert shapes(
        """
        import argparse, copy
        given = argparse.Namespace(probs=torch.zeros(2, 3))
        for at in range(2):
            taken = copy.copy(given)
            taken.probs = taken.probs[at].unsqueeze(0)
        torch.relu(given.probs)
        """
    ) == ["(2, 3)"]
