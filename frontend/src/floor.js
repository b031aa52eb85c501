// The floor: it fades into the background.
import { CanvasTexture, CircleGeometry, Mesh, MeshStandardMaterial } from 'three'

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
