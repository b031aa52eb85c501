// Times in the reader's own zone and manner; the page says them in UTC for those without scripts.
export function putTimes(part) {
  const language = document.documentElement.lang
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  for (const time of part.querySelectorAll('time[data-local]')) {
    time.textContent = format.format(new Date(time.dateTime))
    time.removeAttribute('data-local')
    time.title = Intl.DateTimeFormat().resolvedOptions().timeZone
  }
}
