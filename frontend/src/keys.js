// The keyboard.
export function listenToKeys({ player, run, help }) {
  const moments = run.moments.filter(({ often }) => !often).map(({ time }) => time)
  const next = () => moments.find((time) => time > player.time + 1e-3) ?? player.duration
  const previous = () => moments.findLast((time) => time < player.time - 0.05) ?? 0
  const actions = {
    ' ': () => player.toggle(),
    ArrowLeft: (event) => player.seek(player.time - (event.shiftKey ? 5 : 1)),
    ArrowRight: (event) => player.seek(player.time + (event.shiftKey ? 5 : 1)),
    ',': () => player.seek(player.time - player.sample),
    '.': () => player.seek(player.time + player.sample),
    n: () => player.seek(next()),
    p: () => player.seek(previous()),
    Home: () => player.seek(0),
    End: () => player.seek(player.duration),
    '?': help,
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return
    const { target } = event
    const slider = target.matches('input[type=range]')
    if (target.matches('select, textarea, [contenteditable]') || (target.matches('input') && !slider)) return
    if (event.key === ' ' && target.matches('button, summary, a')) return // they have their own use for it
    if (['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key) && target.closest('.scroll, [role=tablist]')) return
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!action) return
    event.preventDefault()
    if (!['?', ' '].includes(event.key)) player.pause()
    action(event)
  })
}
