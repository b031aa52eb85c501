// Feet: the soft dark rim on floor and tables about whatever stands there, where little light comes in between.
import { Box3, CanvasTexture, Matrix4, Mesh, MeshBasicMaterial, PlaneGeometry, Vector3 } from 'three'

const FLOOR_GAP = 0.06 // m: what begins this far above the floor, or less, stands on it
const TOP_GAP = 0.015 // m: the same for tables and other tops
const TOP = 0.5 // m: what is still and as wide and as long as this, or more, is a top that things stand on
const LOW = 0.0025 // m: what is lower than this (a mat, a sign) has no rim
const RIM = 0.05 // m that a rim reaches beyond the thing, at most
const HUGE = 3 // m: what is as wide as this is a room and no thing
const DOTS = 48 // of the rim's picture along a side

/**
 * Rims for all that is still. `ground`: height of the floor [m], or null where there is none. `larger`: than a cell;
 * what follows from a cell's size grows with it. Base frame.
 */
export function makeFeet(root, ground, moving, larger) {
  const things = stillThings(root, moving).filter(({ size }) => size.x < HUGE * larger && size.y < HUGE * larger)
  const tops = things.filter(({ size }) => size.x >= TOP * larger && size.y >= TOP * larger)
  const floor = ground === null ? [] : [{ z: ground, gap: FLOOR_GAP * larger, holds: () => true }]
  const places = [...floor, ...tops.map((top) => ({ z: top.box.max.z, gap: TOP_GAP * larger, holds: (thing) => thing !== top && over(top, thing) }))]
  const feet = things
    .filter(({ size }) => size.z >= LOW * larger)
    .map((thing) => ({ thing, place: places.find(({ z, gap, holds }) => Math.abs(thing.box.min.z - z) <= gap && holds(thing)) }))
    .filter(({ place }) => place)
  return feet.filter((foot, n) => !feet.some((other, m) => m !== n && covers(other, foot, m < n))).map(({ thing, place }) => rim(thing, place.z, larger))
}

/** What never moves: for each shape its turn about z [rad] and the box about it along its own axes, base frame, m. */
function stillThings(root, moving) {
  const toBase = root.matrixWorld.clone().invert()
  return root.children
    .filter((body) => !moving.has(body))
    .flatMap((body) => body.children)
    .filter((part) => part.geometry)
    .map((part) => thing(part.geometry, toBase.clone().multiply(part.matrixWorld)))
}

function thing(geometry, matrix) {
  const [x, z] = [0, 2].map((n) => new Vector3().setFromMatrixColumn(matrix, n).normalize())
  const turn = Math.abs(z.z) > 0.999 ? Math.atan2(x.y, x.x) : 0 // what lies on its side keeps the base's axes
  if (!geometry.boundingBox) geometry.computeBoundingBox()
  const box = new Box3().copy(geometry.boundingBox).applyMatrix4(matrix.premultiply(new Matrix4().makeRotationZ(-turn)))
  return { turn, box, size: box.getSize(new Vector3()), middle: box.getCenter(new Vector3()).applyAxisAngle(new Vector3(0, 0, 1), turn) }
}

function over({ box, turn }, { middle }) {
  const { x, y } = middle.clone().applyAxisAngle(new Vector3(0, 0, 1), -turn)
  return x > box.min.x && x < box.max.x && y > box.min.y && y < box.max.y
}

/** Whether another foot on the same top is as large or larger; of two that are the same the first stays. */
function covers({ thing: large, place }, { thing: small, place: where }, earlier) {
  if (place !== where || Math.abs(large.turn - small.turn) > 1e-3) return false
  const inside = (a, b) => a.min.x <= b.min.x && a.min.y <= b.min.y && a.max.x >= b.max.x && a.max.y >= b.max.y
  return inside(large.box, small.box) && (earlier || !inside(small.box, large.box))
}

function rim({ turn, size, middle }, z, larger) {
  const reach = Math.min(RIM * larger, 0.012 + 3 * size.z, Math.max(size.x, size.y) / 3) // a small or low thing has a narrow one
  const [wide, long] = [size.x + 2 * reach, size.y + 2 * reach]
  const look = { color: 0x000000, transparent: true, opacity: 0.38, depthWrite: false, polygonOffset: true, polygonOffsetFactor: -1, polygonOffsetUnits: -4 }
  const foot = new Mesh(new PlaneGeometry(wide, long), new MeshBasicMaterial({ ...look, map: soft(wide, long, reach) }))
  foot.position.set(middle.x, middle.y, z + 0.0015 * larger)
  foot.rotation.z = turn
  foot.renderOrder = -1
  foot.name = 'foot'
  return foot
}

/** A picture that is white below the thing and fades to clear at its rim [m]. */
function soft(wide, long, reach) {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = DOTS
  const pen = canvas.getContext('2d')
  const image = pen.createImageData(DOTS, DOTS)
  const rise = (n, side) => {
    const inward = ((Math.min(n, DOTS - 1 - n) + 0.5) / DOTS) * side
    const share = Math.min(inward / (1.6 * reach), 1)
    return share * share * (3 - 2 * share)
  }
  for (let n = 0; n < DOTS * DOTS; n++) {
    const across = rise(n % DOTS, wide) * rise(Math.floor(n / DOTS), long)
    image.data.set([255, 255, 255, 255 * across], 4 * n)
  }
  pen.putImageData(image, 0, 0)
  return new CanvasTexture(canvas)
}
