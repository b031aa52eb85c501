"""What a program may know without asking: robot, tool, frames, job sheet, names, cameras, limits. Plain JSON values."""

from __future__ import annotations

from typing import Any

from sheber.robot.arms import Arm
from sheber.robot.cell.scene import CameraSpec, Scene, ToolSpec
from sheber.robot.cell.wires import analog_inputs, analog_outputs
from sheber.robot.io import Signals
from sheber.robot.port import Port
from sheber.robot.tool_given import tool_given
from sheber.station import Limits

__all__ = ["given"]


def given(
    arm: Arm, scene: Scene, now: ToolSpec, tool: Port, limits: Limits, inputs: Signals, outputs: Signals
) -> dict[str, Any]:
    """The answer to connect. Nothing of the scene's truth is in it. `now`: what is in front of the flange."""
    return {
        "station": "robot-cell",
        "robot": _robot(arm) | {"tool": tool_given(now) | tool.given()},
        "frames": {name: pose.to_list() for name, pose in scene.frames},
        "sheet": dict(scene.sheet),
        "inputs": list(inputs.names),
        "outputs": list(outputs.names),
        "analog": {"inputs": dict(analog_inputs(scene)), "outputs": dict(analog_outputs(scene))},  # units by name
        "cameras": {camera.name: _camera(camera) for camera in scene.cameras},
        "run_limits": limits.shown(),
    }


def _robot(arm: Arm) -> dict[str, Any]:
    limits = {
        "joints": [[joint.lower, joint.upper] for joint in arm.joints],
        "joint_speed": arm.max_speed.tolist(),
        "joint_acceleration": arm.max_acceleration.tolist(),
        "linear_speed": arm.max_linear_speed,
        "linear_acceleration": arm.max_linear_acceleration,
        "reach": arm.reach,
        "payload": arm.payload,
        "force": arm.max_force,
        "torque": arm.max_torque,
    }
    return {"model": arm.title, "home": list(arm.home), "limits": limits}


def _camera(camera: CameraSpec) -> dict[str, Any]:
    (fx, fy), (cx, cy) = camera.focal, camera.centre
    known: dict[str, Any] = {
        "matrix": [[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]],
        "distortion": list(camera.distortion),
        "pose": (camera.nominal or camera.pose).to_list(),  # T_base_camera
    }
    always = {"width": camera.width, "height": camera.height, "depth": camera.depth, "mount": camera.mount}
    told = always | {name: known[name] for name in camera.given}
    if camera.mount and "pose" in told:
        told["flange_pose"] = told.pop("pose")  # it is T_flange_camera
    return told
