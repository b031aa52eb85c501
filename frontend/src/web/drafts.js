// Drafts: what somebody writes is saved as they write it, on the server and until it is there in the browser too. Two
// tabs, or two machines, notice each other by the edition that each save carries. A save of our own whose answer never
// came (the page was loaded again, the line broke) is known by its mark, and is no other window.
const WAIT = 900 // ms without a key before a save
const AGAIN = 5000 // ms before a save that failed is tried again
const MARKS = 20 // texts that were sent without an answer, the newest

export class Drafts extends EventTarget {
  constructor({ address, key, text, edition, headers }) {
    super()
    Object.assign(this, { address, key, saved: text, text, edition, headers, state: 'saved', sent: [] })
    window.addEventListener('online', () => this.save())
    window.addEventListener('pagehide', () => this.leave())
    document.addEventListener('visibilitychange', () => (document.hidden ? this.save() : this.look()))
    window.addEventListener('beforeunload', (event) => this.state === 'conflict' && !this.goes && event.preventDefault())
  }

  /** What this browser still held of an earlier visit and the server never got; null where there is nothing.
   *  `follows`: it was written after what the server has, so nothing is lost where it comes back. */
  left() {
    const kept = recall(this.key)
    if (!kept || typeof kept.text !== 'string') return null
    const { text, edition, sent = [] } = kept
    if (text === this.saved) forget(this.key, text)
    const follows = edition === this.edition || sent.includes(mark(this.saved))
    if (follows) this.sent = sent
    return text === this.saved ? null : { text, follows }
  }

  take(text) {
    this.text = text
    if (text === this.saved && this.state !== 'conflict') {
      forget(this.key, this.kept)
      return this.tell('saved')
    }
    this.keep()
    if (this.state === 'conflict') return
    this.tell('changed')
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.save(), WAIT)
  }

  /** Keep the text in this browser, until the server has it. */
  keep() {
    this.kept = this.text
    remember(this.key, { text: this.text, edition: this.edition, sent: this.sent })
  }

  /** Save now; true where the server has it. One save at a time. */
  async save() {
    clearTimeout(this.timer)
    if (this.running) await this.running
    if (this.state === 'conflict') return false
    if (this.text === this.saved) return true
    this.running = this.send().finally(() => (this.running = null))
    return this.running
  }

  async send() {
    const { text, edition } = this
    this.tell('saving')
    this.mark(text)
    try {
      const answer = await fetch(this.address, { method: 'PUT', headers: this.headers, body: JSON.stringify({ source: text, edition }) })
      const told = await answer.json()
      if (answer.status === 409) return this.differ(told)
      if (!answer.ok) return this.fail(told.error, answer.status)
      this.have(text, told.edition)
      return true
    } catch {
      return this.fail('', 0)
    }
  }

  /** The server has this text of ours. */
  have(text, edition) {
    Object.assign(this, { saved: text, edition, sent: [] })
    if (this.text !== text) return this.take(this.text)
    forget(this.key, text)
    this.tell('saved')
  }

  /** This text is on its way: if it is met again on the server, it is ours. */
  mark(text) {
    this.sent = [...this.sent.filter((one) => one !== mark(text)), mark(text)].slice(-MARKS)
    if (this.text !== this.saved) this.keep()
  }

  fail(sentence, status) {
    this.sentence = sentence
    this.tell(status && status < 500 && status !== 429 ? 'refused' : 'away')
    if (this.state === 'away') this.timer = setTimeout(() => this.save(), AGAIN)
    return false
  }

  /** Whether another window saved another text meanwhile: told when one comes back to this one, before one types. */
  async look() {
    if (this.state !== 'saved') return
    const answer = await fetch(this.address, { headers: this.headers }).catch(() => null)
    if (!answer?.ok) return
    const told = await answer.json()
    if (this.state === 'saved' && told.edition > this.edition) this.differ(told)
  }

  /** Another text was saved in the meantime. One of ours: what came after it is saved on top. Somebody else's: the
   *  writer decides which one stays. */
  differ({ source, edition }) {
    if (source === this.text || this.sent.includes(mark(source))) {
      this.have(source, edition)
      return source === this.text
    }
    this.other = { source, edition }
    this.tell('conflict')
    return false
  }

  keepMine() {
    this.edition = this.other.edition
    this.saved = this.other.source
    this.state = 'changed'
    return this.save()
  }

  takeOther() {
    const { source, edition } = this.other
    forget(this.key, this.kept)
    Object.assign(this, { text: source, saved: source, edition, state: 'saved' })
    this.tell('saved')
    return source
  }

  /** A text that was replaced, for who wants it back; '' where there is none. */
  get aside() {
    return recall(`${this.key}-aside`) ?? ''
  }

  set aside(text) {
    if (text) remember(`${this.key}-aside`, text)
  }

  /** Whether nothing is on its way: the server has this text, or another window has another one. */
  get settled() {
    return !this.running && ['saved', 'conflict'].includes(this.state)
  }

  /** The text of this window is handed in: it becomes the draft, whatever another window wrote. */
  handIn() {
    this.goes = true
    if (this.state === 'conflict') this.aside = this.other.source
  }

  /** The page goes: the last words go with it. */
  leave() {
    if (this.text === this.saved || this.state === 'conflict') return
    this.mark(this.text)
    fetch(this.address, { method: 'PUT', headers: this.headers, body: JSON.stringify({ source: this.text, edition: this.edition }), keepalive: this.text.length < 60000 }).catch(() => {})
  }

  tell(state) {
    this.state = state
    this.dispatchEvent(new Event('state'))
  }
}

/** A short mark of a text, by which it is known again (cyrb53 of its UTF-16). */
function mark(text) {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let n = 0; n < text.length; n += 1) {
    a = Math.imul(a ^ text.charCodeAt(n), 2654435761)
    b = Math.imul(b ^ text.charCodeAt(n), 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return `${text.length}-${4294967296 * (2097151 & b) + (a >>> 0)}`
}

function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key))
  } catch {
    return null
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // a full or forbidden store: the server still has it
  }
}

/** Forget what is kept, where it is this text: another tab may have put its own there. */
function forget(key, text) {
  try {
    if (recall(key)?.text === text) localStorage.removeItem(key)
  } catch {
    // nothing was there
  }
}
