"""What the history keeps, what it counts and what it drops."""

from __future__ import annotations

import gc
import weakref

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import TILE, Document, History, Picture, Rect
from studio.document import edits as make

TILE_BYTES = TILE * TILE * 4


def picture_of(tiles_wide=4, tiles_high=4):
    pixels = np.full((TILE * tiles_high, TILE * tiles_wide, 4), 100, np.uint8)
    return Picture.from_pixels(pixels)


def stroke(picture, x, y, size, value):
    pixels = np.full((size, size, 4), value, np.uint8)
    return make.paint(picture.active, x, y, pixels)


@settings(deadline=None, max_examples=30)
@given(
    x=st.integers(-50, 4 * TILE),
    y=st.integers(-50, 4 * TILE),
    size=st.integers(1, 300),
)
def test_a_stroke_stores_no_more_than_the_tiles_it_touched(x, y, size):
    document = Document(picture_of())
    if not document.apply("Brush", stroke(document.picture, x, y, size, 7)):
        assert Rect(x, y, size, size).intersected(document.picture.bounds).empty
        assert document.history.nbytes == 0
        return
    seen = Rect(x, y, size, size).intersected(document.picture.bounds)
    columns = (seen.right - 1) // TILE - seen.x // TILE + 1
    rows = (seen.bottom - 1) // TILE - seen.y // TILE + 1
    assert document.history.nbytes == columns * rows * TILE_BYTES
    document.undo()
    assert document.history.nbytes == columns * rows * TILE_BYTES


@settings(deadline=None, max_examples=40)
@given(
    steps=st.lists(
        st.one_of(
            st.sampled_from(["undo", "redo"]),
            st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(1, 400)),
        ),
        max_size=25,
    ),
    budget=st.integers(0, 40).map(lambda tiles: tiles * TILE_BYTES),
    limit=st.integers(1, 8),
)
def test_the_oldest_steps_go_first_and_the_newest_stays(steps, budget, limit):
    document = Document(picture_of(), History(budget, limit))
    history = document.history
    for value, step in enumerate(steps, start=1):
        kept = history.steps[: history.position]
        if isinstance(step, str):
            getattr(document, step)()
        else:
            assert document.apply(f"{value}", stroke(document.picture, *step, value))
            assert history.steps[-1].title == f"{value}"
            assert history.position == len(history.steps)
            old = history.steps[:-1]
            assert old == kept[len(kept) - len(old) :]
            assert len(history.steps) == 1 or history.nbytes <= budget
            assert len(history.steps) <= limit
            if len(old) < len(kept):  # no more went than had to
                one_more = history.nbytes + kept[len(kept) - len(old) - 1].undo_bytes
                assert one_more > budget or len(old) + 2 > limit
        assert history.nbytes == held_beside_the_present(document)


def held_beside_the_present(document):
    def tiles(pictures):
        return {
            id(tile): tile.nbytes
            for picture in pictures
            for raster in picture.rasters
            for tile in raster.tiles.values()
        }

    present = tiles([document.picture])
    steps = document.history.steps
    reachable = tiles([step.before for step in steps] + [step.after for step in steps])
    return sum(size for key, size in reachable.items() if key not in present)


def test_a_step_beyond_the_whole_budget_can_still_be_undone():
    document = Document(picture_of(), History(budget=1))
    document.apply("small", stroke(document.picture, 0, 0, 5, 1))
    document.apply("large", stroke(document.picture, 0, 0, 900, 2))
    assert [step.title for step in document.history.steps] == ["large"]
    assert document.undo()
    assert document.picture.active_layer.raster.read(Rect(0, 0, 1, 1)).tolist() == [[[1] * 4]]
    assert not document.undo()


def test_dropped_steps_leave_memory():
    document = Document(picture_of(), History(limit=2))
    first = weakref.ref(document.picture)
    for value in range(1, 5):
        document.apply("Brush", stroke(document.picture, 0, 0, 400, value))
    gc.collect()
    assert first() is None
    assert document.modified


def test_a_new_step_forgets_the_undone_ones():
    document = Document(picture_of())
    for value in (1, 2, 3):
        document.apply(f"{value}", stroke(document.picture, 0, 0, 5, value))
    document.undo()
    document.undo()
    document.apply("4", stroke(document.picture, 0, 0, 5, 4))
    assert [step.title for step in document.history.steps] == ["1", "4"]
    assert not document.redo()


def test_the_record_of_a_run_stays_with_its_step():
    document = Document(picture_of())
    record = {"operation": "test.paint", "seed": 3}
    document.apply("Run", stroke(document.picture, 0, 0, 5, 1), record)
    assert document.history.steps[0].record == record


def test_growing_the_canvas_from_its_corner_stores_only_the_border_tiles():
    document = Document(picture_of())
    document.apply("Grow", make.crop(Rect(-TILE, 0, 9 * TILE, 7 * TILE)))
    assert document.history.nbytes == 0
