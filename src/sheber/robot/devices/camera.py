"""Camera: takes a picture, which takes exposure and read-out; the picture shows the middle of it."""

from __future__ import annotations

from sheber.desk import Command, Name, Reply, missing
from sheber.i18n import N_, message
from sheber.robot.cell.scene import CameraSpec
from sheber.robot.motion.kinematics import forward
from sheber.robot.port import Device
from sheber.robot.serving import Served, serves
from sheber.trace import EventKind

__all__ = ["CAMERA", "Capture"]

WHAT = message("robot.what_camera", "camera")
TOO_MANY = message(
    "robot.captures_used_up", "The program has already taken {limit:d} camera pictures. This is the limit."
)


class Capture(Command, tag="capture", frozen=True, kw_only=True):
    """A picture."""

    camera: Name


@serves(Capture)
def _capture(station: Served, command: Capture) -> Reply:
    spec = _camera(station, command.camera)
    index = station.count("captures", TOO_MANY)
    ticks = station.ticks(spec.exposure_s)
    middle = (ticks + 1) // 2
    station.run(middle)
    image, shown_at = station.cell.capture(spec.name), station.time
    flange = forward(station.arm, station.cell.measured_joints).to_list() if spec.mount else None
    depth = image.depth if spec.depth else None
    station.event("capture", {"camera": spec.name, "index": index, "line": station.line})
    station.record.capture(station.step, spec.name, image.colour, depth)
    station.run(ticks - middle)
    height, width = image.colour.shape[:2]
    binary = image.colour.tobytes() + (b"" if depth is None else depth.astype("<f4", copy=False).tobytes())
    about = {"width": width, "height": height, "depth": depth is not None, "shown_at": shown_at, "flange": flange}
    return Reply({**about, "binary": len(binary)}, binary)


def _camera(station: Served, name: str) -> CameraSpec:
    cameras = {camera.name: camera for camera in station.scene.cameras}
    if name not in cameras:
        raise missing(WHAT(), name, tuple(cameras))
    return cameras[name]


CAMERA = Device("camera", (Capture,), events={"capture": EventKind(N_("picture taken"), N_("{camera}"), action=True)})
