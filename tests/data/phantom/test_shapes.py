"""Grids and shapes: coordinates there and back, areas against geometry, noise of unit size at every film size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.phantom.grid import Grid, Pose
from longtail.data.phantom.shapes import Stroke, ball, clouds, curve, edge, ellipse, paint

poses = st.builds(Pose, st.floats(-0.1, 0.1), st.floats(-0.06, 0.06), st.floats(-0.06, 0.06), st.floats(0.9, 1.15))


@settings(max_examples=15, deadline=None)
@given(poses, st.sampled_from([32, 64, 100]))
def test_body_to_pixels_and_back(pose, size):
    grid = Grid(size, pose)
    points = np.stack([grid.x, grid.y], axis=-1)
    rows, columns = np.mgrid[:size, :size] + 0.5
    np.testing.assert_allclose(grid.pixels(points)[..., 0], columns, atol=1e-3)
    np.testing.assert_allclose(grid.pixels(points)[..., 1], rows, atol=1e-3)


@settings(max_examples=15, deadline=None)
@given(poses, st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), st.floats(0.05, 0.5))
def test_windows_hold_the_whole_shape(pose, x, y, radius):
    grid = Grid(64, pose)
    whole = edge((radius - np.hypot(grid.x - np.float32(x), grid.y - np.float32(y))) / radius, 0.03 / radius)
    drawn = ellipse(grid, (x, y), (radius, radius), soft=0.03)
    if grid.pixel < 0.03:
        np.testing.assert_allclose(drawn, whole, atol=1e-3)
    outside = np.hypot(grid.x - x, grid.y - y) > radius + max(0.03, grid.pixel) + 1e-3
    assert drawn[outside].max(initial=0) == 0


@pytest.mark.parametrize("size", [64, 128, 256])
def test_areas(size):
    grid = Grid(size, Pose())
    cell = grid.pixel**2
    assert ellipse(grid, (0.1, -0.2), (0.4, 0.2), tilt=0.5).sum() * cell == pytest.approx(np.pi * 0.08, rel=0.04)
    assert ball(grid, (0, 0), 0.5).sum() * cell == pytest.approx(2 / 3 * np.pi * 0.25, rel=0.03)
    square = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    assert paint(grid, [Stroke(square, 0, fill=True)]).sum() * cell == pytest.approx(1, rel=0.05)
    line = paint(grid, [Stroke(np.array([(-0.5, 0), (0.5, 0)]), 0.1)])
    assert line.sum() * cell == pytest.approx(0.1, rel=0.15)


def test_edge_is_a_step_of_the_stated_width():
    at = np.array([-1, -0.1, 0, 0.1, 1], dtype=np.float32)
    np.testing.assert_allclose(edge(at, 0.1), [0, 0, 0.5, 1, 1], atol=1e-6)


def test_a_curve_passes_through_its_points():
    points = np.array([(0.0, 0.0), (0.5, 0.3), (0.2, 0.8), (-0.4, 0.9)])
    drawn = curve(points, 30)
    for point in points:
        assert np.hypot(*(drawn - point).T).min() < 1e-9


@pytest.mark.parametrize("size", [32, 128, 300])
def test_clouds_have_unit_size(size):
    fields = np.stack([clouds(np.random.default_rng(i), size, 10) for i in range(40)])
    assert fields.std() == pytest.approx(1, abs=0.1)
    assert abs(fields.mean()) < 0.1
