// Views: where the camera stands to see the work area whole from a side, or the tool from near by.
import { Box3, Vector3 } from 'three'

const UP = new Vector3(0, 0, 1) // base frame
const FROM_ABOVE = { overview: 0.52, front: 0.12, side: 0.12, top: 4000, tool: 0.45 } // height for each metre away
const NEAR = 0.3 // m: what moves this far from the tool's path, or nearer, belongs to the picture

/** What the first view shows: the base, the tool's path, and what moves near them. Base frame, m. */
export function workArea(tracks, path) {
  const area = new Box3()
  const point = new Vector3()
  const points = path?.points ?? []
  for (let n = 0; n < points.length; n += 3) area.expandByPoint(point.fromArray(points, n))
  const near = area.isEmpty() ? null : area.expandByPoint(point.set(0, 0, 0)).clone().expandByScalar(NEAR)
  for (const track of tracks) {
    if (!(track.values instanceof Float32Array)) continue
    point.fromArray(track.values)
    if (!near || near.containsPoint(point)) area.expandByPoint(point)
  }
  if (area.isEmpty()) area.set(new Vector3(-0.5, -0.5, 0), new Vector3(0.5, 0.5, 1))
  return area.expandByPoint(point.set(0, 0, 0)).expandByScalar(0.08)
}

/** The direction from the picture's middle to the camera, for a view by its name. Base frame. */
export function direction(name, area) {
  const middle = area.getCenter(new Vector3()).setZ(0)
  const front = middle.length() > 0.1 ? middle.normalize() : new Vector3(0, -1, 0)
  const turn = { overview: -0.62, side: -Math.PI / 2, tool: -0.62 }[name] ?? 0
  return front.applyAxisAngle(UP, turn).setZ(FROM_ABOVE[name] ?? FROM_ABOVE.overview).normalize()
}

/** How far from the middle of a box a camera must stand so that all of its corners are in the picture [m]. */
export function distance(corners, camera, { right, up, away }) {
  const high = Math.tan(camera.fov * (Math.PI / 360))
  const wide = high * camera.aspect
  return Math.max(...corners.map((corner) => corner.dot(away) + Math.max(Math.abs(corner.dot(right)) / wide, Math.abs(corner.dot(up)) / high)))
}

/** The corners of a box about its middle. */
export function corners(box) {
  const half = box.getSize(new Vector3()).multiplyScalar(0.5)
  return [-1, 1].flatMap((x) => [-1, 1].flatMap((y) => [-1, 1].map((z) => new Vector3(x, y, z).multiply(half))))
}
