// What stands beside the replay: lost points, program, printed text, events, pictures. All follow the clock.
import { keyBefore } from './glb.js'

const lists = '[data-at]'

/** Tabs over the panels of the side; without scripts all panels stand below each other. */
export function makeTabs(chosen) {
  const bar = document.getElementById('tabs')
  const panels = [...document.querySelectorAll('#side > .panel')]
  if (panels.length < 2) return
  bar.hidden = false
  const tabs = panels.map((panel) => {
    const tab = document.createElement('button')
    Object.assign(tab, { type: 'button', id: `tab-${panel.id}`, textContent: panel.dataset.tab })
    tab.setAttribute('role', 'tab')
    tab.setAttribute('aria-controls', panel.id)
    panel.setAttribute('role', 'tabpanel')
    panel.tabIndex = 0 // a long one can be scrolled with keys
    panel.setAttribute('aria-labelledby', tab.id)
    bar.append(tab)
    return tab
  })
  const choose = (index, { focus = false, asked = true } = {}) => {
    tabs.forEach((tab, n) => {
      tab.setAttribute('aria-selected', String(n === index))
      tab.tabIndex = n === index ? 0 : -1
      panels[n].hidden = n !== index
    })
    if (focus) tabs[index].focus()
    if (asked) chosen()
  }
  tabs.forEach((tab, index) => {
    tab.addEventListener('click', () => choose(index))
    tab.addEventListener('keydown', (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
      if (!by) return
      event.preventDefault()
      event.stopPropagation()
      choose((index + by + tabs.length) % tabs.length, { focus: true })
    })
  })
  choose(0, { asked: false })
}

/** Marks in every list the entry of the moment, in the program the line that runs, and shows the camera's picture. */
export class Follower {
  constructor({ player, run }) {
    Object.assign(this, { player, run })
    this.lists = [...document.querySelectorAll('ol')]
      .map((list) => [...list.querySelectorAll(lists)].map((item) => ({ item, time: Number(item.dataset.at) })))
      .filter((entries) => entries.length)
    this.lists.forEach((entries) => entries.sort((a, b) => a.time - b.time))
    this.source = new Map([...document.querySelectorAll('#source > li')].map((item) => [Number(item.dataset.line), item]))
    this.lineTimes = run.lines.map(([time]) => time)
    this.momentTimes = run.moments.map(({ time }) => time)
    this.caption = document.getElementById('caption')
    this.inset = document.getElementById('inset')
    this.insetOn = true
    this.pictures = [...document.querySelectorAll('#captures img')]
    this.current = new Map()
    this.jumps(player, run)
    player.addEventListener('time', () => this.follow())
    this.follow()
  }

  /** A line of the program leads to the first moment at which it ran. */
  jumps(player, run) {
    const first = new Map()
    for (const [time, line] of run.lines) if (!first.has(line)) first.set(line, time)
    for (const [line, item] of this.source) {
      if (!first.has(line)) continue
      item.classList.add('ran')
      item.addEventListener('click', () => player.seek(first.get(line)))
    }
  }

  /** Before the first entry there is none. */
  at(times, time) {
    return times.length && times[0] <= time + 1e-6 ? keyBefore(times, time + 1e-6) : -1
  }

  mark(key, item) {
    const before = this.current.get(key)
    if (before === item) return
    before?.classList.remove('now')
    before?.removeAttribute('aria-current')
    item?.classList.add('now')
    item?.setAttribute('aria-current', 'true')
    this.current.set(key, item)
    if (item) reveal(item)
  }

  /** Brings what is marked in the panel that was opened into sight, by moving the page too where that is needed. */
  reveal() {
    for (const item of this.current.values()) {
      if (!item) continue
      reveal(item)
      if (item.closest('.panel')?.checkVisibility()) item.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    }
  }

  follow() {
    const { time } = this.player
    this.lists.forEach((entries, n) => {
      const index = this.at(entries.map((entry) => entry.time), time)
      this.mark(n, entries[index]?.item.closest('li') ?? null)
    })
    const run = this.at(this.lineTimes, time)
    const line = run < 0 ? 0 : this.run.lines[run][1]
    this.mark('source', this.source.get(line) ?? null)
    this.say(time, line)
    this.picture(time)
  }

  /** What runs now: the line of the program, and an event of the last moment. */
  say(time, line) {
    const event = this.run.moments[this.at(this.momentTimes, time)]
    const fresh = event && time - event.time < 1.5 && !event.often ? event : null
    const code = this.run.source[line - 1]?.trim()
    const running = line ? `${this.run.words.line.replace('{n}', line)}${code ? `  ${code}` : ''}` : ''
    this.caption.replaceChildren(...[[running, 'running'], [fresh?.text, fresh?.grave ? 'grave' : 'event']].filter(([text]) => text).map(([text, kind]) => {
      const part = document.createElement('span')
      part.className = kind
      part.textContent = text
      return part
    }))
  }

  /** The last picture that the camera had taken. */
  picture(time) {
    if (!this.inset) return
    const times = this.pictures.map((image) => Number(image.dataset.at))
    const image = this.pictures[this.at(times, time)]
    this.inset.hidden = !image || !this.insetOn
    if (!image || this.shown === image) return
    this.shown = image
    this.inset.querySelector('img').src = image.src
    this.inset.querySelector('figcaption').textContent = image.closest('figure').querySelector('figcaption').textContent
  }
}

/** Scrolls the list, never the page, so that an entry is in sight. */
function reveal(item) {
  const list = item.closest('.panel, .pictures')
  if (!list || list.hidden) return
  const [inner, outer] = [item.getBoundingClientRect(), list.getBoundingClientRect()]
  if (inner.top < outer.top || inner.bottom > outer.bottom) list.scrollTop += inner.top - outer.top - outer.height / 2
  if (inner.left < outer.left || inner.right > outer.right) list.scrollLeft += inner.left - outer.left - outer.width / 3
}
