// The stage: the 3D picture of the run. Draws only when something changed.
import {
  AmbientLight,
  ArrowHelper,
  Box3,
  Color,
  DirectionalLight,
  Group,
  HemisphereLight,
  NeutralToneMapping,
  PCFShadowMap,
  PerspectiveCamera,
  Scene,
  Sphere,
  Vector3,
  WebGLRenderer,
} from 'three'
import { OrbitControls } from 'three/addons/controls/OrbitControls.js'
import { Line2 } from 'three/addons/lines/Line2.js'
import { LineGeometry } from 'three/addons/lines/LineGeometry.js'
import { LineMaterial } from 'three/addons/lines/LineMaterial.js'
import { fromBase64, keyBefore, readGlb } from './glb.js'

const AXES = [
  [new Vector3(1, 0, 0), 0xd6453d],
  [new Vector3(0, 1, 0), 0x3f9b45],
  [new Vector3(0, 0, 1), 0x3c6fd0],
]
const VIEW = new Vector3(0.78, -1, 0.55).normalize() // from the front right, a little from above; base frame

export class Stage {
  /** Throws where the browser has no WebGL. */
  constructor({ canvas, labels, glb, run }) {
    this.canvas = canvas
    this.labelLayer = labels
    this.renderer = new WebGLRenderer({ canvas, antialias: true, powerPreference: 'low-power' })
    this.renderer.toneMapping = NeutralToneMapping
    this.renderer.shadowMap.enabled = true
    this.renderer.shadowMap.type = PCFShadowMap
    this.scene = new Scene()
    this.camera = new PerspectiveCamera(38, 1, 0.02, 60)
    const { root, tracks, nodes } = readGlb(fromBase64(glb), () => this.draw())
    Object.assign(this, { root, tracks, nodes, waiting: false, labels: [] })
    this.scene.add(root)
    this.light()
    this.frames = this.axes(run)
    this.path = run.path ? this.toolPath(run.path) : null
    this.controls = new OrbitControls(this.camera, canvas)
    this.controls.addEventListener('change', () => this.draw())
    this.controls.maxPolarAngle = Math.PI * 0.6
    this.controls.minDistance = 0.1
    this.controls.maxDistance = 15
    this.moment = 0
    this.fit()
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement)
    this.resize()
    this.home()
  }

  light() {
    const sun = new DirectionalLight(0xffffff, 2.1)
    sun.position.set(1.2, 3, 1.6)
    sun.castShadow = true
    sun.shadow.mapSize.set(1024, 1024)
    Object.assign(sun.shadow.camera, { left: -1.8, right: 1.8, top: 1.8, bottom: -1.8, near: 0.5, far: 7 })
    sun.shadow.normalBias = 0.01
    sun.shadow.intensity = 0.75
    this.sun = sun
    this.scene.add(sun, sun.target, new HemisphereLight(0xf4f8ff, 0xb9b2a6, 1.5), new AmbientLight(0xffffff, 0.35))
  }

  /** Arrows and names of the base, of the taught frames and of the tool. */
  axes(run) {
    const all = new Group()
    this.root.add(all)
    const place = (name, parent, length) => {
      const frame = new Group()
      for (const [direction, colour] of AXES) {
        const arrow = new ArrowHelper(direction, new Vector3(), length, colour, length * 0.26, length * 0.14)
        arrow.traverse((part) => {
          if (part.material) Object.assign(part.material, { depthTest: false, transparent: true, opacity: 0.92 })
          part.renderOrder = 2
        })
        frame.add(arrow)
      }
      parent.add(frame)
      this.label(name, frame)
      return frame
    }
    const tool = this.nodes.get('tcp frame')
    this.toolFrame = tool ? place('TCP', tool, 0.1) : null
    place('base', all, 0.16)
    for (const { name, pose } of run.taught) {
      const frame = place(name, all, 0.07)
      frame.position.fromArray(pose)
      frame.quaternion.set(pose[4], pose[5], pose[6], pose[3])
    }
    return all
  }

  label(text, frame) {
    const element = document.createElement('span')
    element.textContent = text
    this.labelLayer.append(element)
    this.labels.push({ element, frame })
  }

  /** The tool's path twice: all of it faintly, and the part already gone on top. */
  toolPath({ times, points }) {
    const at = new Float32Array(fromBase64(times).buffer)
    const geometry = new LineGeometry()
    const places = new Float32Array(fromBase64(points).buffer)
    geometry.setPositions(places)
    const gone = geometry.clone()
    const line = (shape, opacity, width) => {
      const material = new LineMaterial({ color: 0x00a0bd, linewidth: width, transparent: true, opacity })
      const made = new Line2(shape, material)
      made.frustumCulled = false
      this.root.add(made)
      return made
    }
    return { at, gone, points: places, lines: [line(geometry, 0.2, 1.5), line(gone, 0.65, 2)] }
  }

  /** The sphere that the first view shows: where everything that moves begins, and the tool's path. */
  fit() {
    const box = new Box3()
    const point = new Vector3()
    for (const track of this.tracks) {
      if (track.values instanceof Float32Array) box.expandByPoint(point.fromArray(track.values))
    }
    const points = this.path?.points ?? []
    for (let n = 0; n < points.length; n += 3) box.expandByPoint(point.fromArray(points, n))
    if (box.isEmpty()) box.set(new Vector3(-0.5, -0.5, 0), new Vector3(0.5, 0.5, 1))
    box.expandByPoint(point.set(0, 0, 0)).expandByScalar(0.12)
    this.ball = box.getBoundingSphere(new Sphere())
    this.ball.radius = Math.min(this.ball.radius, 3)
    this.ball.center.applyQuaternion(this.root.quaternion)
    this.sun.target.position.copy(this.ball.center)
    this.sun.position.add(this.ball.center)
  }

  home() {
    const away = VIEW.clone().applyQuaternion(this.root.quaternion)
    const half = Math.min(this.camera.fov * (Math.PI / 360), Math.atan(Math.tan(this.camera.fov * (Math.PI / 360)) * this.camera.aspect))
    this.controls.target.copy(this.ball.center)
    this.camera.position.copy(this.ball.center).addScaledVector(away, (this.ball.radius * 0.88) / Math.sin(half))
    this.controls.update()
    this.draw()
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement
    if (!width || !height) return
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, this.eased ? 0.8 : 2))
    this.renderer.setSize(width, height, false)
    this.camera.aspect = width / height
    this.camera.updateProjectionMatrix()
    this.render() // at once: a resized canvas is empty
  }

  background(colour) {
    this.scene.background = new Color(colour)
    this.draw()
  }

  show(time) {
    this.moment = time
    for (const track of this.tracks) track.at(time)
    if (this.path) this.path.gone.instanceCount = keyBefore(this.path.at, time)
    this.draw()
  }

  setFrames(on) {
    this.frames.visible = on
    if (this.toolFrame) this.toolFrame.visible = on
    this.labelLayer.hidden = !on
    this.draw()
  }

  setPath(on) {
    for (const line of this.path?.lines ?? []) line.visible = on
    this.draw()
  }

  /** A weak machine gets fewer pixels, then no shadows, so that the replay stays fluent. */
  ease(now) {
    const took = now - (this.lastDrawn ?? now)
    this.lastDrawn = now
    if (took > 1000) return // it was resting
    this.pace = 0.8 * (this.pace ?? 16) + 0.2 * took
    if (this.pace < 70 || this.eased === 2) return
    this.eased = (this.eased ?? 0) + 1
    this.pace = 16
    if (this.eased === 2) this.sun.castShadow = false
    this.resize()
  }

  draw() {
    if (this.waiting) return
    this.waiting = true
    requestAnimationFrame((now) => {
      this.waiting = false
      this.ease(now)
      this.render()
    })
  }

  render() {
    this.renderer.render(this.scene, this.camera)
    if (!this.labelLayer.hidden) this.placeLabels()
  }

  placeLabels() {
    const { clientWidth: width, clientHeight: height } = this.canvas
    const at = new Vector3()
    const taken = []
    for (const label of this.labels) {
      label.frame.getWorldPosition(at).project(this.camera)
      label.size ??= [label.element.offsetWidth, label.element.offsetHeight] // measured once: it asks for a layout
      const [wide, high] = label.size
      const x = (at.x * 0.5 + 0.5) * width + 6
      const y = (0.5 - at.y * 0.5) * height + 2
      const inside = at.z < 1 && x > 0 && y > 0 && x + wide < width && y + high < height
      const free = taken.every(([u, v, w, h]) => x + wide < u || x > u + w || y + high < v || y > v + h)
      const shown = inside && free
      if (shown) taken.push([x, y, wide, high])
      label.element.style.visibility = shown ? 'visible' : 'hidden'
      label.element.style.transform = `translate(${x}px, ${y}px)`
    }
  }
}
