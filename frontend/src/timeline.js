// The timeline: a slider, a tick for every event, a mark to jump to for every lost point.
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
    this.marks(jump)
    player.addEventListener('time', () => this.follow())
    new ResizeObserver(() => this.draw()).observe(this.ticks)
    this.follow()
  }

  share(time) {
    return this.player.duration > 0 ? time / this.player.duration : 0
  }

  marks(jump) {
    const layer = document.getElementById('marks')
    for (const { time, text, index } of this.run.losses) {
      const mark = document.createElement('button')
      mark.type = 'button'
      mark.className = 'mark'
      mark.title = text
      mark.setAttribute('aria-label', text)
      mark.style.left = `${100 * this.share(time)}%`
      mark.addEventListener('click', () => jump(time, index))
      layer.append(mark)
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
