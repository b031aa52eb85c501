// A practice run, watched: the server sends what the judge writes; stage, pictures, signals, events and text show it.
export class Run extends EventTarget {
  constructor({ headers, address, api, words }) {
    super()
    Object.assign(this, { headers, address, api, words })
  }

  /** Ask for a run of this text; resolves when the server has taken it. seed: as it was typed; '' for a new scene. Raises
   *  Error with its sentence. */
  async begin(source, typed) {
    this.end()
    const seed = typed.trim()
    if (!/^[0-9]*$/.test(seed)) throw new Error(this.words.seed)
    const asked = { source, kind: 'practice', token: crypto.randomUUID?.() ?? String(Math.random()) }
    const body = JSON.stringify(seed ? { ...asked, seed } : asked)
    const answer = await fetch(this.address, { method: 'POST', headers: this.headers, body })
    const told = await answer.json()
    if (!answer.ok) throw new Error(told.error)
    this.follow(told.page)
  }

  /** Ask that the run ends; its last message tells when it has. */
  async stop() {
    await fetch(this.cancel, { method: 'POST', headers: this.headers }).catch(() => {})
  }

  /** Follow a run that is there already. page: of the run. */
  follow(page) {
    this.cancel = `${this.api}${page}/cancel`
    this.scene = `${page}/live/scene.glb`
    this.listen(`${page}/live`)
  }

  listen(address) {
    this.stream = new EventSource(address)
    for (const kind of ['state', 'piece', 'again', 'done']) this.stream.addEventListener(kind, ({ data }) => this.take(kind, JSON.parse(data)))
    this.stream.onerror = () => {
      if (this.stream?.readyState === EventSource.CLOSED) this.tell('lost', {}) // refused; a broken line is tried again
    }
  }

  take(kind, data) {
    this.tell(kind, data)
    if (kind === 'done') this.end()
  }

  tell(kind, data) {
    this.dispatchEvent(new CustomEvent(kind, { detail: data }))
  }

  end() {
    this.stream?.close()
    this.stream = null
  }
}

/** Lists that grow while a run goes on; each is also the text twin of the picture. */
export class Lists {
  constructor(words) {
    this.words = words
    this.printed = document.getElementById('live-printed')
    this.events = document.getElementById('live-events')
    this.pictures = document.getElementById('live-pictures')
    this.line = document.getElementById('live-line')
    this.open = {}
    this.lines = []
  }

  clear() {
    this.lines = []
    this.open = {}
    for (const list of [this.printed, this.events, this.pictures]) list.replaceChildren()
    this.line.textContent = ''
  }

  take({ printed = [], moments = [], captures = [], lines = [] }) {
    for (const { stream, text } of printed) this.print(stream, text)
    for (const moment of moments) this.happen(moment)
    for (const capture of captures) this.picture(capture)
    this.lines.push(...lines)
  }

  /** The line that ran at a moment of the picture [s]; none between two commands and after the end. */
  at(time) {
    while (this.lines.length > 1 && this.lines[1][0] <= time) this.lines.shift()
    const [from, line] = this.lines[0] ?? [0, 0]
    const told = line && from <= time ? this.words.line.replace('{n}', line) : ''
    if (this.line.textContent !== told) this.line.textContent = told
  }

  /** Text comes in pieces that are not lines. */
  print(stream, text) {
    text.split('\n').forEach((part, n) => {
      if (n) this.open[stream] = null
      if (!part) return
      if (!this.open[stream]) {
        this.open[stream] = document.createElement('li')
        this.open[stream].className = stream === 'stderr' ? 'err' : 'out'
        this.printed.append(this.open[stream])
      }
      this.open[stream].append(part)
    })
    while (this.printed.childElementCount > 400) this.printed.firstElementChild.remove()
    this.printed.parentElement.scrollTop = this.printed.parentElement.scrollHeight
  }

  happen({ time, text, grave, line }) {
    const item = document.createElement('li')
    item.className = grave ? 'grave' : ''
    const stamp = document.createElement('span')
    stamp.className = 'stamp'
    stamp.textContent = `${time.toFixed(2)} s`
    const words = document.createElement('bdi')
    words.textContent = text
    item.append(stamp, words)
    if (line) {
      const where = document.createElement('span')
      where.className = 'muted'
      where.textContent = this.words.line.replace('{n}', line)
      item.append(where)
    }
    this.events.append(item)
    while (this.events.childElementCount > 400) this.events.firstElementChild.remove()
    this.events.parentElement.scrollTop = this.events.parentElement.scrollHeight
  }

  picture({ time, title, jpeg, width, height }) {
    const figure = document.createElement('figure')
    const image = document.createElement('img')
    Object.assign(image, { src: `data:image/jpeg;base64,${jpeg}`, alt: title, width, height })
    const caption = document.createElement('figcaption')
    caption.textContent = `${title} · ${time.toFixed(2)} s`
    figure.append(image, caption)
    this.pictures.prepend(figure)
    while (this.pictures.childElementCount > 12) this.pictures.lastElementChild.remove()
  }
}
