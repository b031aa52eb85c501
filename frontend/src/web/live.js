// The moving picture and the signals of a run that is being computed. The stage and the plots are the report's.
import { Quaternion, Vector3 } from 'three'
import uPlot from 'uplot'
import { fromBase64 } from '../glb.js'
import { Stage } from '../stage.js'
import { largeBodies } from '../views.js'

const STEADY = 260 // ms: at least so long a piece is played, since the next one needs as long to come
const RATE = 4 // times real time: faster than this nobody can follow, though the run is computed faster
const SOON = 2000 // ms: what is left of the picture when the run is over
const LAG = 8000 // ms of pieces that wait: then they are played faster
const FAR = 60000 // ms of pieces that wait: the page slept, and only the newest counts
const NEAR = 2.5 // m from the base: what begins farther away is not brought into the picture
const [LOWEST, HIGHEST] = [80, 260] // px of a chart
const WINDOW = 4000 // points that a plot keeps

/** The stage of a run, from the address of its scene. Null where the browser cannot draw. */
export async function makeLiveStage({ address, about, canvas, labels, others, clock }) {
  const answer = await fetch(address)
  if (!answer.ok) return null
  try {
    return new LiveStage({ glb: new Uint8Array(await answer.arrayBuffer()), about, canvas, labels, others, clock })
  } catch (error) {
    console.info(error.message)
    return null
  }
}

class LiveStage {
  constructor({ glb, about, canvas, labels, others, clock }) {
    this.clock = clock
    this.stage = new Stage({ canvas, labels, glb, others, run: { taught: about.taught, path: null }, points: (root, nodes) => workPoints(root, nodes, about.taught) })
    this.bodies = about.bodies.map((name) => this.stage.nodes.get(name))
    this.queue = []
    this.from = new Vector3()
    this.turned = new Quaternion()
  }

  /** Poses of the bodies that moved, at a few moments of the piece. */
  take({ times, bodies, poses }) {
    const at = new Float32Array(fromBase64(times).buffer)
    const which = new Uint16Array(fromBase64(bodies).buffer)
    const values = new Float32Array(fromBase64(poses).buffer)
    if (!at.length) return
    const now = performance.now()
    if ((this.queue.at(-1)?.end ?? now) - now > FAR) this.queue = []
    const begin = Math.max(now, this.queue.at(-1)?.end ?? 0)
    const rate = RATE * Math.max(1, (begin - now) / LAG)
    const span = at.at(-1) - (this.queue.at(-1)?.at.at(-1) ?? this.time ?? at[0])
    this.queue.push({ begin, end: begin + Math.max(STEADY, (1000 * span) / rate), at, which, values })
    this.play()
  }

  /** The run is over: what is left is played in a moment, so that picture and points agree. */
  hurry() {
    const now = performance.now()
    const left = (this.queue.at(-1)?.end ?? now) - now
    if (left <= SOON) return
    for (const piece of this.queue) for (const edge of ['begin', 'end']) piece[edge] = now + (Math.max(piece[edge] - now, 0) * SOON) / left
  }

  /** Another run takes its place. */
  close() {
    this.queue = []
    this.stage.close()
  }

  play() {
    if (this.playing) return
    this.playing = true
    const tick = (now) => {
      while (this.queue.length > 1 && this.queue[0].end <= now) this.put(this.queue.shift(), 1)
      const piece = this.queue[0]
      if (piece) this.put(piece, Math.min(Math.max((now - piece.begin) / (piece.end - piece.begin), 0), 1))
      if (piece && piece.end <= now) this.queue.shift()
      if (this.queue.length) requestAnimationFrame(tick)
      else this.playing = false
    }
    requestAnimationFrame(tick)
  }

  put({ at, which, values }, share) {
    const place = share * (at.length - 1)
    const key = Math.min(Math.floor(place), at.length - 1)
    const next = Math.min(key + 1, at.length - 1)
    which.forEach((body, n) => this.pose(this.bodies[body], values, 7 * (n * at.length + key), 7 * (n * at.length + next), place - key))
    this.time = at[key] + (at[next] - at[key]) * (place - key)
    this.clock(this.time)
    this.stage.draw()
  }

  pose(object, values, a, b, share) {
    if (!object) return
    object.position.fromArray(values, a).lerp(this.from.fromArray(values, b), share)
    object.quaternion.set(values[a + 4], values[a + 5], values[a + 6], values[a + 3])
    object.quaternion.slerp(this.turned.set(values[b + 4], values[b + 5], values[b + 6], values[b + 3]), share)
  }
}

/** What the views hold: the base, the taught frames, and what stands near the base, or all of a yard. Base frame, m. */
function workPoints(root, nodes, taught) {
  const bodies = [...nodes].filter(([name, { parent }]) => parent === root && !['', 'fixed', 'base', 'ground'].includes(name)).map(([, object]) => object)
  const large = largeBodies(bodies)
  const held = large.length ? bodies : bodies.filter(({ position }) => position.length() < NEAR)
  return [new Vector3(), ...taught.map(({ pose }) => new Vector3().fromArray(pose)), ...held.map(({ position }) => position.clone()), ...large]
}

/** Curves that grow. The same titles, units and colours as in the report. */
export class LivePlots {
  constructor({ box, tabs, words }) {
    Object.assign(this, { box, tabs, words, plots: [], chosen: 0, height: 150 })
    const watch = new ResizeObserver(() => this.fit())
    for (const one of [box, box.parentElement]) watch.observe(one)
    document.addEventListener('theme', () => this.build())
  }

  take(pieces) {
    if (!this.plots.length && pieces.length) this.begin(pieces)
    pieces.forEach((piece, n) => {
      const data = this.plots[n]?.data
      if (!data || data.length !== piece.curves.length + 1) return
      data[0].push(...new Float32Array(fromBase64(piece.times).buffer))
      piece.curves.forEach((curve, k) => {
        for (const value of new Int16Array(fromBase64(curve).buffer)) data[k + 1].push((value + 32767) * piece.step + piece.low)
      })
      if (data[0].length > WINDOW) data.forEach((column) => column.splice(0, column.length - WINDOW))
    })
    this.drawn?.setData(this.plots[this.chosen].data)
  }

  /** The chart is as high as its panel has room for, with the names of the curves below it. */
  fit() {
    const panel = this.box.parentElement
    if (!this.drawn || !panel.clientHeight) return
    const style = getComputedStyle(panel)
    const legend = this.drawn.root.querySelector('.u-legend')?.offsetHeight ?? 0
    const taken = parseFloat(style.paddingBlockStart) + parseFloat(style.paddingBlockEnd) + this.tabs.offsetHeight + legend
    this.height = Math.min(Math.max(panel.clientHeight - taken - 2, LOWEST), HIGHEST)
    this.drawn.setSize({ width: this.box.clientWidth, height: this.height })
  }

  clear() {
    this.drawn?.destroy()
    this.drawn = null
    this.plots = []
    this.tabs.replaceChildren()
  }

  begin(pieces) {
    this.plots = pieces.map(({ title, unit, labels }) => ({ title, unit, labels, data: [[], ...labels.map(() => [])] }))
    this.tabs.replaceChildren(
      ...this.plots.map(({ title }, n) => {
        const button = document.createElement('button')
        Object.assign(button, { type: 'button', textContent: title })
        button.addEventListener('click', () => {
          this.chosen = n
          this.build()
        })
        return button
      }),
    )
    this.build()
  }

  build() {
    const plot = this.plots[this.chosen]
    if (!plot) return
    ;[...this.tabs.children].forEach((button, n) => button.setAttribute('aria-pressed', String(n === this.chosen)))
    this.drawn?.destroy()
    const style = getComputedStyle(this.box)
    const axis = { stroke: style.getPropertyValue('--muted'), grid: { stroke: style.getPropertyValue('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' }
    const series = plot.labels.map((label, n) => ({ label: label || plot.title, stroke: style.getPropertyValue(`--curve-${n % 8}`), width: 1.5, points: { show: false } }))
    this.drawn = new uPlot(
      {
        width: this.box.clientWidth || 300,
        height: this.height,
        padding: [10, 12, 0, 0],
        scales: { x: { time: false } },
        axes: [{ ...axis, size: 26, values: (_, all) => all.map((time) => `${time} s`) }, { ...axis, size: 52, label: plot.unit, labelSize: 18, labelGap: 0, labelFont: axis.font }],
        series: [{ label: this.words.time }, ...series],
        cursor: { show: false },
        legend: { live: false },
      },
      plot.data,
      this.box,
    )
    this.fit()
    this.drawn.ctx.canvas.setAttribute('aria-hidden', 'true') // the events and the printed text are its twin
  }
}
