// The stage: the 3D picture of the run. Draws only when something changed; a weak machine draws less while it moves,
// and all of it as soon as it rests.
import { ArrowHelper, Group, MeshLambertMaterial, NeutralToneMapping, PCFShadowMap, PerspectiveCamera, Scene, Sphere, Vector3, WebGLRenderer } from 'three'
import { OrbitControls } from 'three/addons/controls/OrbitControls.js'
import { makeFeet } from './feet.js'
import { makeFloor } from './floor.js'
import { fromBase64, readGlb } from './glb.js'
import { Labels } from './labels.js'
import { makeSky, makeSun, studio } from './light.js'
import { Path } from './path.js'
import { axes, corners, direction, enlargement, fit, rimOf, workArea, workPoints } from './views.js'

const AXES = [
  [new Vector3(1, 0, 0), 0xd6453d],
  [new Vector3(0, 1, 0), 0x3f9b45],
  [new Vector3(0, 0, 1), 0x3c6fd0],
]
const SLOW = 60 // ms a frame: slower than this is eased
const REST = 250 // ms without a change: then the picture is drawn in full
// pixels: at most for each of the page's, along a side; shadows: drawn anew every nth frame; plain: without reflections
const EASES = [
  { pixels: 1, shadows: 1 },
  { pixels: 0.8, shadows: 3, plain: true },
  { pixels: 0.6, shadows: 8, plain: true },
  { pixels: 0.45, shadows: 24, plain: true },
]
const FINEST = [1, 1.5, 1, 1] // pixels at rest by ease: without a card more of them smooth the edges
const PLAIN_LIGHT = 0.75 // of the sky, in place of what surfaces reflect
const TOOL_AWAY = 0.55 // m between the camera and the tool in the tool's view

export class Stage {
  /**
   * Throws where the browser has no WebGL. `glb`: its bytes, or these as base64. `others`: elements that lie on the
   * picture. `points`: gives what the views hold of a run that has no tracks yet.
   */
  constructor({ canvas, labels, glb, run, others, points }) {
    this.canvas = canvas
    const software = isSoftware()
    this.renderer = new WebGLRenderer({ canvas, antialias: !software, alpha: true, powerPreference: 'low-power' })
    Object.assign(this.renderer, { toneMapping: NeutralToneMapping, toneMappingExposure: 0.92 })
    Object.assign(this.renderer.shadowMap, { enabled: true, type: PCFShadowMap, autoUpdate: false })
    this.scene = new Scene()
    this.camera = new PerspectiveCamera(32, 1, 0.02, 60)
    const { root, tracks, nodes } = readGlb(typeof glb === 'string' ? fromBase64(glb) : glb, () => this.draw())
    Object.assign(this, { root, tracks, nodes, waiting: false, ease: software ? 1 : 0, frame: 0 })
    this.labels = new Labels(labels, others)
    this.scene.add(root)
    this.path = run.path ? new Path(root, run.path, run.cycles) : null
    this.points = points ? points(root, nodes) : workPoints(tracks, this.path)
    this.area = workArea(this.points)
    this.larger = enlargement(this.area)
    if (this.larger > 1) this.points.push(...rimOf(nodes.get('ground')))
    Object.assign(this.camera, { near: 0.02 * this.larger, far: 60 * this.larger })
    this.frames = this.axes(run)
    this.furnish()
    this.controls = new OrbitControls(this.camera, canvas)
    Object.assign(this.controls, { maxPolarAngle: Math.PI * 0.6, minDistance: 0.1 * this.larger, maxDistance: 15 * this.larger })
    this.controls.addEventListener('change', () => this.draw())
    this.controls.addEventListener('start', () => {
      this.turned = true // by the reader: then it stays as it is
      canvas.dispatchEvent(new Event('turned'))
    })
    this.watch = new ResizeObserver(() => this.resize())
    this.watch.observe(canvas.parentElement)
    this.resize()
    this.look('overview')
  }

  /** Light, floor, and the shadows at the feet of what stands on it and on tables. */
  furnish() {
    const ball = this.area.getBoundingSphere(new Sphere())
    const radius = this.larger > 1 ? ball.radius : Math.min(Math.max(ball.radius, 0.3), 3)
    const middle = ball.center.clone().applyQuaternion(this.root.quaternion)
    this.sun = makeSun(middle, radius * 1.35)
    this.sky = makeSky()
    this.scene.environment = studio()
    this.scene.add(this.sun, this.sun.target, this.sky)
    const ground = this.nodes.get('ground')
    this.root.updateMatrixWorld(true)
    const moving = new Set(this.tracks.map(({ object }) => object))
    const z = ground ? ground.parent.position.z + ground.position.z : this.area.min.z
    this.floor = makeFloor(z, ball.center, Math.max(2.2, radius * 3.2))
    this.floorColour = this.floor.material.color
    this.daylight = this.sky.intensity
    if (ground) ground.visible = false
    this.root.add(this.floor, ...makeFeet(this.root, ground ? z : null, moving, this.larger))
  }

  /** Arrows and names of the base, of the taught frames and of the tool. */
  axes(run) {
    const all = new Group()
    this.root.add(all)
    const place = (name, parent, length) => {
      const frame = new Group()
      for (const [axis, colour] of AXES) {
        const arrow = new ArrowHelper(axis, new Vector3(), length, colour, length * 0.26, length * 0.14)
        arrow.traverse((part) => {
          if (part.material) Object.assign(part.material, { depthTest: false, transparent: true, opacity: 0.92 })
          part.renderOrder = 2
        })
        frame.add(arrow)
      }
      parent.add(frame)
      this.labels.add(name, frame)
      return frame
    }
    this.tool = this.nodes.get('tcp frame') ?? null
    this.toolFrame = this.tool ? place('TCP', this.tool, 0.1 * this.larger) : null
    place('base', all, 0.16 * this.larger)
    for (const { name, pose } of run.taught) {
      const frame = place(name, all, 0.07 * this.larger)
      frame.position.fromArray(pose)
      frame.quaternion.set(pose[4], pose[5], pose[6], pose[3])
    }
    return all
  }

  /** A view by its name: overview, front, side, top, tool. */
  look(name) {
    Object.assign(this, { view: name, turned: false })
    const away = direction(name, this.area)
    const near = name === 'tool' && this.tool
    const middle = near ? this.tool.position.clone() : this.area.getCenter(new Vector3())
    const eye = near ? middle.clone().addScaledVector(away, TOOL_AWAY * this.larger) : fit(this.points, this.camera, axes(away))
    const depth = eye.clone().sub(middle).dot(away)
    this.controls.target.copy(eye).addScaledVector(away, -depth).applyQuaternion(this.root.quaternion)
    this.camera.position.copy(eye).applyQuaternion(this.root.quaternion)
    this.controls.update()
    this.draw()
  }

  /** Whether the camera goes with the tool. */
  follow(on) {
    this.followed = on && this.tool ? this.tool.position.clone() : null
    this.draw()
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement
    if (!width || !height) return
    this.camera.aspect = width / height
    this.camera.updateProjectionMatrix()
    this.size = [width, height]
    if (this.view && !this.turned && !this.followed) this.look(this.view)
    this.render() // at once: a resized canvas is empty
  }

  /** Its canvas goes: nothing is drawn or measured any more. */
  close() {
    this.closed = true
    this.watch.disconnect()
    clearTimeout(this.rest)
    this.controls.dispose()
    this.renderer.dispose()
  }

  /** The colours of the page: light or dark. */
  colours(floor, dark) {
    this.floorColour.set(floor)
    this.scene.environmentIntensity = dark ? 0.35 : 0.5
    this.daylight = dark ? 0.45 : 0.7
    this.surfaces(this.plain)
    this.sun.intensity = dark ? 1.7 : 2.1
    this.draw()
  }

  /** Surfaces that reflect the studio, or plain ones, which cost a weak machine a third; then the sky is as bright. */
  surfaces(plain) {
    this.plain = plain
    this.sky.intensity = this.daylight + (plain ? PLAIN_LIGHT : 0)
    this.root.traverse((part) => {
      const fine = part.material?.isMeshStandardMaterial ? part.material : part.userData.fine
      if (!fine) return
      part.userData.fine = fine
      part.userData.plain ??= this.plainly(fine)
      part.material = plain ? part.userData.plain : fine
    })
  }

  plainly(fine) {
    const { map, transparent, depthWrite } = fine
    this.plains ??= new Map()
    if (!this.plains.has(fine)) this.plains.set(fine, new MeshLambertMaterial({ map, transparent, depthWrite }))
    const made = this.plains.get(fine)
    made.color = fine.color // the same one, so that it follows the page's colours
    return made
  }

  show(time) {
    for (const track of this.tracks) track.at(time)
    this.path?.show(time)
    if (this.followed) {
      const step = this.tool.position.clone().sub(this.followed).applyQuaternion(this.root.quaternion)
      this.followed.copy(this.tool.position)
      this.controls.target.add(step)
      this.camera.position.add(step)
      this.controls.update()
    }
    this.draw()
  }

  setFrames(on) {
    this.frames.visible = on
    if (this.toolFrame) this.toolFrame.visible = on
    this.labels.layer.hidden = !on
    this.draw()
  }

  setPath(on) {
    if (this.path) this.path.visible = on
    this.draw()
  }

  /** A machine that is too slow gets fewer pixels and fewer shadows while the picture moves. */
  measure(now) {
    const took = now - (this.lastDrawn ?? now)
    this.lastDrawn = now
    if (took > 1000) return // it was resting
    this.pace = 0.8 * (this.pace ?? 16) + 0.2 * took
    if (this.pace < SLOW || this.ease === EASES.length - 1) return
    this.ease += 1
    this.pace = 16
  }

  draw() {
    if (this.waiting) return
    this.waiting = true
    requestAnimationFrame((now) => {
      this.waiting = false
      if (this.closed) return
      this.measure(now)
      this.render(EASES[this.ease])
      clearTimeout(this.rest)
      if (this.ease) this.rest = setTimeout(() => this.render(), REST)
    })
  }

  render({ pixels, shadows, plain = false } = EASES[0]) {
    if (plain !== this.plain) this.surfaces(plain)
    const screen = Math.min(window.devicePixelRatio, 2)
    const ratio = pixels < 1 ? screen * pixels : Math.max(screen, FINEST[this.ease])
    const key = `${ratio} ${this.size}`
    if (key !== this.sized) {
      this.renderer.setPixelRatio(ratio)
      this.renderer.setSize(...this.size, false)
      this.sized = key
    }
    this.frame += 1
    this.renderer.shadowMap.needsUpdate = this.frame % shadows === 0 || shadows === 1
    this.renderer.render(this.scene, this.camera)
    this.labels.place(this.camera, this.canvas)
  }
}

/** Whether the browser draws without a graphics card. */
function isSoftware() {
  const context = document.createElement('canvas').getContext('webgl2')
  const about = context?.getExtension('WEBGL_debug_renderer_info')
  const name = about ? context.getParameter(about.UNMASKED_RENDERER_WEBGL) : ''
  context?.getExtension('WEBGL_lose_context')?.loseContext()
  return /swiftshader|llvmpipe|software|basic render/i.test(name)
}
