// Times stand everywhere as the server writes them, 2026-12-02 23:59 (UTC+5), which every country reads alike. Where the
// reader's own clock shows the same, the zone is left out; the day in words is shown where one points at it.
const ZONE = / \(?UTC[^ )]*\)?$/

const manner = () => {
  const language = document.documentElement.lang
  const own = navigator.languages.find((tag) => tag.split('-')[0] === language.split('-')[0])
  return own && own !== 'en' ? own : language === 'en' ? 'en-GB' : language // "en" alone is no country's manner
}

const offset = (when, zone) => {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts(when)
  return parts.find((part) => part.type === 'timeZoneName').value
}

export function putTimes(part) {
  const language = manner()
  for (const time of part.querySelectorAll('time[data-zone]')) {
    const when = new Date(time.dateTime)
    const { zone } = time.dataset
    try {
      if (offset(when, zone) === offset(when)) time.textContent = time.textContent.replace(ZONE, '')
      const words = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short', timeZone: zone }).format(when)
      time.title = `${words} (${zone})`
    } catch {
      // a zone that this browser does not know: the page's own words stay
    }
    time.removeAttribute('data-zone')
  }
}

/** Under a field for a day and time, whose order of day and month the browser chooses: what was entered, in our words. */
export function readFields() {
  for (const field of document.querySelectorAll('input[type=datetime-local]')) {
    const told = document.getElementById(field.getAttribute('aria-describedby'))?.querySelector('[data-entered]')
    if (!told) continue
    const tell = () => {
      told.hidden = !field.value
      told.textContent = told.dataset.entered.replace('{moment}', field.value.replace('T', ' ').slice(0, 16))
    }
    field.addEventListener('input', tell)
    tell()
  }
}
