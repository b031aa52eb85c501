// A submission that is being judged: each time the server says that it has come further, its part of the page is asked
// for again. What the reader has opened stays open; the rest of the page, and the focus, stay where they are.
import { putTimes } from './times.js'

const box = document.getElementById('submission')
const LATER = 3000 // ms

async function renew() {
  const open = new Set([...box.querySelectorAll('li[id] > details[open]')].map((one) => one.parentElement.id))
  const answer = await fetch(box.dataset.part, { headers: { Accept: 'text/html' } })
  if (!answer.ok) return
  box.innerHTML = await answer.text() // our own template, everything in it escaped
  for (const id of open) document.querySelector(`#${id} > details`)?.setAttribute('open', '')
  putTimes(box)
}

function listen() {
  const stream = new EventSource(box.dataset.events)
  const take = async ({ type, data }) => {
    document.getElementById('status').textContent = JSON.parse(data).words
    if (type === 'ended') stream.close()
    await renew()
    if (type === 'ended') location.reload() // the parts that stand below it have changed too
  }
  stream.addEventListener('progress', take)
  stream.addEventListener('ended', take)
  stream.onerror = () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, LATER)
  }
  addEventListener('pagehide', () => stream.close())
}

if (box?.dataset.events) listen()
