// The gradebook as an ARIA grid: one stop for Tab, arrows between cells, Enter opens a cell in place.
// Without it the same table is a table of links.
import { putTimes } from './times.js'

export function makeGrid(table) {
  if (!table) return
  const rows = [...table.rows]
  const cells = rows.map((row) => [...row.cells].filter((cell) => cell.offsetParent !== null))
  const dialog = document.getElementById('cell-dialog')
  const part = document.getElementById('cell-part')
  const words = JSON.parse(table.dataset.words)
  const token = document.querySelector('meta[name=csrf-token]').content
  let here = [1, 0]

  table.setAttribute('role', 'grid')
  table.setAttribute('aria-rowcount', rows.length)
  const held = (cell) => cell.querySelector('a') ?? cell
  for (const row of cells) for (const cell of row) held(cell).tabIndex = -1
  for (const row of rows.slice(1)) for (const cell of row.cells) if (cell.tagName === 'TD') cell.setAttribute('role', 'gridcell')
  const place = ([row, column]) => held(cells[row][column])
  place(here).tabIndex = 0

  const go = (row, column) => {
    const next = [Math.max(0, Math.min(row, cells.length - 1)), 0]
    next[1] = Math.max(0, Math.min(column, cells[next[0]].length - 1))
    place(here).tabIndex = -1
    here = next
    place(here).tabIndex = 0
    place(here).focus()
    reveal(cells[here[0]][here[1]])
  }

  // A cell that a held column or head covers is brought out from under it.
  const box = table.parentElement
  const reveal = (cell) => {
    const name = cells[here[0]][0]
    if (cell === name) return
    const left = cell.getBoundingClientRect().left - name.getBoundingClientRect().right
    if (left < 0) box.scrollLeft += left
    if (cell.parentElement !== rows[0]) {
      const above = cell.getBoundingClientRect().top - rows[0].getBoundingClientRect().bottom
      if (above < 0) box.scrollTop += above
    }
  }

  const moves = {
    ArrowUp: ([r, c]) => [r - 1, c],
    ArrowDown: ([r, c]) => [r + 1, c],
    ArrowLeft: ([r, c]) => [r, c - 1],
    ArrowRight: ([r, c]) => [r, c + 1],
    PageUp: ([r, c]) => [Math.max(1, r - 15), c],
    PageDown: ([r, c]) => [r + 15, c],
    Home: ([r], all) => [all ? 1 : r, 0],
    End: ([r], all) => [all ? cells.length - 1 : r, cells[0].length - 1],
  }
  table.addEventListener('keydown', (event) => {
    const move = moves[event.key]
    if (!move || event.altKey || event.metaKey) return
    event.preventDefault()
    const turned = getComputedStyle(table).direction === 'rtl' && { ArrowLeft: 'ArrowRight', ArrowRight: 'ArrowLeft' }[event.key]
    go(...(turned ? moves[turned] : move)(here, event.ctrlKey))
  })
  table.addEventListener('focusin', ({ target }) => {
    const cell = target.closest('td, th')
    const row = rows.indexOf(cell?.parentElement)
    if (row < 0 || (row === here[0] && cell === cells[here[0]][here[1]])) return
    place(here).tabIndex = -1
    here = [row, cells[row].indexOf(cell)]
    place(here).tabIndex = 0
  })

  // A cell opens in place. A press with Ctrl or the middle button still opens its page.
  let opened = null
  table.addEventListener('click', async (event) => {
    const link = event.target.closest('td a')
    if (!link || !link.href.includes('/grades/') || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    if (!(await show(link.href))) return location.assign(link.href)
    opened = link
    dialog.showModal()
    part.querySelector('#f-points')?.focus()
  })
  const name = () => (opened ? `${opened.closest('tr').cells[0].textContent.trim()}, ${rows[0].cells[opened.closest('td').cellIndex].textContent.trim()}` : '')

  async function show(address, options = {}) {
    const headers = { 'HX-Request': 'true', 'X-CSRF-Token': token }
    const answer = await fetch(address, { ...options, headers }).catch(() => null)
    if (!answer || answer.redirected || (answer.status >= 400 && ![409, 422].includes(answer.status))) return false
    part.innerHTML = await answer.text() // our own template, everything in it escaped
    putTimes(part)
    return true
  }

  dialog.addEventListener('submit', async (event) => {
    const form = event.target
    if (form.id !== 'grade-form') return
    event.preventDefault()
    const body = new FormData(form, event.submitter)
    if (!(await show(form.action, { method: 'POST', body }))) return say(words.lost)
    const told = part.querySelector('#grade')
    if (!told?.dataset.done) return part.querySelector('[aria-invalid], input:not([type=hidden])')?.focus()
    take(told.dataset)
    dialog.close()
    say(words.moved)
  })
  dialog.addEventListener('close', () => opened?.focus())
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close())
  new MutationObserver(() => dialog.open && label()).observe(part, { childList: true })
  dialog.addEventListener('toggle', () => label())

  function label() {
    if (part.querySelector('#grade-title')) return
    const head = document.createElement('div')
    head.className = 'head'
    const title = document.createElement('h2')
    title.id = 'grade-title'
    title.textContent = name()
    const close = document.createElement('button')
    close.type = 'button'
    close.className = 'quiet'
    close.textContent = '×'
    close.setAttribute('aria-label', words.close)
    close.addEventListener('click', () => dialog.close())
    head.append(title, close)
    part.prepend(head)
  }

  function take(data) {
    const cell = opened.closest('td')
    opened.textContent = data.text
    opened.setAttribute('aria-label', data.label)
    cell.classList.toggle('low', data.low === 'yes')
    cell.classList.toggle('by-hand', data.hand === 'yes')
    if (data.hand) opened.insertAdjacentHTML('beforeend', '<sup aria-hidden="true">✎</sup>')
    const total = cell.parentElement.querySelector('.total')
    total.textContent = data.total
  }

  const say = (text) => {
    document.getElementById('status').textContent = text
  }
}
