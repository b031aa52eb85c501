// The tool's path: all of it faintly, that of the cycle at hand brightly, as far as it has gone.
import { BufferAttribute, BufferGeometry, Line, LineBasicMaterial } from 'three'
import { Line2 } from 'three/addons/lines/Line2.js'
import { LineGeometry } from 'three/addons/lines/LineGeometry.js'
import { LineMaterial } from 'three/addons/lines/LineMaterial.js'
import { fromBase64, keyBefore } from './glb.js'

const COLOUR = 0x0098b8

export class Path {
  /** `cycles`: when each cycle of the run begins [s]. */
  constructor(parent, { times, points }, cycles) {
    this.at = new Float32Array(fromBase64(times).buffer)
    this.points = new Float32Array(fromBase64(points).buffer)
    this.cycles = cycles
    const all = new BufferGeometry().setAttribute('position', new BufferAttribute(this.points, 3))
    this.all = new Line(all, new LineBasicMaterial({ color: COLOUR, transparent: true, opacity: 0.22 }))
    this.ahead = this.fat(parent, 0.3, 1.5)
    this.behind = this.fat(parent, 1, 2.5)
    this.lines = [this.all, this.ahead, this.behind]
    parent.add(this.all)
    this.show(0)
  }

  fat(parent, opacity, width) {
    const line = new Line2(new LineGeometry(), new LineMaterial({ color: COLOUR, linewidth: width, transparent: true, opacity, depthWrite: false }))
    line.frustumCulled = false
    parent.add(line)
    return line
  }

  /** What of the bright path is behind the tool, as a geometry that knows how many of its pieces are drawn. */
  get gone() {
    return this.behind.geometry
  }

  show(time) {
    const cycle = keyBefore(this.cycles, time)
    if (cycle !== this.cycle) this.take(cycle)
    this.gone.instanceCount = Math.max(0, keyBefore(this.at, time) - this.first)
  }

  /** The path from the beginning of a cycle to that of the next. */
  take(cycle) {
    this.cycle = cycle
    this.first = Math.min(keyBefore(this.at, this.cycles[cycle]), this.at.length - 2)
    const last = cycle + 1 < this.cycles.length ? keyBefore(this.at, this.cycles[cycle + 1]) + 1 : this.at.length - 1
    const part = this.points.subarray(3 * this.first, 3 * (Math.max(last, this.first + 1) + 1))
    for (const line of [this.ahead, this.behind]) {
      line.geometry.dispose()
      line.geometry = new LineGeometry().setPositions(part)
    }
  }

  set visible(on) {
    for (const line of this.lines) line.visible = on
  }
}
