"""A camera on the flange sees from where the arm really is; a program is told what the exercise gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conversation import conversation, empty_scene
from sheber.client.errors import NotGiven
from sheber.geometry import DOWN, Pose
from sheber.robot.cell.scene import CameraSpec, Fixture, Imperfections, Light, Lighting, Shape

pytestmark = pytest.mark.physics

T_FLANGE_CAMERA = Pose((0.05, -0.02, 0.03)).rotated(x=0.05, z=0.4)
HAND = CameraSpec("hand", T_FLANGE_CAMERA, 320, 240, (400.0, 400.0), (159.5, 119.5), mount="flange")
TARGET = (0.5, 0.1, 0.0)
DOT = Fixture("dot", (Shape("sphere", (0.006,), colour=(1.0, 0.05, 0.05)),), Pose(TARGET))
SEEING = (0.46, 0.12, 0.25)


def seen_at(image: object) -> tuple[float, float]:
    """Middle of the red dot in a picture [px]."""
    blue, _green, red = np.moveaxis(image.colour.astype(int), -1, 0)  # type: ignore[attr-defined]
    rows, columns = np.nonzero(red - blue > 60)
    return float(columns.mean()), float(rows.mean())


def scene(camera: CameraSpec = HAND, **changes: object):  # type: ignore[no-untyped-def]  # of a Scene
    return empty_scene(cameras=(camera,), fixtures=(DOT,), lighting=Lighting((0.0, 0.0, -1.0)), **changes)


def test_a_point_is_seen_where_the_flange_and_the_camera_on_it_put_it(tmp_path: Path) -> None:
    with conversation(scene(), tmp_path / "run.trace") as talk:
        robot, camera = talk.cell.robot, talk.cell.cameras["hand"]
        for turn in (0.0, 0.5):
            robot.move_to(Pose(SEEING).rotated(z=turn) @ DOWN)
            image = camera.capture()
            assert seen_at(image) == pytest.approx(camera.project(TARGET, flange=image.flange), abs=0.6)
            x, y = camera.to_plane(*seen_at(image), height=0.0, flange=image.flange)
            assert (x, y) == pytest.approx(TARGET[:2], abs=6e-4)


def test_the_picture_follows_the_true_arm_and_the_flange_is_what_the_encoders_say(tmp_path: Path) -> None:
    offsets = (0.01, 0.0, 0.0, 0.0, 0.0, 0.0)
    bent = scene(imperfections=Imperfections(joint_zero=offsets))
    with conversation(bent, tmp_path / "run.trace") as talk:
        robot, camera = talk.cell.robot, talk.cell.cameras["hand"]
        robot.move_to(Pose(SEEING) @ DOWN)
        image = camera.capture()
        off = np.subtract(seen_at(image), camera.project(TARGET, flange=image.flange))
        assert np.hypot(*off) > 5.0, "a turn of 10 mrad at the base moves the arm by 5 mm"
        true = talk.station.cell.T_base_flange
        assert seen_at(image) == pytest.approx(camera.project(TARGET, flange=true), abs=0.6)


def test_a_picture_in_motion_shows_the_middle_of_its_exposure(tmp_path: Path) -> None:
    with conversation(scene(), tmp_path / "run.trace") as talk:
        robot, camera = talk.cell.robot, talk.cell.cameras["hand"]
        robot.move_to(Pose(SEEING).offset(y=-0.05) @ DOWN)
        before = robot.pose
        robot.move_linear(Pose(SEEING).offset(y=0.05) @ DOWN, speed=0.2, wait=False)
        talk.cell.wait(0.25)
        image = camera.capture()
        assert seen_at(image) == pytest.approx(camera.project(TARGET, flange=image.flange), abs=1.0)
        tip = image.flange @ robot.tool.pose  # type: ignore[operator]  # a camera on the flange has it
        assert 0.01 < tip.position[1] - before.position[1] < 0.06
        assert robot.pose.position[1] > tip.position[1] + 0.002, "the arm went on while the picture was read out"


def test_a_program_is_told_the_drawings_pose_or_none(tmp_path: Path) -> None:
    drawn = Pose((0.05, 0.0, 0.03))
    for camera, told in ((HAND, T_FLANGE_CAMERA), (replace_hand(nominal=drawn), drawn)):
        with conversation(scene(camera), tmp_path / "run.trace") as talk:
            hand = talk.cell.cameras["hand"]
            assert hand.mount == "flange"
            assert hand.flange_pose.position == pytest.approx(told.position)
            with pytest.raises(NotGiven, match="no fixed pose in the base frame"):
                _ = hand.pose
            with pytest.raises(TypeError, match=r"Say where the flange was: flange=image\.flange"):
                hand.project(TARGET)
    with conversation(scene(replace_hand(given=("matrix",))), tmp_path / "run.trace") as talk:
        hand = talk.cell.cameras["hand"]
        with pytest.raises(NotGiven, match=r"does not give camera.flange_pose.*It gives: matrix"):
            _ = hand.flange_pose


def test_a_fixed_camera_has_no_pose_on_the_flange_and_its_pictures_no_flange(tmp_path: Path) -> None:
    fixed = CameraSpec("top", Pose((0.5, 0.0, 0.8)) @ DOWN, 64, 48, (60.0, 60.0), (31.5, 23.5))
    with conversation(scene(fixed), tmp_path / "run.trace") as talk:
        top = talk.cell.cameras["top"]
        assert top.capture().flange is None
        with pytest.raises(NotGiven, match=r"fixed in the cell, not on the flange. camera.pose is T_base_camera"):
            _ = top.flange_pose


def test_a_ring_on_the_flange_lights_what_is_before_it(tmp_path: Path) -> None:
    ring = Light("ring", "ring", Pose((0.05, -0.02, 0.03)), (0.04,), strength=1.0, mount="flange")
    dim = Lighting(ambient=0.1, diffuse=0.0)
    lit = empty_scene(cameras=(HAND,), fixtures=(DOT,), lighting=dim, lights=(ring,))
    with conversation(lit, tmp_path / "run.trace") as talk:
        talk.cell.robot.move_to(Pose(SEEING) @ DOWN)
        camera = talk.cell.cameras["hand"]
        before = int(camera.capture().colour.max())
        talk.cell.outputs["ring"] = True
        assert int(camera.capture().colour.max()) > 2 * before


def replace_hand(**changes: object) -> CameraSpec:
    from dataclasses import replace

    return replace(HAND, **changes)  # type: ignore[arg-type]
