"""The GitHub action and the GitLab job: of the published forms, and their shell steps run for real."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.xdist_group("ci")  # what a step installs is installed once

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]
SCRIPTS = ROOT / "fixtures" / "scripts"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
HOSTILE = "'a b.py' \"; touch pwned\" $(touch pwned) `touch pwned` ${{ github.token }} && touch pwned | touch pwned"


@dataclass
class Job:
    """A job that uses the action: a little of what GitHub's runner does, and nothing that it does not."""

    folder: Path
    values: dict[str, str] = field(default_factory=dict)
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    failed: bool = False

    def value(self, expression: re.Match[str]) -> str:
        return self.values.get(expression[1], "")

    def wanted(self, condition: str | None) -> bool:
        """Whether a step's condition holds; those of the action ask for a value that is not empty."""
        if condition is None:
            return True
        asked = re.fullmatch(r"\$\{\{ (\S+) != '' \}\}", condition)
        assert asked, condition
        return bool(self.values.get(asked[1]))

    def run(self, step: dict[str, Any]) -> None:
        resolved = {
            key: {name: EXPRESSION.sub(self.value, str(text)) for name, text in step.get(key, {}).items()}
            for key in ("env", "with")
        }
        if "uses" in step:
            self.used[step["uses"]] = resolved["with"]
            return
        folder = self.folder / "workspace" / EXPRESSION.sub(self.value, step.get("working-directory", "."))
        files = {name: self.folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        script = self.folder / "step.sh"
        script.write_text(step["run"])
        hidden = ("VIRTUAL_ENV", "PYTHONPATH", "GITHUB_")
        environment = {key: text for key, text in os.environ.items() if not key.startswith(hidden)}
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
        environment |= {
            "CI": "true",
            "RUNNER_TEMP": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder),
            **{k: str(v) for k, v in files.items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=folder,
            env=environment | resolved["env"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log += done.stdout
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        for line in files["GITHUB_OUTPUT"].read_text().splitlines():
            name, _, text = line.partition("=")
            self.values[f"steps.{step['id']}.outputs.{name}"] = text
        self.failed = done.returncode != 0

    def outputs(self) -> dict[str, str]:
        return {name: EXPRESSION.sub(self.value, output["value"]) for name, output in ACTION["outputs"].items()}


def job(folder: Path, outputs: dict[str, str], **inputs: str) -> Job:
    """A job with the action's inputs, the others as they are by default; its steps run until one fails."""
    given = {name: told["default"] for name, told in ACTION["inputs"].items()} | {
        name.replace("_", "-"): text for name, text in inputs.items()
    }
    made = Job(folder, {f"inputs.{name}": text for name, text in given.items()} | outputs)
    made.values |= {"github.action_path": str(ROOT), "github.workspace": str(folder / "workspace")}
    for step in STEPS:
        installed = step.get("id") == "install" and outputs
        if not made.failed and not installed and made.wanted(step.get("if")):
            made.run(step)
    return made


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outputs of the step that installs, which ran once."""
    folder = tmp_path_factory.mktemp("runner")
    (folder / "workspace").mkdir()
    made = Job(folder, {"github.action_path": str(ROOT)})
    made.run(next(step for step in STEPS if step.get("id") == "install"))
    assert not made.failed, made.log
    return {key: text for key, text in made.values.items() if key.startswith("steps.install.")}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with one broken and one mended script."""
    home = tmp_path / "workspace"
    home.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=home, check=True)
    shutil.copy(SCRIPTS / "module_cls_broken.py", home / "train.py")
    shutil.copy(SCRIPTS / "module_cls.py", home / "mended.py")
    return home


def validate(schema: str, path: Path) -> None:
    """Hold a file against a published schema."""
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "path"), [("github-actions", "action.yml"), ("gitlab-ci", "templates/gitlab-ci.yml")]
)
def test_the_files_are_of_the_published_form(schema: str, path: str) -> None:
    validate(schema, ROOT / path)


PARSER = "@actions/workflow-parser@0.3.61"
"""The parser of GitHub's own language server, which follows that of its runner; it is to be had from npm alone."""


@pytest.fixture(scope="module")
def errors_by_github(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], list[str]]:
    """What GitHub's own parser says against the text of an ``action`` or a ``workflow``."""
    folder = tmp_path_factory.mktemp("github")
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node is not here, which runs GitHub's own parser")
    done = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "--fetch-retries=0", PARSER], cwd=folder
    )
    if done.returncode != 0:
        pytest.skip(f"{PARSER} cannot be installed here")
    shutil.copy(ROOT / "tests" / "github_parser.mjs", folder)

    def errors(kind: str, text: str) -> list[str]:
        (folder / f"{kind}.yml").write_text(text)
        said = subprocess.run([node, "github_parser.mjs", kind, f"{kind}.yml"], cwd=folder, stdout=subprocess.PIPE)
        found: list[str] = json.loads(said.stdout)
        return found

    return errors


def test_github_itself_reads_the_action_and_the_workflow_on_the_page(
    errors_by_github: Callable[[str, str], list[str]],
) -> None:
    text = (ROOT / "action.yml").read_text()
    assert errors_by_github("action", text) == []
    workflow = yaml_blocks()[0].replace("<where shapecheck is cloned from>", "owner/shapecheck")
    assert errors_by_github("workflow", workflow) == []
    (wrong,) = errors_by_github("action", text.replace("inputs.sarif-category", "inputz.sarif-category"))
    assert "Unrecognized named-value: 'inputz'" in wrong
    (wrong, _) = errors_by_github("workflow", workflow.replace("- uses:", "- usez:", 1))
    assert "Unexpected value 'usez'" in wrong


def test_no_script_holds_an_expression_and_every_input_is_used() -> None:
    assert not [step["name"] for step in STEPS if EXPRESSION.search(step.get("run", ""))]
    used = set(re.findall(r"\binputs\.([\w-]+)", json.dumps(STEPS)))
    assert used == set(ACTION["inputs"])


def yaml_blocks() -> list[str]:
    """The blocks of the page on CI."""
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    return re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_the_page_on_ci_shows_the_job_of_gitlab_and_a_workflow_of_the_published_form(tmp_path: Path) -> None:
    workflow, *others = yaml_blocks()
    assert yaml.safe_load((ROOT / "templates" / "gitlab-ci.yml").read_text()) in map(yaml.safe_load, others)
    (tmp_path / "shapecheck.yml").write_text(workflow.replace("<where shapecheck is cloned from>", "owner/shapecheck"))
    validate("github-workflows", tmp_path / "shapecheck.yml")


def test_the_page_on_ci_says_what_each_input_is_unless_it_is_set() -> None:
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([\w-]+)` \| .* \| (.*) \|$", page, re.MULTILINE))
    assert {name: text.strip("`") for name, text in told.items() if text.startswith("`")} == {
        name: about["default"] for name, about in ACTION["inputs"].items() if about["default"]
    }
    assert set(told) == set(ACTION["inputs"])


def test_a_finding_is_annotated_summed_up_and_fails_the_job(installed: dict[str, str], workspace: Path) -> None:
    made = job(workspace.parent, installed)
    assert re.search(r"^::error title=SHP101 unpooled-classifier,file=train\.py,line=27,", made.log, re.MULTILINE)
    assert "SHP101" in made.summary
    assert made.outputs() == {"exit-code": "1", "sarif-file": ""}
    assert made.failed
    assert not made.used


def test_code_without_faults_passes(installed: dict[str, str], workspace: Path) -> None:
    made = job(workspace.parent, installed, args="mended.py")
    assert made.outputs()["exit-code"] == "0"
    assert not made.failed


def test_a_sarif_file_is_written_and_handed_on(installed: dict[str, str], workspace: Path) -> None:
    made = job(workspace.parent, installed, sarif="true", sarif_category="shapes")
    (upload,) = made.used.values()
    report = json.loads(Path(upload["sarif_file"]).read_text())
    assert report["version"] == "2.1.0"
    assert [found["ruleId"] for found in report["runs"][0]["results"]] == ["SHP101"]
    assert upload["category"] == "shapes"
    assert made.outputs()["sarif-file"] == upload["sarif_file"]


def test_without_annotations_the_log_has_the_report_for_readers(installed: dict[str, str], workspace: Path) -> None:
    made = job(workspace.parent, installed, annotations="false", summary="false")
    assert "--> train.py:27:" in made.log
    assert "::error" not in made.log
    assert made.summary == ""


def test_arguments_keep_their_quotes(installed: dict[str, str], workspace: Path) -> None:
    (workspace / "train.py").rename(workspace / "my train.py")
    made = job(workspace.parent, installed, annotations="false", args="--select 'SHP1, SHP2' 'my train.py'")
    assert "--> my train.py:27:" in made.log
    assert made.outputs()["exit-code"] == "1"


def test_the_command_runs_in_the_folder_of_the_checkout(installed: dict[str, str], workspace: Path) -> None:
    (workspace / "some code").mkdir()
    (workspace / "train.py").rename(workspace / "some code" / "train.py")
    made = job(workspace.parent, installed, annotations="false", path="some code")
    assert "--> train.py:27:" in made.log


def test_findings_can_be_kept_to_what_has_changed(installed: dict[str, str], workspace: Path) -> None:
    identity = ("-c", "user.name=A Tester", "-c", "user.email=tester@example.org")
    for words in (("add", "."), (*identity, "commit", "-q", "-m", "Begin")):
        subprocess.run(["git", *words], cwd=workspace, check=True)
    assert not job(workspace.parent, installed, args="--since HEAD .").failed
    shutil.copy(SCRIPTS / "module_cls_broken.py", workspace / "new.py")
    made = job(workspace.parent, installed, args="--since HEAD .")
    assert "file=new.py" in made.log
    assert "file=train.py" not in made.log
    assert made.failed


@pytest.mark.parametrize("name", ["args", "command", "path", "version"])
def test_no_input_is_run_as_shell(name: str, installed: dict[str, str], workspace: Path) -> None:
    if name == "path":
        (workspace / HOSTILE).mkdir()
    made = job(workspace.parent, {} if name == "version" else installed, **{name: HOSTILE})
    assert not list(workspace.parent.rglob("pwned"))
    assert made.failed == (name != "path")


def test_a_wrong_call_fails_with_its_sentence_and_reports_nothing(installed: dict[str, str], workspace: Path) -> None:
    made = job(workspace.parent, installed, args="--selekt SHP1", sarif="true")
    assert "--selekt" in made.log
    assert made.outputs() == {"exit-code": "2", "sarif-file": ""}
    assert (made.failed, made.summary, made.used) == (True, "", {})


def test_run_traces_under_the_python_of_the_job(installed: dict[str, str], workspace: Path) -> None:
    pytest.importorskip("torch")
    made = job(workspace.parent, installed, command="run", annotations="false", summary="false", args="train.py -- -x")
    assert "evidence: static and traced" in made.log
    assert made.outputs()["exit-code"] == "1"


def test_the_job_of_gitlab_leaves_a_report_and_tells_readers(workspace: Path, tmp_path: Path) -> None:
    described = yaml.safe_load((ROOT / "templates" / "gitlab-ci.yml").read_text())["shapecheck"]
    venv.create(tmp_path / "image", with_pip=True)
    environment = {key: text for key, text in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment |= described["variables"] | {"SHAPECHECK": str(ROOT), "CI": "true"}
    environment["PATH"] = os.pathsep.join([str(tmp_path / "image" / "bin"), environment["PATH"]])
    script = "\n".join(["set -eo pipefail", *described["script"]])
    done = subprocess.run(["bash", "-c", script], cwd=workspace, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "--> train.py:27:" in done.stdout
    report = json.loads((workspace / described["artifacts"]["reports"]["codequality"]).read_text())
    assert [(issue["check_name"], issue["location"]["path"]) for issue in report] == [("SHP101", "train.py")]
    assert all(issue["fingerprint"] for issue in report)
