// The timeline: a slider, a tick for every event, a mark to jump to for every lost point.
const TOUCH = 26 // px between the middles of two marks: less cannot be touched apart

export class Timeline {
  constructor({ player, run, jump }) {
    Object.assign(this, { player, run })
    this.scrub = document.getElementById('scrub')
    this.ticks = document.getElementById('ticks')
    this.scrub.max = player.duration
    this.scrub.addEventListener('input', () => {
      player.pause()
      player.seek(Number(this.scrub.value))
    })
    this.scrub.addEventListener('keydown', (event) => event.key.startsWith('Arrow') && event.preventDefault())
    this.jump = jump
    player.addEventListener('time', () => this.follow())
    new ResizeObserver(() => {
      this.marks()
      this.draw()
    }).observe(this.ticks)
    this.follow()
  }

  share(time) {
    return this.player.duration > 0 ? Math.min(Math.max(time / this.player.duration, 0), 1) : 0 // a stranger's score may lie outside
  }

  /** A mark for every lost point; those that would touch each other share one, and each press goes on to the next. */
  marks() {
    const layer = document.getElementById('marks')
    layer.replaceChildren()
    let last = { x: -Infinity }
    for (const loss of [...this.run.losses].sort((a, b) => a.time - b.time)) {
      const x = this.share(loss.time) * layer.clientWidth
      if (x - last.x < TOUCH) last.losses.push(loss)
      else layer.append((last = { x, losses: [loss], button: document.createElement('button') }).button)
      this.mark(last)
    }
  }

  mark({ button, losses }) {
    const text = losses.map((loss) => loss.text).join('; ')
    Object.assign(button, { type: 'button', className: losses.length > 1 ? 'mark several' : 'mark', title: text })
    button.setAttribute('aria-label', text)
    button.style.left = `${100 * this.share(losses[0].time)}%`
    let next = 0
    button.onclick = () => {
      const { time, index } = losses[next++ % losses.length]
      this.jump(time, index)
    }
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.ticks
    const ratio = window.devicePixelRatio
    this.ticks.width = width * ratio
    this.ticks.height = height * ratio
    const pen = this.ticks.getContext('2d')
    const style = getComputedStyle(this.ticks)
    pen.scale(ratio, ratio)
    for (const { time, grave, often } of this.run.moments) {
      pen.fillStyle = style.getPropertyValue(grave ? '--bad' : often ? '--line-strong' : '--muted')
      const tall = grave ? height : often ? height * 0.35 : height * 0.65
      pen.fillRect(this.share(time) * (width - 2), height - tall, grave ? 2 : 1.25, tall)
    }
  }

  follow() {
    const { time } = this.player
    this.scrub.value = time
    this.scrub.setAttribute('aria-valuetext', this.run.words.seconds.replace('{time}', time.toFixed(1)))
    this.scrub.style.setProperty('--share', `${100 * this.share(time)}%`)
  }
}
