"""Vision sorting: find the parts in one picture, then bring each to the next free place of its tray."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from sheber import DOWN, Pose, connect

cell = connect(exercise="vision-sorting")
robot, gripper, camera = cell.robot, cell.gripper, cell.cameras["overhead"]
height, trays = cell.sheet["part_height"], cell.sheet["trays"]
GRIP = height / 2  # the TCP between the pads, in the middle of the part
TRAVEL = 0.10  # m over the part while moving
SWING = {"speed": 2.0, "acceleration": 4.0}  # rad/s, rad/s^2: across the cell
LIFT = {"speed": 0.4, "acceleration": 2.0}  # m/s, m/s^2: down and up
OPEN = 0.06  # m between the fingers: wider than every part, narrow enough for its neighbours
HUES = {"red": 0, "yellow": 25, "green": 67, "blue": 110}  # of OpenCV, 0..179


@dataclass
class Found:
    """One part as the camera saw it."""

    colour: str  # "" for grey
    x: float  # m, middle of its top, in base
    y: float
    yaw: float  # rad, about z of base: the fingers close across this direction


def tops(depth: np.ndarray) -> np.ndarray:
    """The pixels (h, w) that show the tops of parts: the camera sees sides too, which would shift the middle."""
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
    x, y = camera.to_plane(columns, rows, height)
    camera_x, camera_y, camera_z = camera.pose.position
    # the distance along the camera's axis at which the ray meets the plane of the tops
    axis = camera.pose.rotation[:, 2]
    expected = (x - camera_x) * axis[0] + (y - camera_y) * axis[1] + (height - camera_z) * axis[2]
    zone = cell.sheet["zone"]
    inside = (abs(x - np.mean(zone["x"])) < np.ptp(zone["x"]) / 2 + 0.05) & (
        abs(y - np.mean(zone["y"])) < np.ptp(zone["y"]) / 2 + 0.05
    )
    return (abs(depth - expected) < 0.005) & inside


def colour_of(pixels: np.ndarray) -> str:
    """The name of a part's colour from its pixels (n, 3) BGR; "" where it is grey."""
    middle = np.median(pixels, axis=0).astype(np.uint8)
    hue, saturation, _ = (int(value) for value in cv2.cvtColor(middle[None, None], cv2.COLOR_BGR2HSV)[0, 0])
    if saturation < 80:
        return ""
    return min(HUES, key=lambda name: abs((hue - HUES[name] + 90) % 180 - 90))


def middle_of(points: np.ndarray) -> tuple[float, float]:
    """The centre of area of an outline (n, 2) [m]."""
    moments = cv2.moments((points * 1e4).astype(np.float32).reshape(-1, 1, 2))  # of tenths of a millimetre
    return moments["m10"] / moments["m00"] * 1e-4, moments["m01"] / moments["m00"] * 1e-4


def narrowest(points: np.ndarray) -> float:
    """The direction [rad, -pi/2..pi/2] across which an outline (n, 2) is narrowest: there the fingers fit best."""
    angles = np.radians(np.arange(-90, 90))
    across = np.stack([-np.sin(angles), np.cos(angles)])
    places = np.sort(points @ across, axis=0)  # (n, 180): every point along every direction
    edge = max(1, len(points) // 12)  # the mean of several points on each side: one alone is noisy
    widths = places[-edge:].mean(axis=0) - places[:edge].mean(axis=0)
    return float(angles[np.argmin(widths)])


def find_parts() -> list[Found]:
    """Every part on the mat."""
    image = camera.capture()
    mask = tops(image.depth).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    parts = []
    for outline in outlines:
        if cv2.contourArea(outline) < 200:
            continue
        # the outline in metres: neither lens nor tilt disturb its middle and its angle
        points = np.stack(camera.to_plane(outline[:, 0, 0], outline[:, 0, 1], height), axis=1)
        inside = np.zeros(mask.shape, np.uint8)
        cv2.drawContours(inside, [outline], -1, 1, cv2.FILLED)
        colour = colour_of(image.colour[cv2.erode(inside, np.ones((5, 5), np.uint8)) > 0])
        x, y = middle_of(points)
        parts.append(Found(colour, x, y, narrowest(points)))
    cell.show(image.colour, f"{len(parts)} parts")
    return parts


def pointing_down(x: float, y: float, z: float, yaw: float) -> Pose:
    """T_base_tcp with the fingers closing across `yaw`."""
    pose: Pose = Pose((x, y, z)).rotated(z=yaw) @ DOWN
    return pose


def bring(part: Found, place: Pose) -> None:
    """Grip a part on the mat and set it down where `place` is (T_base_place, on the tray's floor)."""
    pick = pointing_down(part.x, part.y, GRIP, part.yaw)
    put: Pose = place.offset_tool(z=GRIP) @ DOWN
    robot.move_to(pick.offset(z=TRAVEL), blend=0.04, **SWING)
    robot.move_linear(pick, **LIFT)
    gripper.close(force=30.0)
    robot.move_linear(pick.offset(z=TRAVEL), blend=0.04, **LIFT)
    robot.move_to(put.offset(z=TRAVEL), blend=0.04, **SWING)
    robot.move_linear(put.offset(z=0.0005), **LIFT)
    gripper.open(width=OPEN)
    robot.move_linear(put.offset(z=TRAVEL), blend=0.04, **LIFT)


robot.move_joints(robot.home)
gripper.open(width=OPEN)
filled = dict.fromkeys(trays, 0)
for part in find_parts():
    if part.colour not in trays:
        continue  # a decoy
    frame = cell.frames[trays[part.colour]]
    bring(part, frame.offset_tool(x=filled[part.colour] * cell.sheet["pitch"]))
    filled[part.colour] += 1
robot.move_joints(robot.home)
