"""Random sessions with every kind of action: undone, redone, and within the memory budget.

`test_undo` checks the edits of layers one by one; here selections, strokes, fills and transforms
join them, as a person would mix them.
"""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from studio.api.errors import UserError
from studio.document import (
    TILE,
    BlendMode,
    Document,
    Group,
    History,
    Layer,
    Picture,
    Raster,
    Rect,
    composite,
    layer_edits,
    masks,
    merging,
    regions,
    transforms,
)
from studio.document.painting import Brush, EraseInk, SolidInk, Stroke, Target

SEEDS = st.integers(0, 2**32 - 1)
BUDGET = 40 * TILE * TILE * 4
LARGEST = 600


def digest(raster):
    hashed = hashlib.blake2b()
    for index in sorted(raster.tiles if raster is not None else ()):
        if raster.tiles[index].any():
            hashed.update(repr(index).encode() + raster.tiles[index].tobytes())
    return hashed.hexdigest()


def fingerprint(picture):
    def of(node):
        looks = (node.id, node.visible, node.opacity, node.blend, digest(node.mask))
        if isinstance(node, Group):
            return (*looks, *map(of, node.children))
        return (*looks, digest(node.raster))

    size = (picture.width, picture.height, picture.active)
    return size, tuple(map(of, picture.nodes)), digest(picture.selection), picture.guides


def tiles_of(picture):
    return {id(tile): tile.nbytes for raster in picture.rasters for tile in raster.tiles.values()}


class Session(RuleBasedStateMachine):
    """A document that a person works on, and what it must be able to come back to."""

    @initialize(dtype=st.sampled_from([np.uint8, np.uint16]), seed=SEEDS)
    def start(self, dtype, seed):
        rng = np.random.default_rng(seed)
        width, height = (int(side) for side in rng.integers(30, 400, 2))
        pixels = rng.integers(0, np.iinfo(dtype).max, (height, width, 4), dtype, endpoint=True)
        pixels[..., 3] = np.iinfo(dtype).max
        self.document = Document(Picture.from_pixels(pixels), History(BUDGET))
        self.states = [fingerprint(self.picture)]
        self.at = 0

    @property
    def picture(self):
        return self.document.picture

    def act(self, edit):
        """Do it; what is refused must leave everything as it was."""
        before = self.picture
        try:
            changed = self.document.apply("action", edit)
        except UserError:
            assert self.picture is before
            return
        self.remember(changed)

    def remember(self, changed):
        if changed:
            del self.states[self.at + 1 :]
            self.states.append(fingerprint(self.picture))
            dropped = len(self.states) - 1 - len(self.document.history.steps)
            del self.states[:dropped]
            self.at = len(self.states) - 1

    def point(self, rng):
        return (
            float(rng.uniform(-10, self.picture.width + 10)),
            float(rng.uniform(-10, self.picture.height + 10)),
        )

    @rule(seed=SEEDS, mode=st.sampled_from(list(regions.Mode)), shape=st.integers(0, 3))
    def select(self, seed, mode, shape):
        rng = np.random.default_rng(seed)
        bounds = self.picture.bounds
        x, y = self.point(rng)
        width, height = rng.uniform(1, 200, 2)
        if shape == 0:
            new = regions.rectangle(x, y, width, height, bounds)
        elif shape == 1:
            new = regions.ellipse(x, y, width, height, bounds)
        elif shape == 2:
            new = regions.polygon([self.point(rng) for _ in range(5)], bounds)
        else:
            pixels = regions.sampled_pixels(self.picture, layer_only=False)
            row, column = (int(rng.integers(side)) for side in pixels.shape[:2])
            new = regions.from_mask(regions.wand(pixels, column, row, 40.0))
        self.act(regions.change_selection(new, mode))

    @rule(
        change=st.sampled_from([regions.grow, regions.shrink, regions.feather, regions.border]),
        pixels=st.integers(1, 12),
    )
    def modify_selection(self, change, pixels):
        selection = self.picture.selection
        if selection is not None:
            bounds = self.picture.bounds
            self.act(lambda p: p.replaced(selection=change(selection, pixels, bounds)))

    @rule()
    def deselect(self):
        self.act(lambda p: p if p.selection is None else p.replaced(selection=None))

    @rule(seed=SEEDS, erase=st.booleans(), finish=st.booleans())
    def stroke(self, seed, erase, finish):
        """Outside the stroke and outside the selection every bit stays."""
        rng = np.random.default_rng(seed)
        before = self.picture
        try:
            target = Target.of(before)
        except UserError:
            return
        color = tuple(int(c) for c in rng.integers(0, np.iinfo(before.dtype).max, 3))
        brush = Brush(size=float(rng.uniform(1, 90)), opacity=float(rng.uniform(0.2, 1)))
        ink = EraseInk() if erase else SolidInk(color)
        stroke = Stroke(target, brush, ink)
        going = self.document.begin("stroke")
        stroke.start(*self.point(rng))
        for _ in range(int(rng.integers(0, 4))):
            stroke.move(*self.point(rng))
            going.show(target.painted(stroke.update()))
        stroke.finish()
        going.show(target.painted(stroke.update()))
        self.check_untouched(before, stroke)
        if finish:
            self.remember(going.commit())
        else:
            going.cancel()
            assert self.picture is before

    def check_untouched(self, before, stroke):
        area = before.bounds
        kept = stroke.coverage(area) == 0
        if before.selection is not None:
            kept |= before.selection.read(area)[..., 0] == 0
        old, new = stroke.target.raster.read(area), stroke.raster.read(area)
        np.testing.assert_array_equal(old[kept], new[kept])

    @rule(seed=SEEDS)
    def fill(self, seed):
        rng = np.random.default_rng(seed)

        def color(target):
            channels = 1 if target.on_mask else 3
            return tuple(rng.integers(0, target.raster.maximum, channels).tolist())

        self.act(regions.fill_selected(color))

    @rule()
    def clear(self):
        self.act(regions.clear_selected())

    @rule(
        edit=st.sampled_from(
            [
                transforms.flip("horizontal"),
                transforms.flip("vertical"),
                transforms.rotate_quarters(1),
                transforms.rotate_quarters(2),
                transforms.crop_to(Rect(5, 7, 60, 50)),
                transforms.crop_to(Rect(-5, 3, 70, 40), 7.0),
                transforms.canvas_size(Rect(-20, -10, 200, 150)),
                transforms.image_size(90, 120),
                transforms.trim(),
            ]
        )
    )
    def change_canvas(self, edit):
        self.act(edit)
        assert max(self.picture.width, self.picture.height) <= LARGEST

    @rule(dx=st.integers(-300, 300), dy=st.integers(-300, 300))
    def move(self, dx, dy):
        self.act(lambda p: transforms.move(transforms.target_of(p), dx, dy)(p))

    @rule(degrees=st.integers(-180, 180))
    def turn(self, degrees):
        matrix = transforms.matrices.rotation(degrees, (40, 40))
        self.act(lambda p: transforms.transform(transforms.target_of(p), matrix)(p))

    @rule(seed=SEEDS, mode=st.sampled_from(list(BlendMode)))
    def layers(self, seed, mode):
        rng = np.random.default_rng(seed)
        nodes = [node.id for node, _ in self.picture.walk()]
        chosen = nodes[int(rng.integers(len(nodes)))]
        edits = [
            layer_edits.add_node(Layer("new", Raster(self.picture.dtype))),
            layer_edits.remove_node(chosen),
            layer_edits.group((chosen,)),
            layer_edits.change_node(chosen, blend=mode, opacity=float(rng.random())),
            layer_edits.move_node(chosen, None, int(rng.integers(3))),
            masks.mask_from_selection(chosen),
            masks.apply_mask(chosen),
            merging.merge_down(chosen),
            merging.flatten(),
        ]
        if len(nodes) < 6:
            edits.append(layer_edits.duplicate(chosen))
        self.act(edits[int(rng.integers(len(edits)))])

    @rule(steps=st.integers(1, 30))
    def undo(self, steps):
        for _ in range(steps):
            assert self.document.undo() == (self.at > 0)
            self.at = max(self.at - 1, 0)
            assert fingerprint(self.picture) == self.states[self.at]

    @rule(steps=st.integers(1, 30))
    def redo(self, steps):
        for _ in range(steps):
            assert self.document.redo() == (self.at < len(self.states) - 1)
            self.at = min(self.at + 1, len(self.states) - 1)
            assert fingerprint(self.picture) == self.states[self.at]

    @invariant()
    def memory_is_bounded(self):
        """By the budget beside one picture, wherever in the history the present is."""
        steps = self.document.history.steps
        pictures = [self.picture, *(s.before for s in steps), *(s.after for s in steps)]
        sizes = [tiles_of(picture) for picture in pictures]
        everything = {key: size for found in sizes for key, size in found.items()}
        largest = max(sum(found.values()) for found in sizes)
        assert sum(everything.values()) <= BUDGET + largest or len(steps) == 1

    @invariant()
    def it_can_be_shown(self):
        assert composite(self.picture).shape == (self.picture.height, self.picture.width, 4)

    def teardown(self):
        """Back to the beginning that is still known, and to the end again."""
        if hasattr(self, "document"):
            self.undo(len(self.states))
            self.redo(len(self.states))


TestSession = Session.TestCase
TestSession.settings = settings(deadline=None, max_examples=30, stateful_step_count=20)
