"""What changed since a revision, as real git has it."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecheck.changes import changed_lines
from tests.saying import BROKEN, FINE, Said, write

OTHER = BROKEN.replace("5)", "6)")
Git = Callable[..., str]


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> Git:
    """Real git, as nobody in particular has set it up."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "someone")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "someone@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    def run(*arguments: str | Path) -> str:
        command = ["git", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()

    return run


@pytest.fixture
def since(say: Any, git: Git) -> Callable[..., list[str]]:
    """The files of the findings that are reported since a revision, in a repository with one commit."""
    git("init")
    write("old.py", BROKEN)
    commit(git)

    def run(revision: str = "HEAD", *paths: str | Path) -> list[str]:
        said = say("check", *paths, "--since", revision, "--output-format", "json")
        assert said.err == ""
        return sorted(finding["path"] for finding in said.report["findings"])

    return run


def commit(git: Git) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "--message", "more")


Since = Callable[..., list[str]]


def test_what_did_not_change_is_counted_and_not_reported(say: Any, since: Since) -> None:
    assert since() == []
    said = say("check", "--since", "HEAD")
    assert said.code == 0
    assert "1 finding on lines that did not change is not shown\n" in said.out
    write("old.py", "import os\n" + BROKEN)
    report = say("check", "--since", "HEAD", "--output-format", "json").report
    assert report["since"] == {"revision": "HEAD", "hidden": 1}


@pytest.mark.parametrize("line", [2, 3], ids=["root cause", "related"])
def test_a_finding_whose_root_cause_or_related_line_was_touched_is_reported(since: Since, line: int) -> None:
    lines = BROKEN.splitlines()
    lines[line - 1] = lines[line - 1].replace("(8, 512)", "(9, 512)").replace("5)", "6)")
    write("old.py", "\n".join(lines))
    assert since() == ["old.py"]


def test_a_line_that_went_away_touches_those_around_it(since: Since, git: Git) -> None:
    write(
        "old.py",
        FINE.replace("scores", "x = torch.zeros(8, 512)\nx = torch.zeros(8, 768)\nscores").replace(
            "torch.zeros(8, 768))", "x)"
        ),
    )
    commit(git)
    text = Path("old.py").read_text()
    write("old.py", text.replace("x = torch.zeros(8, 768)\n", ""))
    assert since() == ["old.py"]


def test_staged_unstaged_committed_and_untracked_changes_count(since: Since, git: Git) -> None:
    git("checkout", "--quiet", "-b", "topic")
    write("committed.py", BROKEN)
    commit(git)
    write("staged.py", BROKEN)
    git("add", "staged.py")
    write("deep/untracked.py", BROKEN)
    write("old.py", OTHER)
    assert since("main") == ["committed.py", "deep/untracked.py", "old.py", "staged.py"]
    assert since("HEAD") == ["deep/untracked.py", "old.py", "staged.py"]


def test_what_others_did_meanwhile_on_the_revision_does_not_count(since: Since, git: Git) -> None:
    git("checkout", "--quiet", "-b", "topic")
    write("mine.py", BROKEN)
    commit(git)
    git("checkout", "--quiet", "main")
    write("old.py", FINE)
    commit(git)
    git("checkout", "--quiet", "topic")
    assert since("main") == ["mine.py"]


def test_a_renamed_file_is_compared_with_what_it_was(since: Since, git: Git) -> None:
    long = BROKEN + "".join(f"x{number} = {number}\n" for number in range(40))
    write("first.py", long)
    commit(git)
    git("mv", "first.py", "second.py")
    assert since() == []
    write("second.py", long.replace("5)", "6)"))
    assert since() == ["second.py"]


def test_deleted_files_are_no_trouble(since: Since, git: Git) -> None:
    write("gone.py", BROKEN)
    write("staged away.py", BROKEN)
    commit(git)
    Path("gone.py").unlink()
    git("rm", "--quiet", "staged away.py")
    assert since() == []


@pytest.mark.parametrize("name", ["with space.py", "ünïcode.py", 'quo"te.py', "tab\there.py", "[a].py", ":(top)x.py"])
def test_any_name_will_do(since: Since, git: Git, name: str) -> None:
    write(name, BROKEN)
    commit(git)
    assert since() == []
    write(name, OTHER)
    assert since() == [name]
    git("mv", f"./{name}", f"./moved {name}")
    write(f"moved {name}", BROKEN)
    assert since() in ([], [f"moved {name}"])


def test_line_ends_and_a_missing_last_one_are_no_change(since: Since, git: Git) -> None:
    write("old.py", BROKEN.rstrip("\n"))
    assert since() == []
    write("old.py", BROKEN.replace("\n", "\r\n"))
    assert since() == []


def test_it_holds_from_a_folder_below(since: Since, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    write("deep/old.py", BROKEN)
    commit(git)
    write("deep/new.py", BROKEN)
    monkeypatch.chdir("deep")
    assert since("HEAD") == ["new.py"]
    assert since("HEAD", "..") == ["new.py"] or since("HEAD", "..") == ["../deep/new.py"]


def test_a_file_that_does_not_parse_is_reported_if_any_of_it_changed(since: Since, git: Git) -> None:
    write("broken.py", "x = 1\ny = (\n")
    write("latin.py", b"x = '\xe9'\n")
    commit(git)
    assert since() == []
    write("broken.py", "x = 2\ny = (\n")
    write("latin.py", b"x = '\xe8'\n")
    assert since() == ["broken.py", "latin.py"]


def test_a_finding_in_an_imported_file_counts_if_the_importing_line_changed(since: Since, git: Git) -> None:
    write(
        "model.py",
        "import torch\n\n\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.head = torch.nn.Linear(768, 5)\n\n    def forward(self, x):\n        return self.head(x)\n",
    )
    write("train.py", "import torch\nfrom model import Net\nscores = Net()(torch.zeros(8, 768))\n")
    commit(git)
    write("train.py", "import torch\nfrom model import Net\nscores = Net()(torch.zeros(8, 512))\n")
    assert since() == ["model.py"]


def test_a_submodule_is_compared_with_what_the_superproject_had(since: Since, git: Git, tmp_path: Path) -> None:
    library = tmp_path / "library"
    git("init", library)
    write(str(library / "lib.py"), BROKEN)
    git("-C", library, "add", "--all")
    git("-C", library, "commit", "--quiet", "--message", "first")
    git("submodule", "--quiet", "add", library, "vendored lib")
    commit(git)
    assert since("HEAD", "vendored lib") == []
    write("vendored lib/lib.py", OTHER)
    assert since("HEAD", "vendored lib") == ["vendored lib/lib.py"]
    assert since("HEAD~1", "vendored lib") == ["vendored lib/lib.py"]
    git("-C", "vendored lib", "commit", "--quiet", "--all", "--message", "second")
    commit(git)
    assert since("HEAD", "vendored lib") == []
    assert since("HEAD~1", "vendored lib") == ["vendored lib/lib.py"]


def test_a_file_of_another_repository_is_compared_within_that(
    say: Any, since: Since, git: Git, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    git("init", other)
    file = write(str(other / "a.py"), BROKEN)
    git("-C", other, "add", "--all")
    git("-C", other, "commit", "--quiet", "--message", "first")
    git("-C", other, "tag", "v1")
    assert since("HEAD", file) == []
    assert since("v1", file) == []
    write(str(file), OTHER)
    assert since("v1", file) == [str(file)]
    refused(say("check", file, "old.py", "--since", "v1"), "--since: there is no revision v1 here")


def test_a_submodule_that_lacks_the_commit_it_was_at_is_one_sentence(
    say: Any, since: Since, git: Git, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    git("init", library)
    write(str(library / "lib.py"), BROKEN)
    git("-C", library, "add", "--all")
    git("-C", library, "commit", "--quiet", "--message", "first")
    git("submodule", "--quiet", "add", library, "vendored")
    commit(git)
    gone = "1" * 40
    git("update-index", "--cacheinfo", f"160000,{gone},vendored")
    git("commit", "--quiet", "--message", "elsewhere")
    refused(
        say("check", "vendored", "--since", "HEAD"),
        f"the submodule {tmp_path / 'vendored'} lacks the commit {gone[:12]}",
    )


def test_in_a_linked_worktree_it_is_that_worktree_that_counts(
    since: Since, git: Git, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git("worktree", "add", "--quiet", "-b", "topic", tmp_path / "linked")
    monkeypatch.chdir(tmp_path / "linked")
    assert since("main") == []
    write("old.py", OTHER)
    assert since("main") == ["old.py"]


def test_in_a_hook_git_s_own_variables_are_no_trouble(since: Since, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other")
    assert since() == []


def test_standard_input_is_compared_with_the_file_that_it_is_named_after(
    say: Any, since: Since, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text, code in ((BROKEN, 0), ("x = 1\n" + BROKEN, 0), (OTHER, 1)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert say("check", "-", "--stdin-filename", "old.py", "--since", "HEAD").code == code


def test_cells_of_a_notebook_are_compared_by_their_code(since: Since, git: Git) -> None:
    def notebook(*cells: str, **beside: Any) -> str:
        made = [
            {"cell_type": "code", "source": c, "metadata": beside, "outputs": [], "execution_count": 1} for c in cells
        ]
        return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)

    write("train.ipynb", notebook(BROKEN))
    commit(git)
    write("train.ipynb", notebook("y = 1", BROKEN, run="again"))
    assert since("HEAD", "train.ipynb") == []
    write("train.ipynb", notebook("y = 1", OTHER))
    assert since("HEAD", "train.ipynb") == ["train.ipynb"]


def refused(said: Said, words: str) -> None:
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith(f"shapecheck: {words}")


def test_an_unknown_revision_is_one_sentence_with_the_nearest(say: Any, since: Since, git: Git) -> None:
    git("branch", "release-1")
    refused(
        say("check", "--since", "relaese-1"), "--since: there is no revision relaese-1 here (did you mean release-1?)"
    )
    refused(
        say("check", "--since", "--output"), "--since wants a revision, such as origin/main or HEAD~1, not '--output'"
    )


def test_a_repository_without_a_commit_is_one_sentence(say: Any, git: Git) -> None:
    git("init")
    write("a.py", BROKEN)
    refused(say("check", "--since", "HEAD"), "--since: there is no revision HEAD here")


def test_a_path_in_no_repository_is_one_sentence(
    say: Any, since: Since, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "a.py"
    write(str(outside), BROKEN)
    refused(say("check", outside, "--since", "HEAD"), f"{outside} lies in no git repository, and --since HEAD compares")


def test_histories_that_share_nothing_are_one_sentence(say: Any, since: Since, git: Git) -> None:
    git("checkout", "--quiet", "--orphan", "other")
    write("new.py", FINE)
    commit(git)
    refused(say("check", "--since", "main"), "--since: main and HEAD have no commit in common here")


def test_in_a_shallow_clone_it_says_how_to_get_the_rest(
    say: Any, since: Since, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git("rev-parse", "HEAD")
    write("new.py", BROKEN)
    commit(git)
    write("newer.py", BROKEN)
    commit(git)
    git("clone", "--quiet", "--depth", "2", tmp_path.as_uri(), tmp_path / "clone")
    monkeypatch.chdir("clone")
    assert since("HEAD~1") == ["newer.py"]
    refused(
        say("check", "--since", first), f"--since: there is no revision {first} here; this clone is shallow: git fetch"
    )


def test_without_git_it_is_one_sentence(say: Any, since: Since, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    refused(say("check", "--since", "HEAD"), "--since needs git, which is not installed")


def test_run_takes_it_too(say: Any, since: Since) -> None:
    assert say("run", "old.py", "--since", "HEAD", "--python", "/nowhere/python").code == 0
    write("old.py", OTHER)
    assert say("run", "old.py", "--since", "HEAD", "--python", "/nowhere/python").code == 1


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@given(LINES, LINES)
def test_lines_that_are_not_changed_were_there_before_in_this_order(before: list[str], after: list[str]) -> None:
    changed = changed_lines("".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in after))
    kept = [line for number, line in enumerate(after, 1) if number not in changed]
    there = iter(before)
    assert all(line in there for line in kept)


def test_in_a_text_of_lines_that_recur_one_change_is_one_line() -> None:
    before = ["x = f(x)", "y = g(y)", ""] * 300
    after = [*before[:450], "x = h(x)", *before[451:]]
    assert changed_lines("\n".join(before), "\n".join(after)) == {451}


@given(LINES, st.lists(st.just("new"), min_size=1, max_size=3), st.data())
def test_lines_that_were_put_in_are_changed_and_no_others(
    lines: list[str], new: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(lines)))
    after = [*lines[:at], *new, *lines[at:]]
    assert changed_lines("".join(f"{line}\n" for line in lines), "".join(f"{line}\n" for line in after)) == set(
        range(at + 1, at + len(new) + 1)
    )
