"""Any sequence of edits, undone and redone in any order, is bit-identical."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from studio.api.errors import UserError
from studio.document import (
    TILE,
    BlendMode,
    Document,
    Group,
    Guide,
    History,
    Layer,
    Picture,
    Raster,
    Rect,
    composite,
    layer_edits,
    masks,
    merging,
)
from studio.document import edits as make
from studio.document.events import listen

SEEDS = st.integers(0, 2**32 - 1)
OPACITIES = st.sampled_from([0.0, 0.25, 1.0])


def noise(rng, shape, dtype):
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def patch(rng, picture, channels, dtype):
    """Pixels that lie anywhere around the canvas, some of them over its border."""
    height, width = int(rng.integers(1, 200)), int(rng.integers(1, 200))
    x = int(rng.integers(-50, picture.width + 10))
    y = int(rng.integers(-50, picture.height + 10))
    return x, y, noise(rng, (height, width, channels), dtype)


def digest(raster):
    """Of every bit that can be read; tiles of zeros are as good as none."""
    if raster is None:
        return None
    hashed = hashlib.blake2b(f"{raster.dtype} {raster.channels}".encode())
    for index in sorted(raster.tiles):
        if raster.tiles[index].any():
            hashed.update(repr(index).encode() + raster.tiles[index].tobytes())
    return hashed.hexdigest()


def fingerprint(picture):
    def of(node):
        common = (node.id, node.name, node.visible, node.opacity, node.blend, node.locked)
        if isinstance(node, Group):
            return (*common, node.pass_through, digest(node.mask), *map(of, node.children))
        return (*common, node.text, digest(node.mask), digest(node.raster))

    canvas = (picture.width, picture.height, picture.icc, picture.active, picture.mask_active)
    return canvas, tuple(map(of, picture.nodes)), digest(picture.selection), picture.guides


class Editing(RuleBasedStateMachine):
    """A document and, beside it, the fingerprint of every picture its history can reach."""

    limit = 200
    budget = 1 << 40

    @initialize(
        dtype=st.sampled_from([np.uint8, np.uint16]),
        width=st.integers(1, 300),
        height=st.integers(1, 300),
        seed=SEEDS,
    )
    def start(self, dtype, width, height, seed):
        pixels = noise(np.random.default_rng(seed), (height, width, 4), dtype)
        self.document = Document(
            Picture.from_pixels(pixels, icc=b"profile"), History(self.budget, self.limit)
        )
        self.model = [fingerprint(self.document.picture)]
        self.at = 0
        self.events = []
        listen(self.document.changed, self.heard)

    def heard(self, change):
        """Tiles that are not named show what they showed before."""
        self.events.append(change)
        assert change.after is self.document.picture
        if change.tiles is None:
            return
        before, after = composite(change.before), composite(change.after)
        assert before.shape == after.shape
        different = (before != after).any(axis=2)
        really = {(int(x) // TILE, int(y) // TILE) for y, x in np.argwhere(different)}
        assert really <= change.tiles

    @property
    def picture(self):
        return self.document.picture

    def any_node(self, rng):
        nodes = [node for node, _ in self.picture.walk()]
        return nodes[int(rng.integers(len(nodes)))]

    def any_layer(self, rng):
        return self.picture.layers[int(rng.integers(len(self.picture.layers)))]

    def attempt(self, edit):
        """An edit that may be refused, which must leave everything as it was."""
        before = self.picture
        try:
            edit(before)
        except UserError:
            with pytest.raises(UserError):
                self.document.apply("refused", edit)
            assert self.picture is before
        else:
            self.apply(edit)

    def apply(self, edit):
        before, revision = self.picture, self.document.revision
        changed = self.document.apply("edit", edit, {"seed": 1})
        assert changed == (self.picture is not before)
        assert self.document.revision == revision + changed
        self.remember(changed)

    def remember(self, changed):
        """The model's side of a new step."""
        if changed:
            del self.model[self.at + 1 :]
            self.model.append(fingerprint(self.picture))
            self.at += 1
            dropped = len(self.model) - 1 - len(self.document.history.steps)
            assert dropped >= 0
            del self.model[:dropped]
            self.at -= dropped

    @rule(seed=SEEDS, kind=st.sampled_from(["all", "soft", "hard", "none"]))
    def paint(self, seed, kind):
        rng = np.random.default_rng(seed)
        layer = self.any_layer(rng)
        x, y, pixels = patch(rng, self.picture, 4, self.picture.dtype)
        size = pixels.shape[:2]
        masks = {
            "all": None,
            "soft": rng.random(size),
            "hard": (rng.random(size) < 0.5).astype(np.float32),
            "none": np.zeros(size),
        }
        mask = masks[kind]
        before = self.picture
        if before.is_locked(layer.id):
            self.attempt(make.paint(layer.id, x, y, pixels, mask))
            return
        self.apply(make.paint(layer.id, x, y, pixels, mask))
        if kind == "none":
            assert self.picture is before
            return
        whole = before.bounds.united(Rect(x, y, size[1], size[0])).grown(300)
        old = layer.raster.read(whole)
        new = self.picture.layer(layer.id).raster.read(whole)
        open_ = np.zeros(old.shape[:2], bool)
        rows, columns = slice(y - whole.y, None), slice(x - whole.x, None)
        open_[rows, columns][: size[0], : size[1]] = True if mask is None else mask > 0
        inside = Rect(-whole.x, -whole.y, before.width, before.height)
        on_canvas = np.zeros_like(open_)
        on_canvas[inside.y : inside.bottom, inside.x : inside.right] = True
        np.testing.assert_array_equal(old[~(open_ & on_canvas)], new[~(open_ & on_canvas)])

    @rule(seed=SEEDS, opacity=OPACITIES, masked=st.booleans(), above=st.booleans())
    def add_layer(self, seed, opacity, masked, above):
        rng = np.random.default_rng(seed)
        x, y, pixels = patch(rng, self.picture, 4, self.picture.dtype)
        mask = None
        if masked:
            mask_x, mask_y, mask_pixels = patch(rng, self.picture, 1, np.uint8)
            mask = Raster.from_array(mask_pixels, mask_x, mask_y)
        layer = Layer("new", Raster.from_array(pixels, x, y), opacity=opacity, mask=mask)
        self.apply(layer_edits.add_node(layer, self.any_layer(rng).id if above else None))
        assert self.picture.active_layer is layer

    @rule(seed=SEEDS)
    def remove_layer(self, seed):
        layer = self.any_layer(np.random.default_rng(seed))
        count = len(self.picture.layers)
        self.apply(layer_edits.remove_node(layer.id))
        assert len(self.picture.layers) == max(1, count - 1)
        assert self.picture.node(self.picture.active) is not None

    @rule(seed=SEEDS, visible=st.booleans(), opacity=OPACITIES)
    def change_layer(self, seed, visible, opacity):
        layer = self.any_layer(np.random.default_rng(seed))
        self.apply(layer_edits.change_node(layer.id, visible=visible, opacity=opacity))

    @rule(seed=SEEDS, present=st.booleans())
    def mask_layer(self, seed, present):
        rng = np.random.default_rng(seed)
        layer = self.any_layer(rng)
        old = layer.mask or Raster(np.uint8, 1)
        x, y, pixels = patch(rng, self.picture, 1, old.dtype)
        mask = old.write(x, y, pixels) if present else None
        self.apply(layer_edits.change_node(layer.id, mask=mask))

    @rule(seed=SEEDS)
    def move_node(self, seed):
        rng = np.random.default_rng(seed)
        groups = [None, *(n.id for n, _ in self.picture.walk() if isinstance(n, Group))]
        parent = groups[int(rng.integers(len(groups)))]
        layers = {layer.id for layer in self.picture.layers}
        index = int(rng.integers(5))
        self.apply(layer_edits.move_node(self.any_node(rng).id, parent, index))
        assert {layer.id for layer in self.picture.layers} == layers

    @rule(seed=SEEDS, count=st.integers(1, 3), through=st.booleans())
    def group(self, seed, count, through):
        rng = np.random.default_rng(seed)
        chosen = tuple(self.any_node(rng).id for _ in range(count))
        layers = {layer.id for layer in self.picture.layers}
        self.apply(layer_edits.group(chosen))
        assert {layer.id for layer in self.picture.layers} == layers
        self.apply(layer_edits.change_node(self.picture.active, pass_through=through))

    @rule(seed=SEEDS)
    def ungroup(self, seed):
        self.apply(layer_edits.ungroup(self.any_node(np.random.default_rng(seed)).id))

    @precondition(lambda self: len(self.picture.layers) < 6)
    @rule(seed=SEEDS)
    def duplicate(self, seed):
        self.apply(layer_edits.duplicate(self.any_node(np.random.default_rng(seed)).id))

    @rule(seed=SEEDS, mode=st.sampled_from(list(BlendMode)), locked=st.booleans())
    def change_node(self, seed, mode, locked):
        node = self.any_node(np.random.default_rng(seed))
        self.apply(layer_edits.change_node(node.id, blend=mode, locked=locked))

    @rule(
        seed=SEEDS,
        what=st.sampled_from(
            [
                masks.add_mask,
                masks.mask_from_selection,
                masks.mask_from_alpha,
                masks.remove_mask,
                masks.apply_mask,
                masks.selection_from_mask,
                masks.selection_from_alpha,
                merging.merge_down,
                merging.merge_group,
            ]
        ),
    )
    def mask_or_merge(self, seed, what):
        self.attempt(what(self.any_node(np.random.default_rng(seed)).id))

    @rule(what=st.sampled_from([merging.flatten, merging.merge_visible]))
    def merge_all(self, what):
        self.apply(what())

    @rule(seed=SEEDS, keep=st.booleans(), steps=st.integers(0, 3))
    def stroke(self, seed, keep, steps):
        """Painted in several events, as one step or none."""
        rng = np.random.default_rng(seed)
        before, layer = self.picture, self.any_layer(rng)
        if before.is_locked(layer.id):
            return
        stroke = self.document.begin("stroke")
        for _ in range(steps):
            x, y, pixels = patch(rng, before, 4, before.dtype)
            stroke.show(make.paint(layer.id, x, y, pixels)(self.picture))
        if not keep:
            stroke.cancel()
            assert self.picture is before
            return
        committed = stroke.commit({"seed": 1})
        assert committed == (self.picture is not before)
        self.remember(committed)

    @rule(seed=SEEDS, mask=st.booleans())
    def choose(self, seed, mask):
        """No step: the present state of the history changes instead."""
        node = self.any_node(np.random.default_rng(seed))
        self.document.view_change(layer_edits.set_active(node.id, mask=mask))
        assert self.picture.active_node.id == node.id
        self.model[self.at] = fingerprint(self.picture)

    @rule()
    def snapshot(self):
        self.document.add_snapshot("here")

    @precondition(lambda self: self.document.snapshots)
    @rule()
    def restore(self):
        snapshot = self.document.snapshots[-1]
        self.apply(lambda _: snapshot.picture)

    @rule(position=st.floats(0, 300), vertical=st.booleans())
    def guide(self, position, vertical):
        guides = (*self.picture.guides, Guide(vertical, position))
        self.apply(lambda picture: picture.replaced(guides=guides))

    @rule(seed=SEEDS, nothing=st.booleans())
    def select(self, seed, nothing):
        rng = np.random.default_rng(seed)
        x, y, pixels = patch(rng, self.picture, 1, np.uint8)
        self.apply(make.select(None if nothing else Raster.from_array(pixels, x, y)))

    @rule(seed=SEEDS, width=st.integers(1, 300), height=st.integers(1, 300), some=st.booleans())
    def rescale(self, seed, width, height, some):
        rng = np.random.default_rng(seed)
        pixels = noise(rng, (height, width, 4), self.picture.dtype)
        chosen = self.any_layer(rng).id
        self.apply(make.rescale(width, height, {chosen: pixels} if some else {}))
        assert (self.picture.width, self.picture.height) == (width, height)
        if some:
            got = self.picture.layer(chosen).raster.read(self.picture.bounds)
            np.testing.assert_array_equal(got, pixels)

    @rule(
        x=st.sampled_from([-TILE, -20, 0, 0, 3, TILE]),
        y=st.sampled_from([-TILE, -20, 0, 0, 3, TILE]),
        width=st.integers(1, 400),
        height=st.integers(1, 400),
    )
    def crop(self, x, y, width, height):
        rect = Rect(x, y, width, height)
        before = self.picture
        self.apply(make.crop(rect))
        for old in before.layers:
            got = self.picture.layer(old.id).raster.read(self.picture.bounds)
            np.testing.assert_array_equal(got, old.raster.read(rect))
        if self.picture is not before:
            assert all(
                raster == raster.cropped(self.picture.bounds) for raster in self.picture.rasters
            )

    @rule()
    def undo(self):
        possible = self.at > 0
        assert self.document.history.can_undo == possible
        assert self.document.undo() == possible
        self.at -= possible

    @rule()
    def redo(self):
        possible = self.at < len(self.model) - 1
        assert self.document.history.can_redo == possible
        assert self.document.redo() == possible
        self.at += possible

    @precondition(lambda self: len(self.model) > 2)
    @rule(position=st.integers(-2, 12))
    def go_to(self, position):
        self.document.go_to(position)
        self.at = min(max(position, 0), len(self.model) - 1)

    @invariant()
    def everything_reachable_is_bit_identical(self):
        history = self.document.history
        assert fingerprint(self.picture) == self.model[self.at]
        assert history.position == self.at
        assert len(history.steps) == len(self.model) - 1
        for index, step in enumerate(history.steps):
            assert fingerprint(step.before) == self.model[index]
            assert fingerprint(step.after) == self.model[index + 1]

    @invariant()
    def the_budget_counts_at_least_what_is_held(self):
        history = self.document.history
        pictures = [step.before for step in history.steps] + [step.after for step in history.steps]
        present = tiles_of([self.picture])
        held = {key: size for key, size in tiles_of(pictures).items() if key not in present}
        assert history.nbytes >= sum(held.values())


class Forgetting(Editing):
    """The same with room for a few steps only."""

    limit = 4
    budget = 12 * TILE * TILE * 4


def tiles_of(pictures):
    return {
        id(tile): tile.nbytes
        for picture in pictures
        for raster in picture.rasters
        for tile in raster.tiles.values()
    }


_BRIEF = settings(deadline=None, max_examples=12, stateful_step_count=18)
TestEditing = Editing.TestCase
TestEditing.settings = _BRIEF
TestForgetting = Forgetting.TestCase
TestForgetting.settings = _BRIEF
