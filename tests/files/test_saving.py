"""A save replaces the file in one step: a full disk, a kill or an error leaves the old one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np
import pytest

from studio.api.errors import UserError
from studio.files.atomic import replace_file
from studio.files.images import read_image, write_image
from studio.files.metadata import Metadata

OLD = b"the old file"
SUFFIXES = (".png", ".jpg", ".webp", ".tif", ".avif")
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and limits")

# Each child saves a noisy picture over the file it is given and prints the error's parts.
SAVE = """
import sys
from pathlib import Path
import numpy as np
from studio.api.errors import UserError
from studio.files.images import SaveOptions, write_image
from studio.files.metadata import Metadata
pixels = np.random.default_rng(0).integers(0, 256, (300, 300, 4), np.uint8)
def save(path, compression=6):
    try:
        write_image(Path(path), pixels, Metadata(), SaveOptions(compression=compression))
        print("saved")
    except UserError as error:
        print(error.message, "|", error.hint)
"""


def child(code: str, *arguments: object, wrapper: tuple[str, ...] = ()) -> str:
    command = [*wrapper, sys.executable, "-c", SAVE + textwrap.dedent(code), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_own_mounts() -> tuple[str, ...]:
    """A command that gives its child a private view of mounts, or a skip."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not here: mounting needs a private namespace")
    wrapper = (unshare, "--map-root-user", "--mount")
    probe = [*wrapper, "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("this system does not let its users mount a small disk")
    return wrapper


@posix
@pytest.mark.parametrize("compression", [0, 6])
def test_a_file_that_may_not_grow(compression, tmp_path):
    paths = [tmp_path / f"a{suffix}" for suffix in SUFFIXES]
    for path in paths:
        path.write_bytes(OLD)
    said = child(
        """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        for path in sys.argv[2:]:
            save(path, int(sys.argv[1]))
        """,
        compression,
        *paths,
    )
    lines = said.splitlines()
    for path, line in zip(paths, lines, strict=True):
        assert line.startswith(f'"{path.name}" was not saved')
        assert "hoose another" in line.partition(" | ")[2]
        assert path.read_bytes() == OLD
    assert sorted(tmp_path.iterdir()) == sorted(paths)


@posix
def test_a_full_disk(tmp_path):
    said = child(
        """
        import os, subprocess
        folder = sys.argv[1]
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "none", folder], check=True)
        for suffix, compression in ((".png", 6), (".jpg", 6), (".tif", 6), (".tif", 0), (".webp", 6)):
            path = Path(folder, "a" + suffix)
            path.write_bytes(b"old")
            save(path, compression)
            assert path.read_bytes() == b"old"
            assert os.listdir(folder) == [path.name]
            path.unlink()
        """,
        tmp_path,
        wrapper=in_own_mounts(),
    )
    lines = said.splitlines()
    assert len(lines) == 5
    assert all("was not saved" in line for line in lines)
    assert sum("no space left. | Free some space" in line for line in lines) >= 4
    assert "saved\n" not in said


@posix
def test_a_read_only_disk(tmp_path):
    said = child(
        """
        import subprocess
        folder = sys.argv[1]
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
        path = Path(folder, "a.png")
        path.write_bytes(b"old")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        save(path)
        save(Path(folder, "new.png"))
        assert path.read_bytes() == b"old"
        """,
        tmp_path,
        wrapper=in_own_mounts(),
    )
    assert said.count("was not saved") + said.count("write-protected") == 2
    assert "read-only" in said


@posix
def test_a_read_only_folder_and_a_write_protected_file(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "a.png").write_bytes(OLD)
    free = tmp_path / "free"
    free.mkdir()
    (free / "a.png").write_bytes(OLD)
    top = Path(tempfile.gettempdir())
    for each in (tmp_path, *(parent for parent in tmp_path.parents if top in parent.parents)):
        each.chmod(0o755)
    free.chmod(0o777)
    (folder / "a.png").chmod(0o666)
    (free / "a.png").chmod(0o444)
    folder.chmod(0o555)
    said = child(
        """
        import os
        write_image(Path(sys.argv[2], "warm.png"), pixels, Metadata())  # import all there is
        if os.getuid() == 0:  # permissions do not bind root
            os.setgid(65534), os.setuid(65534)
        save(Path(sys.argv[1], "a.png"))
        save(Path(sys.argv[1], "new.png"))
        save(Path(sys.argv[2], "a.png"))
        """,
        folder,
        free,
    )
    folder.chmod(0o755)
    lines = said.splitlines()
    assert "you may not write there. | Choose another folder" in lines[0]
    assert "you may not write there" in lines[1]
    assert "write-protected" in lines[2]
    assert (folder / "a.png").read_bytes() == (free / "a.png").read_bytes() == OLD
    assert [p.name for p in folder.iterdir()] == ["a.png"]
    assert sorted(p.name for p in free.iterdir()) == ["a.png", "warm.png"]


@posix
def test_killed_while_saving(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(OLD)
    code = """
    import time
    from studio.files.atomic import replace_file
    def write(file):
        file.write(b"half of the new")
        file.flush()
        print("half", flush=True)
        time.sleep(60)
    replace_file(Path(sys.argv[1]), write)
    """
    command = [sys.executable, "-c", SAVE + textwrap.dedent(code), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    assert path.read_bytes() == OLD


def test_an_error_while_writing_passes_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(OLD)

    def write(file):
        file.write(b"new")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        replace_file(path, write)
    assert path.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_permission_bits_links_and_umask(tmp_path, picture):
    target = tmp_path / "real" / "a.png"
    target.parent.mkdir()
    target.write_bytes(OLD)
    target.chmod(0o640)
    link = tmp_path / "link.png"
    link.symlink_to(Path("real") / "a.png")
    write_image(link, picture, Metadata())

    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    np.testing.assert_array_equal(read_image(target).pixels, picture)

    umask = os.umask(0o027)
    try:
        write_image(tmp_path / "new.png", picture, Metadata())
    finally:
        os.umask(umask)
    assert (tmp_path / "new.png").stat().st_mode & 0o777 == 0o640

    dangling = tmp_path / "dangling.png"
    dangling.symlink_to("later.png")
    write_image(dangling, picture, Metadata())
    assert dangling.is_symlink()
    assert (tmp_path / "later.png").is_file()


def test_places_that_are_no_place(tmp_path, picture):
    (tmp_path / "folder.png").mkdir()
    cases = {
        tmp_path / "no" / "a.png": "no such folder",
        tmp_path / "folder.png": "is a folder",
        tmp_path / ("x" * 300 + ".png"): "too long",
    }
    if os.name == "posix":
        (tmp_path / "round.png").symlink_to("round.png")
        os.mkfifo(tmp_path / "pipe.png")
        cases |= {tmp_path / "round.png": "circle", tmp_path / "pipe.png": "device"}
    for path, says in cases.items():
        with pytest.raises(UserError, match=says) as caught:
            write_image(path, picture, Metadata())
        assert caught.value.hint
