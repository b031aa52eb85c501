// Comments on moments of a replay. The report is in a frame without an origin: all that is taken from it is a number.
const LONGEST = 1e6 // s

/** The moment of a message from this frame [s]; null for anything else. */
export function momentOf({ source, data }, frame) {
  if (!frame || source !== frame.contentWindow) return null
  const moment = data?.moment
  return typeof moment === 'number' && moment >= 0 && moment <= LONGEST ? moment : null
}

/** The button that takes the moment that the replay shows into the form. */
export function makeComments() {
  const frame = document.querySelector('iframe.report')
  const button = document.getElementById('comment-here')
  if (!frame || !button) return
  let shown = null
  addEventListener('message', (event) => {
    const moment = momentOf(event, frame)
    if (moment === null) return
    shown = moment.toFixed(2)
    button.textContent = button.dataset.words.replace('{t}', shown)
    button.hidden = false
  })
  button.addEventListener('click', () => {
    document.getElementById('f-time').value = shown
    document.getElementById('f-comment').focus()
  })
}
