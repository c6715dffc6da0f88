from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("marker", "command"),
    [
        ("start", r"pip install \. && impasto photo\.jpg"),
        ("test", r'pip install "\.\[dev\]" && pytest -n 2 --dist worksteal'),
    ],
)
def test_ci_finds_the_two_commands(marker: str, command: str):
    assert re.search(rf"<!-- ci: {marker} -->\n```sh\n{command}\n```", README)
    assert f"$(readme {marker})" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "plugins/README.md"]
)
def test_links_lead_somewhere(page: str):
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            assert (path.parent / target).exists(), f"{page} links to {target}"
