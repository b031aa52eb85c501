// The floor: it fades into the background, and what stands on it has a soft shadow at its foot.
import { Box3, CanvasTexture, CircleGeometry, Mesh, MeshBasicMaterial, MeshStandardMaterial, PlaneGeometry, Vector3 } from 'three'

const FOOT = 0.06 // m above the floor: what begins below this stands on it

/** A picture that is white in the middle and clear at its rim. */
function fading(inner) {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 128
  const pen = canvas.getContext('2d')
  const shade = pen.createRadialGradient(64, 64, 64 * inner, 64, 64, 64)
  for (let n = 0; n <= 8; n++) shade.addColorStop(n / 8, `rgb(255 255 255 / ${0.5 + 0.5 * Math.cos((Math.PI * n) / 8)})`)
  pen.fillStyle = shade
  pen.fillRect(0, 0, 128, 128)
  return new CanvasTexture(canvas)
}

/** The floor below everything at height z [m], about a middle, of this radius; base frame. */
export function makeFloor(z, middle, radius) {
  const material = new MeshStandardMaterial({ roughness: 0.95, map: fading(0.25), transparent: true, depthWrite: false })
  const floor = new Mesh(new CircleGeometry(radius, 64), material)
  floor.position.set(middle.x, middle.y, z)
  floor.receiveShadow = true
  floor.renderOrder = -2
  return floor
}

/** A soft dark spot below each fixed thing that stands on the floor. Base frame. */
export function makeFeet(root, ground, moving) {
  const shade = fading(0.1)
  const turned = root.quaternion.clone().invert()
  const size = new Vector3()
  const feet = []
  for (const body of root.children) {
    if (moving.has(body)) continue
    for (const part of body.children) {
      const box = new Box3().setFromObject(part)
      if (box.isEmpty()) continue
      const low = box.min.clone().applyQuaternion(turned)
      const high = box.max.clone().applyQuaternion(turned)
      const at = new Box3().setFromPoints([low, high])
      at.getSize(size)
      if (at.min.z > ground + FOOT || size.x > 3 || size.y > 3) continue
      const material = new MeshBasicMaterial({ color: 0x000000, map: shade, transparent: true, opacity: 0.4, depthWrite: false })
      const foot = new Mesh(new PlaneGeometry(size.x + 0.16, size.y + 0.16), material)
      foot.position.set((at.min.x + at.max.x) / 2, (at.min.y + at.max.y) / 2, ground + 0.002)
      foot.renderOrder = -1
      feet.push(foot)
    }
  }
  return feet
}
