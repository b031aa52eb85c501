// Plots of the recorded channels, with a cursor that follows the replay and moves it.
import uPlot from 'uplot'
import { fromBase64, keyBefore } from './glb.js'

/** A number with a minus sign, which a hyphen is not. */
const signed = (number) => String(number).replace('-', '\u2212')

const LEGEND = 40 // px below a plot

export class Plots {
  constructor({ player, run }) {
    Object.assign(this, { player, plots: run.plots, words: run.words, chosen: 0 })
    this.box = document.getElementById('plot')
    this.tabs = document.getElementById('plot-tabs')
    document.getElementById('plots').hidden = !this.plots.length
    if (!this.plots.length) return
    this.buttons = this.plots.map(({ title }, index) => {
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = title
      button.addEventListener('click', () => this.choose(index))
      this.tabs.append(button)
      return button
    })
    this.head = document.createElement('div')
    this.head.className = 'playhead'
    player.addEventListener('time', () => this.follow())
    new ResizeObserver(() => this.resize()).observe(this.box)
    this.choose(0)
  }

  /** As high as the style asks for, or fills the room that its box is given where no 3D picture takes it [px]. */
  get height() {
    const style = getComputedStyle(this.box)
    const least = Number.parseInt(style.getPropertyValue('--height'), 10)
    return style.flexGrow === '0' ? least : Math.max(least, this.box.clientHeight - LEGEND)
  }

  choose(index) {
    this.chosen = index
    this.buttons.forEach((button, n) => button.setAttribute('aria-pressed', String(n === index)))
    this.build()
  }

  /** Times and curves of the chosen plot, unpacked once. */
  data() {
    const plot = this.plots[this.chosen]
    plot.data ??= [
      Array.from(new Float32Array(fromBase64(plot.times).buffer)),
      ...plot.curves.map((curve) => Array.from(new Int16Array(fromBase64(curve).buffer), (value) => (value + 32767) * plot.step + plot.low)),
    ]
    return plot.data
  }

  build() {
    this.drawn?.destroy()
    const plot = this.plots[this.chosen]
    const style = getComputedStyle(this.box)
    const ink = style.getPropertyValue('--muted')
    const axis = { stroke: ink, grid: { stroke: style.getPropertyValue('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' }
    const digits = Math.min(4, Math.max(0, Math.floor(-Math.log10(plot.step)))) // no more than the stored steps carry
    const space = plot.unit === '°' ? '' : ' '
    const value = (_, number) => (number == null ? '' : `${signed(Number(number.toFixed(digits)) + 0)}${space}${plot.unit}`)
    const series = plot.labels.map((label, n) => ({ label: label || plot.title, stroke: style.getPropertyValue(`--curve-${n % 8}`), width: 1.5, points: { show: false }, value }))
    this.drawn = new uPlot(
      {
        width: this.box.clientWidth || 300,
        height: this.height,
        padding: [10, 12, 0, 0],
        scales: { x: { time: false, range: [0, Math.max(this.player.duration, 1e-3)] } },
        axes: [
          { ...axis, size: 26, values: (_, all) => all.map((time) => `${time} s`) },
          { ...axis, size: 52, label: plot.unit, labelSize: 18, labelGap: 0, labelFont: axis.font, values: (_, all) => all.map(signed) },
        ],
        series: [{ label: this.words.time, value: (_, time) => (time == null ? '' : `${time.toFixed(2)} s`) }, ...series],
        cursor: { drag: { x: false, y: false }, y: false, points: { size: 5 } },
        legend: { live: true },
        hooks: { ready: [(drawn) => (this.drawn = drawn) && this.listen(drawn)] },
      },
      this.data(),
      this.box,
    )
  }

  /** A press or a drag on the plot moves the replay. */
  listen(drawn) {
    const { over } = drawn
    drawn.ctx.canvas.setAttribute('aria-hidden', 'true') // the legend says the values
    over.append(this.head)
    this.follow()
    const seek = (event) => {
      this.player.pause()
      this.player.seek(drawn.posToVal(event.clientX - over.getBoundingClientRect().left, 'x'))
    }
    over.addEventListener('pointerdown', (event) => {
      over.setPointerCapture(event.pointerId)
      this.left = undefined // the reader means it
      seek(event)
    })
    over.addEventListener('pointermove', (event) => {
      if (event.buttons) seek(event)
      else if (event.pointerType === 'mouse' && !this.player.playing) this.peek(drawn, event)
    })
    over.addEventListener('pointerleave', () => this.back())
  }

  /** The replay shows the moment below the mouse, until the mouse leaves the plot. */
  peek(drawn, event) {
    this.left ??= this.player.time
    this.player.seek(drawn.posToVal(event.clientX - drawn.over.getBoundingClientRect().left, 'x'))
  }

  back() {
    if (this.left !== undefined && !this.player.playing) this.player.seek(this.left)
    this.left = undefined
  }

  resize() {
    if (this.drawn && this.box.clientWidth) this.drawn.setSize({ width: this.box.clientWidth, height: this.height })
    this.follow()
  }

  follow() {
    if (!this.drawn?.status) return // uPlot becomes ready a moment after it was made
    const { time } = this.player
    this.head.style.transform = `translateX(${this.drawn.valToPos(time, 'x')}px)`
    if (!this.box.matches(':hover')) this.drawn.setLegend({ idx: keyBefore(this.data()[0], time) })
  }
}
