// Drafts: what somebody writes is saved as they write it, on the server and until it is there in the browser too. Two
// tabs, or two machines, notice each other by the edition that each save carries.
const WAIT = 900 // ms without a key before a save
const AGAIN = 5000 // ms before a save that failed is tried again

export class Drafts extends EventTarget {
  constructor({ address, key, text, edition, headers }) {
    super()
    Object.assign(this, { address, key, saved: text, text, edition, headers, state: 'saved' })
    window.addEventListener('online', () => this.save())
    window.addEventListener('pagehide', () => this.leave())
    document.addEventListener('visibilitychange', () => (document.hidden ? this.save() : this.look()))
    window.addEventListener('beforeunload', (event) => this.state === 'conflict' && event.preventDefault())
  }

  /** What this browser still held of an earlier visit and the server never got; null where there is nothing. */
  left() {
    const kept = recall(this.key)
    return kept && kept.text !== this.saved ? kept : null
  }

  take(text) {
    this.text = text
    if (text === this.saved && this.state !== 'conflict') return this.tell('saved')
    remember(this.key, { text, edition: this.edition })
    if (this.state === 'conflict') return
    this.tell('changed')
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.save(), WAIT)
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
    try {
      const answer = await fetch(this.address, { method: 'PUT', headers: this.headers, body: JSON.stringify({ source: text, edition }) })
      const told = await answer.json()
      if (answer.status === 409) return this.differ(told)
      if (!answer.ok) return this.fail(told.error, answer.status)
      Object.assign(this, { saved: text, edition: told.edition })
      if (this.text !== text) this.take(this.text)
      else {
        forget(this.key)
        this.tell('saved')
      }
      return true
    } catch {
      return this.fail('', 0)
    }
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

  /** Somebody saved another text in the meantime: the writer decides which one stays. */
  differ({ source, edition }) {
    if (source === this.text) {
      Object.assign(this, { saved: source, edition })
      this.tell('saved')
      return true
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
    Object.assign(this, { text: source, saved: source, edition, state: 'saved' })
    forget(this.key)
    this.tell('saved')
    return source
  }

  /** The page goes: the last words go with it. */
  leave() {
    if (this.text === this.saved || this.state === 'conflict') return
    fetch(this.address, { method: 'PUT', headers: this.headers, body: JSON.stringify({ source: this.text, edition: this.edition }), keepalive: this.text.length < 60000 }).catch(() => {})
  }

  tell(state) {
    this.state = state
    this.dispatchEvent(new Event('state'))
  }
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

function forget(key) {
  try {
    localStorage.removeItem(key)
  } catch {
    // nothing was there
  }
}
