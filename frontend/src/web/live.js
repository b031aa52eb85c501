// The moving picture and the signals of a run that is being computed. The stage and the plots are the report's.
import { Box3, Quaternion, Vector3 } from 'three'
import uPlot from 'uplot'
import { fromBase64 } from '../glb.js'
import { Stage } from '../stage.js'

const STEADY = 260 // ms: a piece is played over as long as the next one needs to come
const WINDOW = 4000 // points that a plot keeps

/** The stage of a run, from the address of its scene. Null where the browser cannot draw. */
export async function makeLiveStage({ address, about, canvas, labels, others }) {
  const answer = await fetch(address)
  if (!answer.ok) return null
  try {
    return new LiveStage({ glb: new Uint8Array(await answer.arrayBuffer()), about, canvas, labels, others })
  } catch (error) {
    console.info(error.message)
    return null
  }
}

class LiveStage {
  constructor({ glb, about, canvas, labels, others }) {
    this.stage = new Stage({ canvas, labels, glb, others, run: { taught: about.taught, path: null }, area: workArea })
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
    const begin = Math.max(now, this.queue.at(-1)?.end ?? 0)
    const late = begin - now > 2 * STEADY // the reader came late, or the page slept: only the newest counts
    if (late) this.queue = []
    this.queue.push({ begin: late ? now : begin, end: (late ? now : begin) + STEADY, at, which, values })
    this.play()
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
    this.stage.draw()
  }

  pose(object, values, a, b, share) {
    if (!object) return
    object.position.fromArray(values, a).lerp(this.from.fromArray(values, b), share)
    object.quaternion.set(values[a + 4], values[a + 5], values[a + 6], values[a + 3])
    object.quaternion.slerp(this.turned.set(values[b + 4], values[b + 5], values[b + 6], values[b + 3]), share)
  }
}

/** What the first view shows: all that stands near the base. Base frame, m. */
function workArea(root, nodes) {
  const area = new Box3()
  for (const [name, object] of nodes) {
    if (['', 'fixed', 'base', 'ground'].includes(name)) continue
    if (object.parent === root && object.position.length() < 2.5) area.expandByPoint(object.position)
  }
  if (area.isEmpty()) area.set(new Vector3(-0.5, -0.5, 0), new Vector3(0.5, 0.5, 1))
  return area.expandByPoint(new Vector3()).expandByScalar(0.12)
}

/** Curves that grow. The same titles, units and colours as in the report. */
export class LivePlots {
  constructor({ box, tabs, words }) {
    Object.assign(this, { box, tabs, words, plots: [], chosen: 0, height: 150 })
    new ResizeObserver(() => this.drawn?.setSize({ width: box.clientWidth, height: this.height })).observe(box)
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
    this.drawn.ctx.canvas.setAttribute('aria-hidden', 'true') // the events and the printed text are its twin
  }
}
