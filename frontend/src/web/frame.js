// A report in a frame of a page: it has no button for the colours of its own, and follows those of the page.
export function makeFrame() {
  const frame = document.querySelector('iframe.report')
  if (!frame) return
  const tell = () => frame.contentWindow.postMessage({ theme: document.documentElement.dataset.theme ?? 'auto' }, '*') // no secret; its origin is null
  document.addEventListener('theme', tell)
  addEventListener('message', function hear({ source }) {
    if (source !== frame.contentWindow) return
    removeEventListener('message', hear) // it is there now
    tell()
  })
}
