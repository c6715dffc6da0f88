"""Where results go."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.cli.outputs import plan, refuse_overwriting
from studio.cli.session import Usage


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "a.png").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("inputs", "output", "one", "three"),
    [
        (["a.jpg"], "out.png", ["out.png"], ["out-001.png", "out-002.png", "out-003.png"]),
        (["a.jpg"], "there/x.tif", ["there/x.tif"], [f"there/x-00{i}.tif" for i in (1, 2, 3)]),
        (["a.jpg"], "new", ["new/a.jpg"], ["new/001.png", "new/002.png", "new/003.png"]),
        (["a.jpg"], "new.v2/", ["new.v2/a.jpg"], [f"new.v2/00{i}.png" for i in (1, 2, 3)]),
        (["a.jpg"], "there", ["there/a.jpg"], ["there/001.png", "there/002.png", "there/003.png"]),
        (["d/a.bmp"], "there", ["there/a.png"], [f"there/00{i}.png" for i in (1, 2, 3)]),
        ([], "there", ["there/001.png"], ["there/001.png", "there/002.png", "there/003.png"]),
        ([], "out.webp", ["out.webp"], ["out-001.webp", "out-002.webp", "out-003.webp"]),
        (["{a}.png"], "{b}.png", ["{b}.png"], ["b-001.png", "b-002.png", "b-003.png"]),
    ],
)
def test_one_input_makes_a_file_or_numbered_files(inputs, output, one, three):
    (target,) = plan([Path(name) for name in inputs], output)
    assert target.paths(1) == [Path(name) for name in one]
    assert target.paths(3) == [Path(name) for name in three]


def test_several_inputs_go_into_a_folder_each_under_its_name():
    targets = plan([Path("a.jpg"), Path("d/b.bmp")], "new.folder")
    assert [target.paths(1) for target in targets] == [
        [Path("new.folder/a.jpg")],
        [Path("new.folder/b.png")],
    ]
    assert [target.paths(2) for target in targets] == [
        [Path("new.folder/a/001.png"), Path("new.folder/a/002.png")],
        [Path("new.folder/b/001.png"), Path("new.folder/b/002.png")],
    ]


@pytest.mark.parametrize(
    ("inputs", "output", "says"),
    [
        (["a.png", "b.png"], "out.png", "2 inputs do not fit into the one file out.png"),
        (["a.jpg", "b.jpg"], "a.png", "2 inputs do not fit into the one file a.png"),
        (["a.png", "d/a.png"], "there", "would both become"),
        (["a.png", "d/A.PNG"], "there", "would both become"),
        (["a.png", "a.bmp"], "there", "would both become"),
        (["a.png", "a.jpg"], "there", "would both become"),
        (["a.png"], "nowhere/out.png", "no folder nowhere"),
        (["a.png"], "out.xyz", "out.xyz"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_runs(inputs, output, says):
    with pytest.raises(Usage, match=says) as caught:
        plan([Path(name) for name in inputs], output)
    assert caught.value.hint


def test_an_input_is_not_overwritten_under_any_of_its_names(folder):
    refuse_overwriting(Path("b.png"), [Path("a.png")])
    (folder / "link.png").symlink_to("a.png")
    (folder / "hard.png").hardlink_to(folder / "a.png")
    for name in ("a.png", "./there/../a.png", str(folder / "a.png"), "link.png", "hard.png"):
        with pytest.raises(Usage, match="would overwrite the input a.png"):
            refuse_overwriting(Path(name), [Path("other.png"), Path("a.png")])
