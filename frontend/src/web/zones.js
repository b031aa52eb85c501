// Fields for days and times: the server speaks UTC, the teacher's clock does not. Each field shows the reader's own
// zone, and sends the moment itself.
const pad = (n) => String(n).padStart(2, '0')
const local = (moment) =>
  `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}T${pad(moment.getHours())}:${pad(moment.getMinutes())}`

export function makeMoments() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  for (const field of document.querySelectorAll('input[data-utc]')) {
    const sent = document.createElement('input')
    sent.type = 'hidden'
    sent.name = field.name
    sent.value = field.value
    field.removeAttribute('name')
    field.after(sent)
    if (field.value) {
      const moment = new Date(field.value.endsWith('Z') ? field.value : `${field.value}Z`)
      if (!Number.isNaN(moment.valueOf())) field.value = local(moment)
    }
    field.addEventListener('input', () => {
      const moment = new Date(field.value) // a field without a zone is in the reader's own
      sent.value = field.value && !Number.isNaN(moment.valueOf()) ? moment.toISOString().slice(0, 16) : ''
    })
    const told = document.getElementById(field.getAttribute('aria-describedby'))?.querySelector('.zone')
    if (told) told.textContent = ` ${zone}.`
  }
}
