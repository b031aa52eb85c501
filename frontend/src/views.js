// Views: where the camera stands to see the work area whole from a side, or the tool from near by.
import { Box3, Sphere, Vector3 } from 'three'

const UP = new Vector3(0, 0, 1) // base frame
const FROM_ABOVE = { overview: 0.52, front: 0.12, side: 0.12, top: 4000, tool: 0.45 } // height for each metre away
const NEAR = 0.3 // m: what moves this far from the tool's path, or nearer, belongs to the picture
const AROUND = 0.11 // m about each point: links and parts are thicker than their frames
const YARD = 4 // m: an area whose ball is larger than this is no cell but a yard: it has no front, and is seen from the south
const LARGE = 1.5 // m: what reaches this far from its frame, or farther, is held by the views whole
const FREE = { side: 0.96, top: 0.86, bottom: 0.8 } // share of each half of a picture without caption and buttons

/** What the views hold: the base, the tool's path, and what moves near them. Points in the base frame, m. */
export function workPoints(tracks, path) {
  const taken = [new Vector3()] // the base
  const points = path?.points ?? []
  for (let n = 0; n < points.length; n += 3) taken.push(new Vector3().fromArray(points, n))
  const near = taken.length > 1 ? new Box3().setFromPoints(taken).expandByScalar(NEAR) : null
  for (const { values } of tracks) {
    if (!(values instanceof Float32Array)) continue
    const fixed = near && !near.containsPoint(new Vector3().fromArray(values)) // a feeder's far end, say
    for (let n = 0; !fixed && n < values.length; n += 3) taken.push(new Vector3().fromArray(values, n))
  }
  return [...taken, ...largeBodies(new Set(tracks.map(({ object }) => object)))]
}

/** The ends along each axis of the bodies that are large: a dish that turns where it stands. Base frame, m. */
export function largeBodies(bodies) {
  return [...bodies].flatMap((body) => {
    const reach = Math.max(0, ...body.children.filter(({ geometry }) => geometry).map(reachOf))
    if (reach < LARGE) return []
    return [0, 1, 2].flatMap((axis) => [-reach, reach].map((by) => body.position.clone().setComponent(axis, body.position.getComponent(axis) + by)))
  })
}

/** How far a shape reaches from the frame of its body. */
function reachOf(part) {
  if (!part.geometry.boundingSphere) part.geometry.computeBoundingSphere()
  return part.position.length() + part.geometry.boundingSphere.radius * Math.max(...part.scale.toArray())
}

/** How much larger than a cell an area is, at least 1: what is drawn for people (arrows, rims, the floor) grows with it. */
export function enlargement(area) {
  const { radius } = area.getBoundingSphere(new Sphere())
  return radius > YARD ? radius / 2 : 1
}

/** The rim of a round ground, of which the node is the square about it; nothing where there is none. Base frame, m. */
export function rimOf(ground) {
  if (!ground) return []
  const middle = ground.position.clone().add(ground.parent.position)
  return Array.from({ length: 12 }, (_, n) => new Vector3(ground.scale.x, 0, 0).applyAxisAngle(UP, (n * Math.PI) / 6).add(middle))
}

/** The box about what the views hold. */
export function workArea(points) {
  const area = new Box3().setFromPoints(points)
  if (points.length < 2) area.expandByPoint(new Vector3(-0.5, -0.5, 0)).expandByPoint(new Vector3(0.5, 0.5, 1))
  return area.expandByScalar(0.08)
}

/** The direction from the picture's middle to the camera, for a view by its name. Base frame. */
export function direction(name, area) {
  const middle = area.getCenter(new Vector3()).setZ(0)
  const front = middle.length() > 0.1 && enlargement(area) === 1 ? middle.normalize() : new Vector3(0, -1, 0)
  const turn = { overview: -0.62, side: -Math.PI / 2, tool: -0.62 }[name] ?? 0
  return front.applyAxisAngle(UP, turn).setZ(FROM_ABOVE[name] ?? FROM_ABOVE.overview).normalize()
}

/** The axes of a picture that is taken from a direction. */
export function axes(away) {
  const right = UP.clone().cross(away).normalize()
  return { right, up: away.clone().cross(right), away }
}

/**
 * Where along the axes of a picture the camera must stand so that all points are in it, as large as they can be, and
 * not below what lies on the picture at its rims. Base frame, m.
 */
export function fit(points, camera, { right, up, away }) {
  const high = Math.tan(camera.fov * (Math.PI / 360))
  const sides = [
    [right, high * camera.aspect * FREE.side],
    [up, high * FREE.top],
    [right.clone().negate(), high * camera.aspect * FREE.side],
    [up.clone().negate(), high * FREE.bottom],
  ]
  // to each side a point may lie as far from the middle as its distance from the camera times the slope
  const need = sides.map(([side, slope]) => AROUND * Math.hypot(1, slope) + points.reduce((most, p) => Math.max(most, p.dot(side) + slope * p.dot(away)), -Infinity))
  const far = Math.max(...[0, 1].map((n) => (need[n] + need[n + 2]) / (sides[n][1] + sides[n + 2][1])))
  const middle = (n) => (need[n] - need[n + 2] - (sides[n][1] - sides[n + 2][1]) * far) / 2
  return new Vector3().addScaledVector(right, middle(0)).addScaledVector(up, middle(1)).addScaledVector(away, far)
}

/** The corners of a box. */
export function corners({ min, max }) {
  return [min.x, max.x].flatMap((x) => [min.y, max.y].flatMap((y) => [min.z, max.z].map((z) => new Vector3(x, y, z))))
}
