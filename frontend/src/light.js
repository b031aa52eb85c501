// The light: a sun with shadows, and a bright studio that steel and glossy paint reflect.
import { CanvasTexture, CubeReflectionMapping, CubeTexture, DirectionalLight, HemisphereLight, SRGBColorSpace } from 'three'

/** Six sides of a studio: a bright ceiling, lighter walls above than below, a dim floor. */
export function studio() {
  const side = (...colours) => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 16
    const pen = canvas.getContext('2d')
    const shade = pen.createLinearGradient(0, 0, 0, 16)
    colours.forEach((colour, n) => shade.addColorStop(colours.length > 1 ? n / (colours.length - 1) : 0, colour))
    pen.fillStyle = shade
    pen.fillRect(0, 0, 16, 16)
    return canvas
  }
  const wall = side('#ffffff', '#dfe6ea', '#8f979c', '#6b6f72')
  const window = side('#ffffff', '#ffffff', '#c3ccd1', '#6b6f72')
  const texture = new CubeTexture([wall, window, side('#ffffff'), side('#77736c'), wall, window].map((one) => new CanvasTexture(one).image))
  texture.mapping = CubeReflectionMapping
  texture.colorSpace = SRGBColorSpace
  texture.needsUpdate = true
  return texture
}

/** The sun, above the middle of a ball that its shadows cover; scene's axes, m. */
export function makeSun(middle, radius) {
  const sun = new DirectionalLight(0xfff6ea, 2.0)
  sun.position.set(0.5, 1.6, 0.75).multiplyScalar(radius * 1.6).add(middle)
  sun.target.position.copy(middle)
  sun.castShadow = true
  sun.shadow.mapSize.set(1024, 1024)
  Object.assign(sun.shadow.camera, { left: -radius, right: radius, top: radius, bottom: -radius, near: 0.1, far: radius * 6 })
  sun.shadow.normalBias = 0.008
  sun.shadow.intensity = 0.8
  return sun
}

export function makeSky() {
  return new HemisphereLight(0xf2f7ff, 0xa9a298, 0.9)
}
