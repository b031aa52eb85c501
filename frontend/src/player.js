// The player: one clock that everything on the page follows.
export class Player extends EventTarget {
  constructor(duration, sample) {
    super()
    Object.assign(this, { duration, sample, time: 0, rate: 1, playing: false })
    document.addEventListener('visibilitychange', () => document.hidden && this.pause())
  }

  seek(time) {
    this.time = Math.min(Math.max(time, 0), this.duration)
    this.dispatchEvent(new Event('time'))
  }

  play() {
    if (this.playing) return
    if (this.time >= this.duration - 1e-6) this.seek(0)
    this.playing = true
    this.dispatchEvent(new Event('state'))
    let last = performance.now()
    const tick = (now) => {
      if (!this.playing) return
      // a frame that comes late, or a page that slept, must not jump
      const passed = Math.min(Math.max(now - last, 0), 250) / 1000
      last = now
      this.seek(this.time + passed * this.rate)
      if (this.time >= this.duration) this.pause()
      else requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  }

  pause() {
    if (!this.playing) return
    this.playing = false
    this.dispatchEvent(new Event('state'))
  }

  toggle() {
    if (this.playing) this.pause()
    else this.play()
  }
}
