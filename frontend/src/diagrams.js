// Diagrams: drawn already; here their moment goes along with the replay, and a press on one moves the replay.

export class Diagrams {
  constructor(player) {
    this.player = player
    this.moments = [...document.querySelectorAll('#diagrams .now')].map((mark) => (mark.dataset.places ? onTrack(mark) : onAxis(mark)))
    for (const { mark, timeAt } of this.moments) if (timeAt) this.listen(mark.ownerSVGElement, timeAt)
    if (this.moments.length) player.addEventListener('time', () => this.follow())
  }

  follow() {
    for (const { mark, placeAt } of this.moments) {
      const place = placeAt(this.player.time)
      mark.setAttribute('visibility', place ? 'visible' : 'hidden')
      if (place) mark.setAttribute('transform', `translate(${place.map((value) => value.toFixed(2)).join(' ')})`)
    }
  }

  listen(svg, timeAt) {
    svg.classList.add('seeks')
    svg.addEventListener('pointerdown', (event) => {
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse())
      const time = timeAt(x, y)
      if (time === null) return
      this.player.pause()
      this.player.seek(time)
    })
  }
}

/** A line across a field, at a place that grows evenly with the time. */
function onAxis(mark) {
  const { at, perS, from, to, axis } = mark.dataset
  const [start, slope, low, high] = [at, perS, from, to].map(Number)
  const within = (value) => value >= low - 0.5 && value <= high + 0.5
  const placeAt = (time) => {
    const value = start + slope * time
    return within(value) ? (axis === 'y' ? [0, value] : [value, 0]) : null
  }
  const timeAt = (x, y) => (within(axis === 'y' ? y : x) ? ((axis === 'y' ? y : x) - start) / slope : null)
  return { mark, placeAt, timeAt }
}

/** A ring on a way whose places and times are known; hidden before the first and after the last. */
function onTrack(mark) {
  const places = mark.dataset.places.split(' ').map((place) => place.split(',').map(Number))
  const placeAt = (time) => {
    const next = places.findIndex(([at]) => at >= time)
    if (next < 0 || (next === 0 && places[0][0] > time)) return null
    const [[at, x, y], [before, a, b]] = [places[next], places[Math.max(next - 1, 0)]]
    const share = at > before ? (time - before) / (at - before) : 1
    return [a + share * (x - a), b + share * (y - b)]
  }
  return { mark, placeAt }
}
